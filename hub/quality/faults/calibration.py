"""`calibrate` learns a network and its limits on history."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hub.quality.faults.bank import bank_start, statistics
from hub.quality.faults.carried import start
from hub.quality.faults.limits import counted_rate, fit_limit, fit_scale, kind_scores
from hub.quality.faults.regression import learnt
from hub.quality.faults.residual import Residual, ResidualPast, residuals, series_of
from hub.quality.faults.shape import fit_shape, floor_of
from hub.quality.faults.thresholds import Learnt, Limits, Thresholds
from hub.quality.faults.window import Floats, When, window

# Less history than this says nothing of false alarms.
_LEAST_H: Final = 240.0
# Of the budget, as the history's own alarms are fewer than the next year's: what a limit is chosen on, it fits.
_SPENT: Final = 0.9


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
    names = list(seen.values)
    before = start(names, seen.positions, seen.step_h, None)
    found, past = residuals(seen.values, floors, before.nearest, before.residual, When(0, seen.step_h))
    budget = _SPENT * false_alarms_per_sensor_month
    fitted = {name: _limits(seen.values[name], found[name], before.nearest, budget, seen.step_h) for name in names}
    limits = {name: limit for name, (limit, _) in fitted.items()}
    rates = {name: rate for name, (_, rate) in fitted.items()}
    known = _learnt(names, past, (seen.positions, before.nearest))
    return Thresholds(seen.step_h, false_alarms_per_sensor_month, limits, rates, known)


def _floor(name: str, value: Floats) -> float:
    try:
        return floor_of(value)
    except ValueError as trouble:
        raise ValueError(f"values[{name!r}] {trouble}") from trouble


def _limits(
    value: Floats, residual: Residual, nearest: NDArray[np.intp], budget: float, step_h: float
) -> tuple[Limits, float]:
    """Return (limits of a property, alarms of a station and month that history gives at them)."""
    shape = fit_shape(value, residual)
    found, _ = statistics(value, residual, shape, step_h, bank_start(len(value), len(residual.views), step_h))
    scales = {what: fit_scale(what, statistic, step_h) for what, statistic in found.items()}
    scores = kind_scores(found, scales, nearest)
    limit = fit_limit(scores, budget, step_h)
    return Limits(shape, scales, limit), counted_rate(scores, limit, step_h)


def _learnt(names: list[str], past: ResidualPast, where: tuple[Floats, NDArray[np.intp]]) -> Learnt:
    alone = zip(series_of(names), past.alone, strict=True)
    witnessed = zip(names, past.witnessed, strict=True) if len(names) > 1 else ()
    return Learnt(
        *where,
        {name: learnt(part.regression) for name, part in alone},
        {name: learnt(part.regression) for name, part in witnessed},
    )
