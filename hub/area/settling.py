"""The one observation that would say most about whose an excess is: where to go, and what would speak for whom."""

from typing import Final, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.special import ndtr

from hub.area.attribution import MODEL_ERROR, Belief, Measured, Posterior
from hub.area.plume import Points, reached
from hub.area.possible import CALM_M_S
from hub.network import NOWHERE, Network
from hub.reasons import Settle, SettleKind

Floats = NDArray[np.float64]

# Between so many of the likeliest areas.
RIVALS: Final = 4
# How far beside an area's border one would measure, metres.
BESIDE_M: Final = (150.0, 400.0, 800.0)
# A coarse grid around the likeliest sources: half its width, and its step.
GRID_M, STEP_M = 1_500.0, 500.0
# A gain below this is not worth a drive.
LEAST_BITS: Final = 0.02
# Values that could stand between the two answers, in units of what makes red.
_BETWEEN: Final = 0.2 * 1.7 ** np.arange(10.0)
# A place on a road is as good as one that says so much more.
_ROAD: Final = 0.9
# So many possibilities stand for all.
DRAWN: Final = 600


class _Answers(NamedTuple):
    """What each of p places and v values would tell.

    Attributes:
        above: float64[candidates, p, v], probability of a higher value with each candidate.
        prior: float64[candidates].
        gain: float64[p, v], bits.
    """

    above: Floats
    prior: Floats
    gain: Floats


def settle(network: Network, measured: Measured, found: Posterior, background: float) -> Settle | None:
    """Return the place and the value whose answer, above or below, is expected to leave us least uncertain.

    Args:
        network: with the areas.
        measured: what was explained.
        found: how likely each candidate is.
        background: what an instrument shows there without the source.

    Returns:
        None where no answer would say anything, or where nobody can go.
    """
    places = _places(network, measured, found)
    if not len(places):
        return None
    belief, wind = _drawn(found.belief), _wind(measured)
    upwind = np.broadcast_to(_upwind(measured)[:, None], (2, len(places)))
    shown = reached(belief.sources, Points(*places.T, *upwind)) * belief.strength[:, None]
    answers = _answers(belief, shown, measured, len(found.area))
    gain = answers.gain * np.where(_on_road(network, places), 1.0, _ROAD)[:, None]
    at, between = np.unravel_index(int(gain.argmax()), gain.shape)
    if answers.gain[at, between] < LEAST_BITS:
        return None
    # How much more, or less, often than on the whole each candidate goes with a higher value.
    leaning = answers.prior * (answers.above[:, at, between] - answers.prior @ answers.above[:, at, between])
    sides = int(leaning.argmax()), int(leaning.argmin())
    area, other = (found.area[side] for side in sides)
    kind = _kind([None if one == NOWHERE else network.shapes[one] for one in (area, other)], places[at], wind)
    first, second = (None if one == NOWHERE else network.areas[one].id for one in (area, other))
    longitude, latitude = (round(degrees, 5) for degrees in network.plane.degrees(*places[at]))
    excess = (measured.scale * _BETWEEN[between], *(_mean(belief, side, shown[:, at]) for side in sides))
    value, high, low = (_rounded(background + one) for one in excess)
    gained = round(float(answers.gain[at, between]), 3)
    return Settle(kind, longitude, latitude, first, second, value, high, low, gained)


def _mean(belief: Belief, candidate: int, shown: Floats) -> float:
    weight = belief.weight * (belief.candidate == candidate)
    return float(weight @ shown / max(weight.sum(), 1e-12))


def _rounded(value: float) -> float:
    """Return a value with two digits: nobody knows it better."""
    return float(f"{value:.2g}")


def _kind(sides: list[shapely.Polygon | None], place: Floats, wind: Floats) -> SettleKind:
    """Return how a place lies to what it decides between."""
    middles = [None if shape is None else shapely.get_coordinates(shape.centroid)[0] for shape in sides]
    first, second = middles
    if first is not None and second is not None:
        way = second - first
        share = float((place - first) @ way / max(float(way @ way), 1.0))
        beside = abs(float(way[0] * (place - first)[1] - way[1] * (place - first)[0])) / max(float(way @ way), 1.0)
        if 0.15 < share < 0.85 and beside < 0.3:
            return "between"
    nearest = first if first is not None else second
    if nearest is not None and wind.any():
        away = place - nearest
        if float(-wind @ away) > 0.8 * float(np.hypot(*away)):
            return "downwind"
    return "reading"


