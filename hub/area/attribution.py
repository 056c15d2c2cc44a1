"""Whose is it? Every area near a local excess gets the probability that its plume, and no other, makes it."""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from hub.area.geometry import NOWHERE
from hub.area.plume import Points, Sources, reached
from hub.area.possible import around, inside
from hub.area.prior import OUTSIDE, anywhere, weight_of
from hub.model import Area

Floats = NDArray[np.float64]

# Stations this near to each other see the same source.
LINK_M: Final = 2_500.0
# Areas farther from the peak than this are no candidates.
CANDIDATE_M: Final = 3_500.0
# The concentration over a patch, in units of the excess that makes red: median and deviation of its logarithm.
STRENGTH, STRENGTH_SPREAD = 8.0, 1.0
_STRENGTHS: Final = np.linspace(-2.4, 2.4, 9)
# What the plume's formula is off at a point, as a share of what it says; tails are Student's with 3 degrees of freedom.
MODEL_ERROR: Final = 0.5
# A source that does not explain the peak is unlikely, and no more so than this many squared deviations.
UNLIKELIEST: Final = 60.0
# How likely it is that nothing of this holds: two sources, a lying instrument, a wind that turned.
ASTRAY: Final = 0.02
# How many possible sources stand for an area, and for the ground outside of all areas.
DRAWN, DRAWN_OUTSIDE = 256, 768


class Measured(NamedTuple):
    """What is to be explained, at k points.

    Attributes:
        points: where was measured, under which wind.
        excess: float64[k], above the background.
        error: float64[k], standard deviation of what the instruments and the background are off.
        trust: float64[k], 0 to 1, how much each counts: minutes of one track are not independent.
        peak: index of the point that stands out most.
        speed_m_s: of the wind, NaN when unknown.
        coarse: excess of PM10 over that of PM2.5, NaN when it is about neither.
        scale: the excess that makes red.
    """

    points: Points
    excess: Floats
    error: Floats
    trust: Floats
    peak: int
    speed_m_s: float
    coarse: float
    scale: float


class Belief(NamedTuple):
    """What is believed of the source: d possibilities, each a place and a strength, with weights that add up to 1.

    Attributes:
        sources: of each.
        candidate: int64[d], index into the posterior's areas.
        strength: float64[d], concentration over the patch.
        weight: float64[d].
    """

    sources: Sources
    candidate: NDArray[np.intp]
    strength: Floats
    weight: Floats


class Posterior(NamedTuple):
    """How likely each candidate is.

    Attributes:
        area: index of each, the last is NOWHERE: outside of all areas.
        probability: float64[m], adds up to 1.
        belief: of which that is the sum.
    """

    area: tuple[int, ...]
    probability: Floats
    belief: Belief


