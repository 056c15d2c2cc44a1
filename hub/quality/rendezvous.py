"""A patrol vehicle beside a fixed station: two devices in one air, whose comparison says which of them is off."""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from hub.model import MINUTE_MS
from hub.network import Network
from hub.panel import Panel
from hub.quality.check import Flags, Floats, Ints
from wire.reading import Flag

# So many meetings of each moving stream are kept, the newest ones.
KEPT: Final = 32
# Minutes that are looked through at once, and minutes that a value may be away from the other's.
SPAN_MIN: Final = 5
APART_MIN: Final = (0, -1, 1, -2, 2)
# Within so many minutes a vehicle that waits beside a station has met it once.
AGAIN_MIN: Final = 30
MEMORY_MIN: Final = 30 * 1440
_NOBODY: Final = -1
# Standard error of a median, from the median deviation, by the root of the number: 1.4826 * sqrt(pi / 2).
_ERROR: Final = 1.858
# Two honest devices differ by so much in a minute: a few meetings that agree by chance are not more certain.
_LEAST: Final = 0.05 / 1.4826


class Meetings(NamedTuple):
    """Who met whom, and what it says of each of n streams.

    Attributes:
        minute: int64[moving streams, KEPT], -1 for none.
        station: int64[moving streams, KEPT], the row of the fixed stream.
        value, reference: float64[moving streams, KEPT], of the vehicle and of the station, canonical unit.
        met: int64[n], meetings on which the following rest.
        gain, gain_error: float64[n], what it reads for 1, and the standard error; NaN before enough meetings.
        offset, offset_error: float64[n], what it reads for nothing; NaN where the levels that were met are too alike.
        since_ms: int64[n], the first of those meetings.
        flag: uint8[n], SUSPECT while the gain is beyond the tolerance.
    """

    minute: Ints
    station: Ints
    value: Floats
    reference: Floats
    met: Ints
    gain: Floats
    gain_error: Floats
    offset: Floats
    offset_error: Floats
    since_ms: Ints
    flag: Flags


Trees = dict[int, tuple[Any, NDArray[np.intp]]]


@dataclass(frozen=True, eq=False)
class Rendezvous:
    """SUSPECT for a moving stream off against several stations, or a station off against vehicles that others confirm.

    Attributes:
        network: of n streams.
        factor: float64[n], above 1: a gain outside [1 / factor, factor], by two standard errors, is off; NaN where
            nothing is judged.
        floor: float64[n], values below it are not compared, in the property's unit, above zero.
        reach_m: metres between the two.
        fewest: meetings before anything is said.
        stations: different ones that a vehicle must have met.
    """

    network: Network
    factor: Floats
    floor: Floats
    reach_m: float = 150.0
    fewest: int = 4
    stations: int = 3

    def start(self) -> Meetings:
        """Return the state before the first meeting."""
        n, moving = len(self.network), int(self.network.moving.sum())
        nobody, nan, count = np.full((moving, KEPT), _NOBODY), np.full(n, np.nan), np.zeros(n, np.int64)
        empty = np.full((moving, KEPT), np.nan)
        unknown = np.full(n, Flag.UNKNOWN, np.uint8)
        return Meetings(nobody, nobody, empty, empty, count, nan, nan, nan, nan, count, unknown)

    def trees(self) -> "Trees":
        """Return for each property that vehicles measure the fixed streams in space, and their rows."""
        network = self.network
        found: Trees = {}
        for prop in np.unique(network.property[network.moving]).tolist():
            alike = network.ambient & (network.property == prop) & np.isfinite(network.east_m)
            rows = np.flatnonzero(alike & ~np.isnan(self.factor))
            if rows.size:
                found[prop] = cKDTree(np.column_stack([network.east_m[rows], network.north_m[rows]])), rows
        return found


class _Hits(NamedTuple):
    """Meetings that were found: (k,) each; `at` is the place among the moving streams."""

    at: NDArray[np.intp]
    station: Ints
    minute: Ints
    value: Floats
    reference: Floats


def met(
    check: Rendezvous, trees: Trees, panel: Panel, minute: int, doubted: NDArray[np.bool_], state: Meetings
) -> Meetings:
    """Return the state after the SPAN_MIN minutes up to one.

    Args:
        check: its parameters.
        trees: as `check.trees` gave them.
        panel: of all streams.
        minute: since 1970.
        doubted: bool[n], devices that lie already: no comparison with them.
        state: before.
    """
    if not trees:
        return state
    hits = _hits(check, trees, panel, minute, doubted)
    hits = _unmet(hits, state)
    if not len(hits.at):
        return state
    after = Meetings._make(column.copy() for column in state)
    slot = after.minute[hits.at].argmin(axis=1)
    after.minute[hits.at, slot], after.station[hits.at, slot] = hits.minute, hits.station
    after.value[hits.at, slot], after.reference[hits.at, slot] = hits.value, hits.reference
    _judge(check, after, hits, minute)
    return after


