"""A source that vehicles meet between the stations: short peaks at one place, pass after pass.

A peak is a run of minutes in which a vehicle stands above its region and above its own last hour. It belongs to the
place of its highest value, if it is short: what lasts is the air of a quarter, or the vehicle's own. Peaks of several
passes at one place, of whatever vehicle, make it sure.
"""

from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from hub.anomaly.detection import Finding
from hub.anomaly.hysteresis import Floats, Ints
from hub.bindings import Bindings, Bound
from hub.model import MINUTE_MS
from hub.panel import NEVER, Newest, Panel
from hub.rows import NO_ROWS

Bools = NDArray[np.bool_]
Rows = NDArray[np.intp]
ScalarT = TypeVar("ScalarT", bound=np.generic)

# How many peaks are remembered; one minute has one place, so that a place is as wide as a vehicle drives in a minute.
KEPT: Final = 512
PLACE_M: Final = 400.0
# Minutes: a pause that does not end a peak; its longest; between two passes; of its own that it is compared with.
PAUSE_MIN, LONGEST_MIN, APART_MIN = 2, 8, 10
OWN_MIN, OWN_VALUES = 60, 10


class Peaks(NamedTuple):
    """The last peaks, KEPT of them, in no order.

    Attributes:
        row: int64[KEPT], the stream, NEVER where there is none.
        first, last: int64[KEPT], minutes since 1970.
        excess: float64[KEPT], its highest.
        east_m, north_m: float64[KEPT], where that was.
    """

    row: Ints
    first: Ints
    last: Ints
    excess: Floats
    east_m: Floats
    north_m: Floats

    @classmethod
    def start(cls) -> "Peaks":
        """Return no peaks."""
        never, nan = np.full(KEPT, NEVER), np.full(KEPT, np.nan)
        return cls(never, never, never, nan, nan, nan)


class Touch(NamedTuple):
    """The streams that stand above their own last hour and their region in a minute, k of them.

    Attributes:
        row: int64[k].
        excess, east_m, north_m: float64[k].
    """

    row: Rows
    excess: Floats
    east_m: Floats
    north_m: Floats


def passed(
    bindings: Bindings, panel: Panel, newest: Newest, background: Floats, peaks: Peaks, minute: int
) -> tuple[tuple[Finding, ...], Peaks]:
    """Return what the rules about passes find at a minute, and the peaks after it.

    Args:
        bindings: with those rules.
        panel: of n streams.
        newest: of the same.
        background: float64[n], what an excess must stand above: for vehicles also their own last hour; NaN for streams
            that are not to be judged.
        peaks: before.
        minute: since 1970.
    """
    rows = bindings.network.vehicles if bindings.patrols else NO_ROWS
    rows = rows[newest.minute[rows] == minute]
    if not rows.size:
        return (), peaks
    excess = newest.value[rows] - background[rows]
    beyond = [excess > bound.detector.threshold(background)[rows] for bound in bindings.patrols]
    touched = np.any(beyond, axis=0) & np.isfinite(newest.longitude[rows])
    touched[touched] = _has_own(panel, rows[touched], minute)
    if not touched.any():
        return (), peaks
    rows = rows[touched]
    east, north = bindings.network.plane.metres(newest.longitude[rows], newest.latitude[rows])
    touch = Touch(rows, excess[touched], east, north)
    peaks, at = _joined(peaks, touch, minute)
    short = minute - peaks.first[at] < LONGEST_MIN
    findings = []
    for bound, over in zip(bindings.patrols, beyond, strict=True):
        here = _met_before(bindings, bound, peaks, touch, minute) + 1
        active = over[touched] & short & (here >= bound.group.passes)
        findings.append(_finding(bound, rows[active], peaks.first[at[active]], background))
    return tuple(findings), peaks


def merged(findings: tuple[Finding, ...], passes: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return findings in which those of passes stand with the local excesses of their level."""
    result = list(findings)
    for found in passes:
        for at, finding in enumerate(result):
            if (finding.group.detector, finding.group.level) == ("local_excess", found.group.level):
                new = found.active & ~finding.active
                result[at] = finding._replace(
                    active=finding.active | new,
                    since_ms=np.where(new, found.since_ms, finding.since_ms),
                    threshold=np.where(new, found.threshold, finding.threshold),
                    rule=np.where(new, found.rule, finding.rule),
                )
                break
        else:
            result.append(found)
    return tuple(result)


def _has_own(panel: Panel, rows: Rows, minute: int) -> Bools:
    """Return bool[k]: whether a vehicle has driven long enough to be compared with itself."""
    if not rows.size:
        return np.zeros(0, np.bool_)
    _, value, _, _ = panel.tail(rows, minute - 1, OWN_MIN)
    return np.asarray(np.count_nonzero(~np.isnan(value), axis=1) >= OWN_VALUES)


def _joined(peaks: Peaks, touch: Touch, minute: int) -> tuple[Peaks, Rows]:
    """Return the peaks with this minute's touches, and where each stands: in the peak that goes on, or a new one."""
    going = (peaks.row == touch.row[:, None]) & (minute - peaks.last <= PAUSE_MIN)
    new = ~going.any(axis=1)
    at = np.where(new, 0, going.argmax(axis=1))
    at[new] = np.argsort(peaks.last, kind="stable")[: np.count_nonzero(new)]  # in place of the oldest
    higher = new | (touch.excess > peaks.excess[at])
    return Peaks(
        _put(peaks.row, at, touch.row),
        _put(peaks.first, at[new], minute),
        _put(peaks.last, at, minute),
        _put(peaks.excess, at[higher], touch.excess[higher]),
        _put(peaks.east_m, at[higher], touch.east_m[higher]),
        _put(peaks.north_m, at[higher], touch.north_m[higher]),
    ), at


def _put(column: NDArray[ScalarT], at: Rows, value: int | NDArray[Any]) -> NDArray[ScalarT]:
    """Return a copy of a column with other values at some places."""
    result = column.copy()
    result[at] = value
    return result


def _met_before(bindings: Bindings, bound: Bound, peaks: Peaks, touch: Touch, minute: int) -> Ints:
    """Return int64[k]: earlier peaks of the same property at the place of each touch, within the rule's time."""
    known = np.flatnonzero(peaks.row >= 0)
    prop = bindings.network.property
    same = prop[peaks.row[known]] == prop[touch.row][:, None]
    recent = (peaks.last[known] <= minute - APART_MIN) & (peaks.last[known] > minute - bound.group.within_min)
    short = peaks.last[known] - peaks.first[known] < LONGEST_MIN
    away_m = np.hypot(peaks.east_m[known] - touch.east_m[:, None], peaks.north_m[known] - touch.north_m[:, None])
    return np.asarray((same & recent & short & (away_m <= PLACE_M)).sum(axis=1), np.int64)


def _finding(bound: Bound, rows: Rows, first: Ints, background: Floats) -> Finding:
    n = len(background)
    active, since_ms = np.zeros(n, np.bool_), np.zeros(n, np.int64)
    active[rows], since_ms[rows] = True, first * MINUTE_MS
    threshold = bound.detector.threshold(background)
    return Finding(bound.group, active, since_ms, np.full(n, np.nan), background, threshold, bound.rule)
