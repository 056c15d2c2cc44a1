"""What the wind brings is nobody's here: an excess that stations upwind had before, or that goes on undiluted downwind.

A plume thins on its way, the edge of a haze does not. So an excess is held back where an upwind station had most of it
one journey of the air ago; where no station stands upwind, until the next one downwind has had time to tell.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.anomaly.breadth import wide
from hub.anomaly.detection import Finding
from hub.anomaly.lingering import lingers
from hub.anomaly.wind import wind_at
from hub.model import EXCESSES, MINUTE_MS, Level
from hub.network import Network
from hub.panel import Newest, Panel

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Rows = NDArray[np.intp]

# Below this the wind brings nothing from anywhere in a time that could be told.
CALM_M_S: Final = 0.5
# Witnesses: the nearest so many, from here to there along the wind, and so far beside it, at least and a metre.
WITNESSES: Final = 4
NEAREST_M, FARTHEST_M = 200.0, 4_000.0
BESIDE_M, BESIDE = 500.0, 1.0
# An excess of which so much came, or went on, is the wind's: over a kilometre a plume loses more.
SHARE: Final = 0.6
PASSING: Final = 0.7
# The air takes between so many times the time that the wind says, give or take.
SOONEST, LATEST, SLACK_MIN = 0.5, 1.7, 3.0
# How far back witnesses are looked at: who is farther away says nothing. How long the edge of the network waits.
SPAN_MIN: Final = 60
WAIT_MIN: Final = 20.0


class Standing(NamedTuple):
    """What stands out, k fixed streams of one property, under which wind.

    Attributes:
        row: int64[k].
        value, excess: float64[k].
        beyond: float64[k], excess in units of what it had to pass.
        age_min: float64[k], since it began.
        upwind_east, upwind_north: float64[k], m/s.
    """

    row: Rows
    value: Floats
    excess: Floats
    beyond: Floats
    age_min: Floats
    upwind_east: Floats
    upwind_north: Floats


class Witnesses(NamedTuple):
    """The nearest stations on one side, up to WITNESSES for each of k.

    Attributes:
        row: int64[k, w].
        travel_min: float64[k, w], infinite where there is none.
    """

    row: Rows
    travel_min: Floats

    @property
    def there(self) -> Bools:
        """bool[k, w]."""
        return np.isfinite(self.travel_min)


def held_back(  # what is known at a minute
    network: Network,
    panel: Panel,
    newest: Newest,
    honest: tuple[Bools, Floats],
    findings: tuple[Finding, ...],
    minute: int,
) -> tuple[Finding, ...]:
    """Return the findings of a minute without the excesses that came with the wind, or may have, or are a haze's.

    Args:
        network: of n streams.
        panel: of the same.
        newest: of the same.
        honest: bool[n], streams whose device does not lie; float64[n], the background.
        findings: of the minute.
        minute: since 1970.
    """
    excesses = [one for one in findings if one.group.detector in EXCESSES and one.active.any()]
    rows = _standing_out(network, excesses)
    if not rows.size:
        return findings
    speaking = honest[0] & network.ambient & (minute - newest.minute < SPAN_MIN)
    found = _standing(network, newest, honest[1], excesses, rows, minute)
    brought, broad = np.zeros((2, len(network)), np.bool_)
    brought[rows] = _brought(network, panel, found, speaking, minute)
    left = np.flatnonzero(~brought[rows])
    brought[rows[left]] = lingers(network, panel, rows[left], (found.value[left], found.excess[left]), minute)
    left = left[~brought[rows[left]]]
    broad[rows[left]] = wide(network, panel, rows[left], (found.value[left], found.excess[left]), speaking, minute)
    if not (brought | broad).any():
        return findings
    return tuple(_without(finding, brought, broad) for finding in findings)


def _without(finding: Finding, brought: Bools, broad: Bools) -> Finding:
    """Return a finding without what was brought; a red one also without what is wide, which deserves attention."""
    if finding.group.detector not in EXCESSES:
        return finding
    away = brought | broad if finding.group.level == Level.RED else brought
    return finding._replace(active=finding.active & ~away)


def _standing_out(network: Network, excesses: list[Finding]) -> Rows:
    if not excesses:
        return np.zeros(0, np.intp)
    standing = np.logical_or.reduce([finding.active for finding in excesses])
    return np.flatnonzero(standing & ~network.moving & np.isfinite(network.east_m))


def _standing(  # what is known of each
    network: Network, newest: Newest, background: Floats, excesses: list[Finding], rows: Rows, minute: int
) -> Standing:
    since_ms, value = np.full(len(rows), minute * MINUTE_MS), newest.value[rows]
    beyond = np.full(len(rows), -np.inf)
    for finding in excesses:
        active = finding.active[rows]
        since_ms = np.where(active, np.minimum(since_ms, finding.since_ms[rows]), since_ms)
        passed = (value - finding.background[rows]) / finding.threshold[rows]
        beyond = np.where(active, np.fmax(beyond, passed), beyond)
    east, north = wind_at(network, newest, minute, network.east_m[rows], network.north_m[rows])
    return Standing(rows, value, value - background[rows], beyond, minute - since_ms / MINUTE_MS, east, north)


def _brought(network: Network, panel: Panel, standing: Standing, speaking: Bools, minute: int) -> Bools:
    """Return bool[k]: what came with the wind, or may have."""
    before, behind = _witnesses(network, standing, speaking)
    past = _Past.of(panel, np.concatenate([standing.row, before.row.ravel(), behind.row.ravel()]), minute)
    windy = np.hypot(standing.upwind_east, standing.upwind_north) >= CALM_M_S
    edge = windy & ~before.there.any(axis=1)
    span = np.stack([SOONEST * before.travel_min - SLACK_MIN, LATEST * before.travel_min + SLACK_MIN])
    above = past.highest(before, span) - _ground(standing)
    came = before.there & (above >= SHARE * standing.excess[:, None])
    went = _went_on(past, standing, behind)
    # What is nearly over, because it has reached the other stations, too, says nothing any more, wind or not.
    over = standing.beyond < PASSING
    own = ~over & (~windy | np.where(edge, ~went, ~came.any(axis=1)))
    return over | ~_sources(standing, before, came, own)


def _ground(standing: Standing) -> Floats:
    return (standing.value - standing.excess)[:, None]


def _sources(standing: Standing, before: Witnesses, came: Bools, own: Bools) -> Bools:
    """Return bool[k]: what sees a source of its own, or has its excess from a station that does, directly or not."""
    at = np.full(int(max(before.row.max(initial=0), standing.row.max(initial=0))) + 1, -1)
    at[standing.row] = np.arange(len(standing.row))
    from_one = at[before.row]
    for _ in range(len(own)):
        more = own | (came & (from_one >= 0) & own[from_one]).any(axis=1)
        if np.array_equal(more, own):
            break
        own = more
    return own


def _went_on(past: "_Past", standing: Standing, behind: Witnesses) -> Bools:
    """Return bool[k]: at the edge of the network, what goes on downwind undiluted, or has not had the time to."""
    journey = np.minimum(LATEST * behind.travel_min + SLACK_MIN, WAIT_MIN)
    waits = behind.there[:, 0] & (standing.age_min < journey[:, 0])
    own = Witnesses(np.broadcast_to(standing.row[:, None], behind.row.shape), behind.travel_min)
    then = past.highest(own, np.stack([journey - 1, journey + 1]))
    now = past.highest(behind, np.stack([np.zeros_like(journey), np.full_like(journey, SLACK_MIN)]))
    went = behind.there & (now - _ground(standing) >= SHARE * (then - _ground(standing)))
    return waits | went[:, 0]


def _witnesses(network: Network, standing: Standing, speaking: Bools) -> tuple[Witnesses, Witnesses]:
    """Return the nearest of the same property upwind, and downwind, of each."""
    k = len(standing.row)
    rows, away = (np.zeros((2, k, WITNESSES), kind) for kind in (np.intp, np.float64))
    away.fill(np.inf)
    properties = network.property[standing.row]
    for prop in np.unique(properties).tolist():
        own, others = np.flatnonzero(properties == prop), network.placed[prop]
        rows[:, own], away[:, own] = _nearest(network, standing, own, others[speaking[others]])
    travel_min = away / _speed(standing)[:, None] / 60
    travel_min[travel_min > SPAN_MIN / LATEST] = np.inf
    return Witnesses(rows[0], travel_min[0]), Witnesses(rows[1], travel_min[1])


def _speed(standing: Standing) -> Floats:
    return np.maximum(np.hypot(standing.upwind_east, standing.upwind_north), CALM_M_S)


def _nearest(network: Network, standing: Standing, own: Rows, speaking: Rows) -> tuple[Rows, Floats]:
    """Return the rows of the nearest upwind and downwind of some, (2, k, WITNESSES), and their metres upwind."""
    here, speed = standing.row[own], _speed(standing)[own]
    dx = network.east_m[speaking] - network.east_m[here][:, None]
    dy = network.north_m[speaking] - network.north_m[here][:, None]
    east, north = (standing.upwind_east[own] / speed)[:, None], (standing.upwind_north[own] / speed)[:, None]
    along, beside = dx * east + dy * north, np.abs(dx * north - dy * east)
    far = np.abs(along)
    fits = (far >= NEAREST_M) & (far <= FARTHEST_M) & (beside <= np.maximum(BESIDE_M, BESIDE * far))
    some = np.flatnonzero(fits.any(axis=0))
    # Somebody has to stand in each place: one that is nobody's witness does for nobody.
    rows = np.append(speaking[some], np.zeros(WITNESSES, np.intp))
    ahead, fits = along[:, some], fits[:, some]
    away = np.stack([np.where(fits & (side * ahead > 0), side * ahead, np.inf) for side in (1.0, -1.0)])
    away = np.concatenate([away, np.full((2, len(own), WITNESSES), np.inf)], axis=2)
    order = np.argsort(away, axis=2, kind="stable")[:, :, :WITNESSES]
    return rows[order], np.take_along_axis(away, order, axis=2)


class _Past(NamedTuple):
    """The last SPAN_MIN minutes of some streams.

    Attributes:
        place: int64, index into `value` by row.
        age_min: int64[t], of each minute.
        value: float64[rows, t], -inf for none.
    """

    place: Rows
    age_min: NDArray[np.int64]
    value: Floats

    @classmethod
    def of(cls, panel: Panel, rows: Rows, minute: int) -> "_Past":
        some = np.unique(rows)
        place = np.zeros(int(some[-1]) + 1, np.intp)
        place[some] = np.arange(len(some))
        minutes, value, _, _ = panel.tail(some, minute, SPAN_MIN)
        return cls(place, minute - minutes, np.where(np.isnan(value), -np.inf, value))

    def highest(self, witnesses: Witnesses, span_min: Floats) -> Floats:
        """Return float64[k, w]: the highest value of each between two ages in minutes, -inf for none."""
        first, last = np.where(np.isinf(span_min), 0.0, span_min)
        age = self.age_min
        inside = (age >= np.minimum(first, SPAN_MIN - 1)[..., None]) & (age <= last[..., None])
        seen = np.where(inside, self.value[self.place[witnesses.row]], -np.inf)
        return np.asarray(seen.max(axis=2, initial=-np.inf), np.float64)
