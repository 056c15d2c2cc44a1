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
    for bound, run in zip(bindings.detectors, runs, strict=True):
        series: Series | None = fresh
        if bound.group.average_min > 1:
            series = _averaged(panel, fresh, bound, minute)
        moved = run if series is None else bound.detector(series, run)[1]
        value = np.full(len(background), np.nan) if series is None else series.value[:, 0]
        compared, limit = _compared(bound.detector, background, moved)
        active = moved.active & (bound.rule >= 0) & shown(bound.group, minute)
        findings.append(Finding(bound.group, active, moved.since_ms, value, compared, limit, bound.rule))
        after.append(moved)
    return tuple(findings), tuple(after)


def _compared(detector: Detector[Any], background: Floats, state: Remembered) -> tuple[Floats, Floats]:
    """Return (what a value is compared with, what it or its excess must pass), NaN where nothing is."""
    nothing = np.full(len(background), np.nan)
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


def _averaged(panel: Panel, fresh: Series, bound: Bound, minute: int) -> Series | None:
    """Return the means that are due at a minute, None when none is: those of clock hours at each full hour."""
    group, rows = bound.group, np.flatnonzero(bound.rule >= 0)
    if not rows.size or minute != last_due(group, minute):
        return None
    value = np.full((len(fresh.value), 1), np.nan)
    value[rows, 0] = mean_of(panel, group, rows, minute)
    start_ms = (minute - group.average_min + 1) * MINUTE_MS
    return Series(np.full(value.shape, start_ms), value, fresh.background)


def mean_of(panel: Panel, group: Group, rows: NDArray[np.intp], minute: int) -> Floats:
    """Return float64[k]: the mean of some streams up to a minute as a group averages, NaN where there is none."""
    if group.valid_hours:
        valid = Valid(group.valid_min, group.valid_hours)
        return mean_of_hours(panel, rows, minute, group.average_min // HOUR_MIN, valid)
    return panel.average(minute, group.average_min, group.valid_min, rows)


def last_due(group: Group, minute: int) -> int:
    """Return the last minute up to one, itself included, with which a mean of a group ended."""
    end = _last_end(group, minute)
    begin = phase_start(minute)
    if group.by_night and end - group.average_min + 1 < begin:
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
