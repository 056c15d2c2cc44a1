"""`calibrate` learns a network and its limits on history; `replay` judges values with them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hub.quality.faults.background import neighbours
from hub.quality.faults.bank import statistics
from hub.quality.faults.cause import Cause, Verdict
from hub.quality.faults.limits import Scale, announced, fit_limit, fit_scale, kind_scores
from hub.quality.faults.plume import plumes
from hub.quality.faults.residual import Learnt, Residual, residuals
from hub.quality.faults.shape import Shape, fit_shape, floor_of
from hub.quality.faults.window import Floats, Window, window

# Less history than this says nothing of false alarms.
_LEAST_H: Final = 240.0
# Of the budget, as the history's own alarms are fewer than the next year's: what a limit is chosen on, it fits.
_SPENT: Final = 0.9


@dataclass(frozen=True, eq=False)
class Limits:
    """Of one property.

    Attributes:
        shape: how its residuals go with its level.
        scales: how rare each statistic is.
        limit: of the scores, in decades of rarity.
    """

    shape: Shape
    scales: Mapping[str, Scale]
    limit: float


@dataclass(frozen=True, eq=False)
class Thresholds:
    """What `calibrate` has found and `replay` needs.

    Attributes:
        step_h: hours a step.
        false_alarms_per_sensor_month: the budget.
        limits: by property.
        learnt: of the network, at the end of the history.
    """

    step_h: float
    false_alarms_per_sensor_month: float
    limits: Mapping[str, Limits]
    learnt: Learnt


def calibrate(
    values: Mapping[str, Floats],
    times: NDArray[np.datetime64],
    positions: Floats,
    *,
    false_alarms_per_sensor_month: float = 0.1,
) -> Thresholds:
    """Return thresholds that keep a budget of false alarms on history.

    Args:
        values: property name to float64 (n_stations, n_steps), NaN where missing.
        times: datetime64[ms] (n_steps,), evenly spaced, minutes or hours; best a year.
        positions: float64 (n_stations, 2), longitude and latitude in degrees.
        false_alarms_per_sensor_month: alarms without a fault that are accepted, for each property of a station.

    Raises:
        ValueError: the input is not so, or the history is shorter than ten days.
    """
    if not false_alarms_per_sensor_month > 0:
        raise ValueError("false_alarms_per_sensor_month must be above 0, such as 0.1")
    seen = window(values, times, positions)
    if seen.steps * seen.step_h < _LEAST_H or not seen.stations:
        raise ValueError("the history holds less than ten days of a station: give more, best a year")
    floors = {name: _floor(name, value) for name, value in seen.values.items()}
    found, learnt = residuals(seen, floors, None)
    budget = _SPENT * false_alarms_per_sensor_month
    limits = {name: _limits(seen, name, found[name], budget) for name in seen.values}
    return Thresholds(seen.step_h, false_alarms_per_sensor_month, limits, learnt)


def replay(
    values: Mapping[str, Floats], times: NDArray[np.datetime64], positions: Floats, thresholds: Thresholds
) -> dict[str, Verdict]:
    """Return the verdict on each property; a step is judged by itself and earlier ones.

    Args:
        values: property name to float64 (n_stations, n_steps), NaN where missing; a subset of those calibrated.
        times: datetime64[ms] (n_steps,), spaced as those calibrated.
        positions: float64 (n_stations, 2), longitude and latitude in degrees; known stations are recognised by them.
        thresholds: from `calibrate`.

    Raises:
        ValueError: the input is not so, or does not fit the thresholds.
    """
    seen = window(values, times, positions)
    if seen.step_h != thresholds.step_h:
        raise ValueError(f"times are {seen.step_h} h apart, calibrated were {thresholds.step_h} h: calibrate for them")
    strange = sorted(set(seen.values) - set(thresholds.limits))
    if strange:
        raise ValueError(f"not calibrated: {', '.join(strange)}: include it in the history")
    floors = {name: thresholds.limits[name].shape.floor for name in seen.values}
    found, _ = residuals(seen, floors, thresholds.learnt)
    excess = plumes(found, {name: thresholds.limits[name].shape for name in found}, seen.step_h)
    return {name: _verdict(seen, name, found[name], thresholds.limits[name], excess[name]) for name in seen.values}


def _floor(name: str, value: Floats) -> float:
    try:
        return floor_of(value)
    except ValueError as trouble:
        raise ValueError(f"values[{name!r}] {trouble}") from trouble


def _limits(seen: Window, name: str, residual: Residual, budget: float) -> Limits:
    shape = fit_shape(seen.values[name], residual)
    found = dict(statistics(seen.values[name], residual, shape, seen.step_h))
    scales = {what: fit_scale(what, statistic, seen.step_h) for what, statistic in found.items()}
    scores = kind_scores(found, scales, neighbours(seen.positions))
    return Limits(shape, scales, fit_limit(scores, budget, seen.step_h))


def _verdict(seen: Window, name: str, residual: Residual, limits: Limits, excess: NDArray[np.bool_]) -> Verdict:
    found = dict(statistics(seen.values[name], residual, limits.shape, seen.step_h))
    scores = kind_scores(found, limits.scales, neighbours(seen.positions))
    cause = announced(scores, limits.limit, seen.step_h)
    alarm = cause != Cause.NONE
    return Verdict(alarm, np.where(alarm | ~excess, cause, np.uint8(Cause.POLLUTION)))