def groups(east_m: Floats, north_m: Floats, family: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return int64[k], the number of each point's group: points of one family that are linked by steps of LINK_M."""
    k = len(east_m)
    if k < 2:
        return np.zeros(k, np.int64)
    # Families lie so far apart in a third dimension that nothing links them.
    places = np.column_stack([east_m, north_m, family * 10 * LINK_M])
    one, other = cKDTree(places).query_pairs(LINK_M, output_type="ndarray").T
    # Each takes the first name among those it is linked with, until nobody takes another.
    first, before = np.arange(k), np.full(k, k)
    while not np.array_equal(first, before):
        before = first.copy()
        np.minimum.at(first, one, before[other])
        np.minimum.at(first, other, before[one])
        first = first[first]
    return np.unique(first, return_inverse=True)[1]


def near(measured: Measured, shapes: NDArray[np.object_]) -> NDArray[np.intp]:
    """Return the indices of the areas within CANDIDATE_M of the peak."""
    if not len(shapes) or not len(measured.excess):
        return np.zeros(0, np.intp)
    peak = _peak(measured)
    return np.flatnonzero(shapely.distance(peak, shapes) <= CANDIDATE_M)


def posterior(
    measured: Measured, areas: Sequence[Area], shapes: NDArray[np.object_], favour: Floats | None = None
) -> Posterior:
    """Return how likely it is that each area near the peak makes the excess, and that none of them does.

    One source is assumed: a patch somewhere in an area, or on the ground outside of all. Its place, size and strength,
    the wind's true direction and the air's stability are not known: the likelihood is the mean over draws of them.

    Args:
        measured: what is to be explained.
        areas: of the zone.
        shapes: their polygons in metres.
        favour: float64[areas], how many times likelier than its kind an area is held beforehand.
    """
    found = near(measured, shapes).tolist()
    disc = _peak(measured).buffer(CANDIDATE_M, quad_segs=4)
    drawn, prior = [], []
    for area in found:
        part = shapely.intersection(shapes[area], disc)
        share = part.area / shapes[area].area
        drawn.append(inside(part if share > 0 else shapes[area], DRAWN, measured.speed_m_s))
        weight = weight_of(areas[area].kind, measured.coarse) * max(share, 1e-3)
        prior.append(np.full(DRAWN, weight * (1.0 if favour is None else favour[area]) / DRAWN))
    drawn.append(around(_peak(measured), CANDIDATE_M, DRAWN_OUTSIDE, measured.speed_m_s))
    prior.append(_outside(measured, drawn[-1], areas, shapes))
    sources = Sources(*(np.concatenate(column) for column in zip(*drawn, strict=True)))
    candidate = np.repeat(np.arange(len(drawn)), [len(one.east_m) for one in drawn])
    return _weighed(measured, sources, candidate, np.concatenate(prior), (*found, NOWHERE))


def _peak(measured: Measured) -> shapely.Point:
    return shapely.Point(measured.points.east_m[measured.peak], measured.points.north_m[measured.peak])


def _outside(measured: Measured, drawn: Sources, areas: Sequence[Area], shapes: NDArray[np.object_]) -> Floats:
    """Return the weight of each place outside: areas that nobody has drawn are as dense as a share of those drawn."""
    if not len(shapes):
        return np.ones(len(drawn.east_m))
    hull = shapely.convex_hull(shapely.GeometryCollection(list(shapes))).buffer(1_000.0).area
    known = sum(weight_of(area.kind, math.nan) for area in areas)
    free = np.ones(len(drawn.east_m))
    free[shapely.STRtree(shapes).query(shapely.points(drawn.east_m, drawn.north_m), "within")[0]] = 0.0
    density = OUTSIDE / (1 - OUTSIDE) * known / hull
    # Places are drawn evenly by their distance, so that the few near the peak are not missed: each stands for a ring.
    peak = _peak(measured)
    away = np.hypot(drawn.east_m - peak.x, drawn.north_m - peak.y)
    return np.asarray(
        free * density * math.tau * away * CANDIDATE_M / len(away) * anywhere(measured.coarse), np.float64
    )


def _weighed(
    measured: Measured, sources: Sources, candidate: NDArray[np.intp], prior: Floats, area: tuple[int, ...]
) -> Posterior:
    strengths = STRENGTH * measured.scale * np.exp(STRENGTH_SPREAD * _STRENGTHS)
    share = reached(sources, measured.points)
    with np.errstate(divide="ignore"):
        logs = np.stack([_likelihood(measured, share * strength) for strength in strengths], axis=1)
        logs += np.log(prior)[:, None] - 0.5 * _STRENGTHS**2
    weight = np.exp(logs - logs.max())
    weight /= weight.sum()
    probability = np.bincount(candidate, weight.sum(axis=1), len(area)).astype(np.float64)
    beforehand = np.bincount(candidate, prior, len(area))
    probability = (1 - ASTRAY) * probability + ASTRAY * beforehand / beforehand.sum()
    kept = np.flatnonzero(weight.ravel() > 1e-6)
    row, column = np.divmod(kept, len(strengths))
    belief = Belief(sources.chosen(row), candidate[row], strengths[column], weight.ravel()[kept])
    return Posterior(area, probability, belief)


def _likelihood(measured: Measured, expected: Floats) -> Floats:
    """Return float64[s]: the logarithm of the likelihood of what was measured, given what is expected (s, k)."""
    variance = measured.error**2 + (MODEL_ERROR * expected) ** 2
    off = (measured.excess - expected) ** 2 / variance
    result = -0.5 * np.log(variance * (1 + off / 3) ** 4) @ measured.trust
    # What stands out most is no accident: there the tail is normal.
    peak = off[:, measured.peak]
    return np.asarray(result + 2 * np.log1p(peak / 3) - 0.5 * np.minimum(peak, UNLIKELIEST), np.float64)