def _upwind(measured: Measured) -> Floats:
    """Return the unit vector upwind at the peak, from which the belief's turns count, whether it is known or not."""
    return np.array([measured.points.upwind_east[measured.peak], measured.points.upwind_north[measured.peak]])


def _wind(measured: Measured) -> Floats:
    """Return the same where the wind has a direction, else zero: nothing lies downwind in a calm."""
    return _upwind(measured) * (measured.speed_m_s >= CALM_M_S)


def _drawn(belief: Belief) -> Belief:
    """Return DRAWN possibilities of equal weight that stand for all: drawn at even steps of the summed weights."""
    steps = (np.arange(DRAWN) + 0.5) / DRAWN
    total = np.cumsum(belief.weight)
    which = np.minimum(np.searchsorted(total / total[-1], steps), len(total) - 1)
    even = np.full(DRAWN, 1.0 / DRAWN)
    return Belief(belief.sources.chosen(which), belief.candidate[which], belief.strength[which], even)


def _rivals(found: Posterior) -> list[int]:
    """Return the areas that are likeliest, by index; those that are out of the question left out."""
    order = np.argsort(-found.probability[:-1], kind="stable")[:RIVALS].tolist()
    return [found.area[at] for at in order if found.probability[at] >= 0.02]


def _places(network: Network, measured: Measured, found: Posterior) -> Floats:
    """Return float64[p, 2]: where one could go: downwind of the rivals, between them, and on a coarse grid."""
    rivals = [network.shapes[area] for area in _rivals(found)]
    middles = [shapely.get_coordinates(shape.centroid)[0] for shape in rivals]
    down, spots = -_wind(measured), []
    for shape, middle in zip(rivals, middles, strict=True):
        size = min(np.sqrt(shape.area) / 2, 400.0)
        spots += [middle + down * (size + away) for away in BESIDE_M]
    for first, middle in enumerate(middles):
        spots += [middle + share * (other - middle) for other in middles[first + 1 :] for share in (0.35, 0.5, 0.65)]
    heart = _heart(found.belief)
    steps = np.arange(-GRID_M, GRID_M + 1, STEP_M)
    spots += [heart + np.array([x, y]) for x in steps for y in steps]
    places = np.array(spots)
    inside = shapely.STRtree(network.shapes).query(shapely.points(places), "within")
    closed = np.array([area.kind != "road" for area in network.areas])
    free = np.ones(len(places), np.bool_)
    free[inside[0][closed[inside[1]]]] = False
    return np.asarray(places[free], np.float64)


def _heart(belief: Belief) -> Floats:
    return np.array([belief.weight @ belief.sources.east_m, belief.weight @ belief.sources.north_m])


def _on_road(network: Network, places: Floats) -> NDArray[np.bool_]:
    roads = [shape for area, shape in zip(network.areas, network.shapes, strict=True) if area.kind == "road"]
    on = np.zeros(len(places), np.bool_)
    if roads:
        on[shapely.STRtree(roads).query(shapely.points(places), "dwithin", distance=60.0)[0]] = True
    return on


def _answers(belief: Belief, shown: Floats, measured: Measured, candidates: int) -> _Answers:
    """Return for every place and value what a higher value would tell, and the expected gain in bits.

    Args:
        belief: of d possibilities.
        shown: float64[d, p], what each adds at each place.
        measured: what was explained.
        candidates: how many there are.
    """
    deviation = np.hypot(float(np.median(measured.error)), MODEL_ERROR / 2 * shown)[:, :, None]
    above = ndtr((shown[:, :, None] - measured.scale * _BETWEEN) / deviation)
    of = (belief.candidate == np.arange(candidates)[:, None]) * belief.weight
    prior = of.sum(axis=1)
    share = (of @ above.reshape(len(above), -1)).reshape(candidates, *above.shape[1:])
    share = np.clip(share / np.maximum(prior, 1e-12)[:, None, None], 0.0, 1.0)
    both = np.tensordot(prior, share, 1)
    return _Answers(share, prior, _entropy(both) - np.tensordot(prior, _entropy(share), 1))


def _entropy(share: Floats) -> Floats:
    """Return the bits of a yes or no that is yes with a probability."""
    yes, no = np.clip(share, 1e-12, 1.0), np.clip(1 - share, 1e-12, 1.0)
    return np.asarray(-(yes * np.log2(yes) + no * np.log2(no)))