def _hits(check: Rendezvous, trees: Trees, panel: Panel, minute: int, doubted: NDArray[np.bool_]) -> _Hits:
    network = check.network
    moving = np.flatnonzero(network.moving)
    minutes, value, longitude, latitude = panel.tail(moving, minute, SPAN_MIN)
    east, north = network.plane.metres(longitude, latitude)
    usable = np.isfinite(east) & (value >= check.floor[moving][:, None])
    station, away = np.full(value.shape, _NOBODY), np.full(value.shape, np.inf)
    for prop, (tree, rows) in trees.items():
        mine = usable & (network.property[moving] == prop)[:, None]
        if mine.any():
            distance, nearest = tree.query(
                np.column_stack([east[mine], north[mine]]), distance_upper_bound=check.reach_m
            )
            station[mine], away[mine] = np.append(rows, _NOBODY)[nearest], distance
    # The nearest of several minutes; nobody is as far as can be.
    at = np.flatnonzero(np.isfinite(away).any(axis=1))
    best = away[at].argmin(axis=1) if at.size else np.zeros(0, np.intp)
    row, when = station[at, best], minutes[best] if at.size else np.zeros(0, np.int64)
    reference = _reference(panel, row.astype(np.int32), when, minute)
    told = ~doubted[row] & ~doubted[moving[at]] & (reference >= check.floor[row])
    return _Hits(at[told], row[told], when[told], value[at, best][told], reference[told])


def _reference(panel: Panel, row: NDArray[np.int32], when: Ints, minute: int) -> Floats:
    """Return float64[k]: the station's value of the minute, or of the nearest one up to two away."""
    found = np.full(len(row), np.nan)
    if not len(row):
        return found
    for apart in APART_MIN:
        there = np.where(when + apart <= minute, panel.cells(row, np.minimum(when + apart, minute)), np.nan)
        found = np.where(np.isnan(found), there, found)
    return found


def _unmet(hits: _Hits, state: Meetings) -> _Hits:
    """Leave out who waits beside a station that it has met already."""
    if not len(hits.at):
        return hits
    known = (state.station[hits.at] == hits.station[:, None]) & (
        hits.minute[:, None] - state.minute[hits.at] < AGAIN_MIN
    )
    new = ~known.any(axis=1)
    return _Hits(*(column[new] for column in hits))


def _judge(check: Rendezvous, after: Meetings, hits: _Hits, minute: int) -> None:
    """Write what its meetings say of those that have just met into arrays that are this step's own."""
    moving = np.flatnonzero(check.network.moving)
    kept = (after.minute > minute - MEMORY_MIN) & (after.station != _NOBODY)
    for at in hits.at.tolist():
        mine = kept[at]
        if _stations(after.station[at][mine]) >= check.stations:
            compared = _Compared(
                after.minute[at][mine], after.station[at][mine], after.value[at][mine], after.reference[at][mine]
            )
            _write(check, after, int(moving[at]), compared)
    for row in np.unique(hits.station).tolist():
        _station(check, after, row, kept)


class _Compared(NamedTuple):
    """The meetings of one stream: what it reads and what the others do."""

    minute: Ints
    other: Ints
    value: Floats
    reference: Floats


def _stations(station: Ints) -> int:
    return len(np.unique(station))


def _station(check: Rendezvous, after: Meetings, row: int, kept: NDArray[np.bool_]) -> None:
    """Judge a station by the vehicles whose own gain others confirm."""
    at, slot = np.nonzero((after.station == row) & kept)
    vehicle = np.flatnonzero(check.network.moving)[at]
    gain = np.where(after.flag[vehicle] == Flag.GOOD, after.gain[vehicle], np.nan)
    sure = np.isfinite(gain)
    at, slot, true = at[sure], slot[sure], after.value[at[sure], slot[sure]] / gain[sure]
    _write(check, after, row, _Compared(after.minute[at, slot], vehicle[sure], after.reference[at, slot], true))


def _write(check: Rendezvous, after: Meetings, row: int, seen: _Compared) -> None:
    """Write what meetings say of a stream into arrays that are this step's own."""
    if len(seen.value) < check.fewest:
        return
    ratio = np.log(seen.value / seen.reference)
    # A station that is off itself counts once, however often it was met.
    others = np.unique(seen.other)
    each = np.array([np.median(ratio[seen.other == other]) for other in others])
    middle = float(np.median(each)) if len(each) >= check.stations else float(np.median(ratio))
    error = _ERROR * max(float(np.median(np.abs(ratio - middle))), _LEAST) / np.sqrt(len(ratio))
    off = abs(middle) - 2 * error > np.log(check.factor[row])
    after.met[row], after.since_ms[row] = len(ratio), int(seen.minute.min()) * MINUTE_MS
    after.gain[row], after.gain_error[row] = np.exp(middle), np.exp(middle) * error
    after.offset[row], after.offset_error[row] = _offset(seen.reference, seen.value)
    after.flag[row] = Flag.SUSPECT if off else Flag.GOOD


def _offset(reference: Floats, value: Floats) -> tuple[float, float]:
    """Return what the line by Theil and Sen reads for nothing, and its error; NaN when the levels are too alike."""
    if len(value) < 6 or reference.max() < 2 * reference.min():
        return np.nan, np.nan
    one, other = np.triu_indices(len(value), 1)
    apart = reference[other] - reference[one]
    wide = np.abs(apart) > 0.2 * (reference.max() - reference.min())
    slope = float(np.median((value[other] - value[one])[wide] / apart[wide]))
    rest = value - slope * reference
    middle = float(np.median(rest))
    return middle, _ERROR * float(np.median(np.abs(rest - middle))) / float(np.sqrt(len(rest)))
