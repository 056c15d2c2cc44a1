"""All detectors on the newest values of all streams."""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.anomaly.detector import Detector, Series
from hub.anomaly.hysteresis import Floats, Ints, Runs
from hub.anomaly.local_excess import LocalExcess
from hub.anomaly.means import HOUR_MIN, Valid, day_hour, mean_of_hours
from hub.anomaly.onset import Onset, OnsetState
from hub.anomaly.rulebook import phase_start
from hub.bindings import Bindings, Bound, Group
from hub.model import MINUTE_MS
from hub.panel import Panel

# Averages over more than a minute are judged every so many minutes.
AVERAGE_EVERY: Final = 5
# How far back the first value of a run is looked for.
ONSET_MIN: Final = 90
# What a group of rules remembers, by its detector.
Remembered = Runs | OnsetState


class Finding(NamedTuple):
    """What one group of rules says of each stream.

    Attributes:
        group: of the rules.
        active: bool[n].
        since_ms: int64[n], time of the first value of the run, 0 without one.
        value: float64[n], as the rule averages it; NaN when nothing was judged at this minute.
        background: float64[n], NaN where the rule needs none.
        threshold: float64[n].
        rule: int64[n], index into the bindings' rules, -1 for none.
    """

    group: Group
    active: NDArray[np.bool_]
    since_ms: Ints
    value: Floats
    background: Floats
    threshold: Floats
    rule: NDArray[np.int64]


def start(bindings: Bindings) -> tuple[Remembered, ...]:
    """Return the state before the first value: one for each group of rules."""
    return tuple(bound.detector.start(len(bindings.network)) for bound in bindings.detectors)


def detect(
    bindings: Bindings, panel: Panel, fresh: Series, minute: int, runs: tuple[Remembered, ...]
) -> tuple[tuple[Finding, ...], tuple[Remembered, ...]]:
    """Return what every group of rules finds at a minute, and the state after it.

    Args:
        bindings: with the detectors' parameters.
        panel: for averages.
        fresh: n streams, one time: the newest values of honest streams, NaN elsewhere.
        minute: that is judged, since 1970.
        runs: the state before.
    """
    findings, after = [], []
    background = fresh.background[:, 0]
    nothing = np.full(len(background), np.nan)
    due = [bound.group for bound in bindings.detectors if bound.group.average_min > 1 and _is_due(bound, minute)]
    means = {period: _means(bindings, panel, period, minute) for period in {_period(group) for group in due}}
    for bound, run in zip(bindings.detectors, runs, strict=True):
        group, series = bound.group, fresh
        if group in due:
            series = _averaged(fresh, bound, means[_period(group)], minute)
        judged = bound.judges and (group.average_min == 1 or group in due)
        moved = bound.detector(series, run)[1] if judged else run
        active = moved.active
        if active.any():
            active = active & bound.applies & shown(group, minute)
        value = series.value[:, 0] if judged else nothing
        compared, limit = _compared(bound.detector, background, moved, nothing)
        findings.append(Finding(group, active, moved.since_ms, value, compared, limit, bound.rule))
        after.append(moved)
    return tuple(findings), tuple(after)


def _compared(detector: Detector[Any], background: Floats, state: Remembered, nothing: Floats) -> tuple[Floats, Floats]:
    """Return (what a value is compared with, what it or its excess must pass), NaN where nothing is."""
    match detector, state:
        case Onset(), OnsetState():
            if not state.active.any():
                return nothing, nothing  # the quiet minute that most are
            usual = detector.expected(background, state)
            return usual, detector.threshold(usual)
        case LocalExcess(), _:
            return background, detector.threshold(background)
    return nothing, detector.threshold(background)


def noticed(bindings: Bindings, background: Floats, runs: tuple[Remembered, ...]) -> Floats:
    """Return float64[n]: the smallest excess over a background that would be found now, infinite for none."""
    least = np.full(len(background), np.inf)
    for bound, run in zip(bindings.detectors, runs, strict=True):
        match bound.detector, run:
            case Onset(), OnsetState():
                least = np.fmin(least, bound.detector.noticed(background, run))
            case LocalExcess(), _:
                least = np.fmin(least, bound.detector.threshold(background))
    for bound in bindings.patrols:
        least = np.fmin(least, bound.detector.threshold(background))
    return least


