"""How a value, its background and its threshold came about: an explanation with all numbers."""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hub.anomaly.detection import Finding, last_due, mean_of
from hub.anomaly.means import HOUR_MIN
from hub.anomaly.rule import Rule
from hub.area.held import SPAN, Held, Reference, reference
from hub.area.sight import Sight
from hub.model import EXCESSES, MINUTE_MS
from hub.panel import ENERGY, VECTOR
from hub.reasons import Explanation, Part, Past

Floats = NDArray[np.float64]
_AVERAGING: Final = {ENERGY: "energy", VECTOR: "vector"}
_NONE: Final = Reference(np.full(SPAN, np.nan), "", 0, ())


def brief(sight: Sight, finding: Finding, row: int) -> Explanation:
    """Return what the rule says and how it is entered, without the values that led there."""
    rule = sight.bindings.rules[finding.rule[row]]
    return Explanation(
        averaging=_AVERAGING.get(int(sight.bindings.network.averaging[row]), "arithmetic"),
        absolute=_absolute(rule, finding, row),
        relative=rule.relative,
        margin=rule.margin,
        enter=rule.enter,
        leave=rule.leave,
        delay_min=rule.delay_min,
        passes=rule.passes,
        within_min=rule.within_min,
        since_ms=int(finding.since_ms[row]),
    )


def full(sight: Sight, finding: Finding, row: int, known: Held | None) -> Explanation:
    """Return the same with the values that led there: parts of the mean, background and its members, history, wind.

    Args:
        sight: what is known.
        finding: what was found.
        row: of the series.
        known: what the stations of its property held, needed when a background was compared with.
    """
    said = brief(sight, finding, row)
    excess = finding.group.detector == "local_excess"
    beside = reference(sight, known, row) if excess and known is not None else _NONE
    parts = _parts(sight, finding, row)
    history = _means(sight, finding, row) if finding.group.average_min > 1 else _minutes(sight, row, beside.past)
    east, north = sight.places()
    wind = sight.winds(float(east[row]), float(north[row]), 1)[0]
    return replace(
        said,
        parts=parts,
        background_of=beside.of,
        background_count=beside.number,
        neighbours=beside.neighbours,
        history=history,
        wind_speed=float(np.hypot(*wind)),
        wind_direction=float(np.degrees(np.arctan2(*wind)) % 360),
    )


def _absolute(rule: Rule, finding: Finding, row: int) -> float:
    """Return the fixed part of the threshold: of the hour of day that is judged, where the night has its own."""
    if finding.group.detector in EXCESSES:
        return rule.threshold
    return float(finding.threshold[row])


def _minutes(sight: Sight, row: int, background: Floats) -> tuple[Past, ...]:
    minutes, value, _, _ = sight.panel.tail(np.array([row]), sight.minute, SPAN)
    beside = background[minutes - sight.minute - 1]
    pairs = zip(minutes.tolist(), value[0].tolist(), beside.tolist(), strict=True)
    return tuple(Past(minute * MINUTE_MS, *rest) for minute, *rest in pairs)


def _dues(sight: Sight, finding: Finding, row: int) -> list[int]:
    """Return the minutes with which the last means ended, oldest first: as many as it takes to enter, 3 at least."""
    rule, dues = sight.bindings.rules[finding.rule[row]], [last_due(finding.group, sight.minute)]
    wanted = 1 if finding.group.valid_hours else max(rule.enter, 3)
    while len(dues) < wanted:
        dues.append(last_due(finding.group, dues[-1] - 1))
    return dues[::-1]


def _means(sight: Sight, finding: Finding, row: int) -> tuple[Past, ...]:
    rows = np.array([row])
    return tuple(
        Past(
            (due - finding.group.average_min + 1) * MINUTE_MS,
            float(mean_of(sight.panel, finding.group, rows, due)[0]),
            float("nan"),
        )
        for due in _dues(sight, finding, row)
    )


def _parts(sight: Sight, finding: Finding, row: int) -> tuple[Part, ...]:
    """Return the minutes of the means, or for a mean of hours the hours."""
    group, rows = finding.group, np.array([row])
    if group.average_min == 1:
        return ()
    dues = _dues(sight, finding, row)
    if not group.valid_hours:
        first = dues[0] - group.average_min + 1
        minutes, value, _, _ = sight.panel.tail(rows, dues[-1], dues[-1] - first + 1)
        known = np.flatnonzero(~np.isnan(value[0]))
        return tuple(Part(int(minutes[at]) * MINUTE_MS, 1, 1, float(value[0, at])) for at in known.tolist())
    return tuple(
        _hour(sight, row, end, group.valid_min)
        for end in range(dues[-1] - group.average_min + HOUR_MIN, dues[-1] + 1, HOUR_MIN)
    )


def _hour(sight: Sight, row: int, end: int, valid_min: int) -> Part:
    rows = np.array([row])
    _, value, _, _ = sight.panel.tail(rows, end, HOUR_MIN)
    mean = float(sight.panel.average(end, HOUR_MIN, valid_min, rows)[0])
    return Part((end - HOUR_MIN + 1) * MINUTE_MS, HOUR_MIN, int(np.count_nonzero(~np.isnan(value))), mean)