def _is_due(bound: Bound, minute: int) -> bool:
    """Return whether a mean ends with a minute: those of clock hours do at each full hour."""
    return bound.judges and minute == last_due(bound.group, minute)


def _period(group: Group) -> tuple[int, int, int]:
    """Return what makes the means of two groups the same."""
    return group.average_min, group.valid_min, group.valid_hours


def _means(bindings: Bindings, panel: Panel, period: tuple[int, int, int], minute: int) -> Floats:
    """Return float64[n]: the means up to a minute of all streams that a group of a period is about, NaN elsewhere."""
    alike = [bound for bound in bindings.detectors if _period(bound.group) == period]
    rows = np.flatnonzero(np.logical_or.reduce([bound.applies for bound in alike]))
    means = np.full(len(bindings.network), np.nan)
    means[rows] = mean_of(panel, alike[0].group, rows, minute)
    return means


def _averaged(fresh: Series, bound: Bound, means: Floats, minute: int) -> Series:
    """Return the means that a group of rules is about as its series."""
    value = np.where(bound.applies, means, np.nan)[:, None]
    start_ms = (minute - bound.group.average_min + 1) * MINUTE_MS
    return Series(np.broadcast_to(np.int64(start_ms), value.shape), value, fresh.background)


def mean_of(panel: Panel, group: Group, rows: NDArray[np.intp], minute: int) -> Floats:
    """Return float64[k]: the mean of some streams up to a minute as a group averages, NaN where there is none."""
    if group.valid_hours:
        valid = Valid(group.valid_min, group.valid_hours)
        return mean_of_hours(panel, rows, minute, group.average_min // HOUR_MIN, valid)
    return panel.average(minute, group.average_min, group.valid_min, rows)


def last_due(group: Group, minute: int) -> int:
    """Return the last minute up to one, itself included, with which a mean of a group ended."""
    end = _last_end(group, minute)
    if group.by_night and end - group.average_min + 1 < (begin := phase_start(minute)):
        end = _last_end(group, begin - 1)  # no mean of both day and night
    return end


def _last_end(group: Group, minute: int) -> int:
    if not group.valid_hours:
        return minute if group.average_min == 1 else minute - minute % AVERAGE_EVERY
    hour_end = (minute + 1) // HOUR_MIN * HOUR_MIN
    if group.natural_day and day_hour(hour_end) * HOUR_MIN < group.average_min:
        hour_end -= day_hour(hour_end) * HOUR_MIN  # the midnight before
    return hour_end - 1


def shown(group: Group, minute: int) -> bool:
    """Return whether what was found last still speaks at a minute: of a day or night that is over only for an hour."""
    return not group.valid_hours or minute - last_due(group, minute) < HOUR_MIN


def onset_ms(panel: Panel, rows: NDArray[np.intp], needed: Floats, minute: int, *, below: bool = False) -> Ints:
    """Return int64[k]: the first minute of the unbroken run beyond `needed` that lasts until now, or now.

    The panel has been completed by what came late, so this may lie before what the detector saw.

    Args:
        panel: of all streams.
        rows: k streams.
        needed: float64[k], the value that counts as beyond.
        minute: of now, since 1970.
        below: whether values below count instead of values above.
    """
    minutes, value, _, _ = panel.tail(rows, minute, ONSET_MIN)
    beyond = value < needed[:, None] if below else value > needed[:, None]
    breaks = ~np.isnan(value) & ~beyond
    # Columns after the last break; gaps do not break a run.
    unbroken = np.cumsum(breaks[:, ::-1], axis=1)[:, ::-1] == 0
    first = np.where(unbroken & beyond, minutes[None, :], minute)
    return np.asarray(first.min(axis=1, initial=minute) * MINUTE_MS, np.int64)
