"""`calibrate` learns a network and its limits on history."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.quality.faults.background import Places
from hub.quality.faults.bank import bank_start, statistics
from hub.quality.faults.budget import Heights, expected_rate, fit_limit, heights, joined
from hub.quality.faults.carried import Carried, start
from hub.quality.faults.episodes import KINDS
from hub.quality.faults.limits import BLOCK_H, MONTH_H, Scale, block_peaks, fit_scales, kind_scores
from hub.quality.faults.regression import learnt
from hub.quality.faults.residual import Residual, ResidualPast, residuals, series_of
from hub.quality.faults.shape import Shape, fit_shape, floor_of
from hub.quality.faults.thresholds import Learnt, Limits, Thresholds
from hub.quality.faults.window import Floats, When, Window, stretches, window

# Less history than this says nothing of false alarms.
_LEAST_H: Final = 240.0
# History before this is for learning.
_SETTLE_H: Final = 1440.0


class _History(NamedTuple):
    """Of one property: values (n, t), their residuals, rows of the neighbours, hours a step."""

    value: Floats
    residual: Residual
    nearest: Places
    step_h: float

    @property
    def settle(self) -> int:
        """How many steps are for learning."""
        return min(round(_SETTLE_H / self.step_h), len(self.value[0]) // 4)


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
    before = start(list(floors), seen.positions, seen.step_h, None)
    found, past = _residuals(seen, floors, before)
    limits, rates = {}, {}
    for name in floors:
        history = _History(seen.values[name], found.pop(name), before.nearest, seen.step_h)
        limits[name], rates[name] = _limits(history, false_alarms_per_sensor_month)
    known = _learnt(list(floors), past, before)
    return Thresholds(seen.step_h, false_alarms_per_sensor_month, limits, rates, known)


def _floor(name: str, value: Floats) -> float:
    try:
        return floor_of(value)
    except ValueError as trouble:
        raise ValueError(f"values[{name!r}] {trouble}") from trouble


def _residuals(seen: Window, floors: Mapping[str, float], before: Carried) -> tuple[dict[str, Residual], ResidualPast]:
    """Return (residuals of the whole history, what has been learnt at its end)."""
    past, parts = before.residual, []
    for part in stretches(seen.stations, seen.steps):
        values = {name: np.ascontiguousarray(value[:, part]) for name, value in seen.values.items()}
        found, past = residuals(values, floors, before.nearest, past, When(part.start, seen.step_h))
        parts.append(found)
    return {name: _joined([found.pop(name) for found in parts]) for name in seen.values}, past


def _joined(parts: list[Residual]) -> Residual:
    arrays: list[Any] = []
    for field in fields(Residual):
        every = [getattr(part, field.name) for part in parts]
        arrays.append(None if every[0] is None else np.concatenate(every, axis=1))
    return Residual(*arrays)


def _limits(history: _History, budget: float) -> tuple[Limits, float]:
    """Return (limits of a property, alarms of a station and month that are to be expected at them)."""
    shape = fit_shape(history.value, history.residual)
    scales = _scales(history, shape)
    every, settle = _heights(history, shape, scales), When(history.settle, history.step_h)
    devices = int(np.count_nonzero(~np.isnan(history.value).all(axis=1)))  # not every station measures everything
    months = devices * (history.value.shape[1] - history.settle) * history.step_h / MONTH_H
    limit = fit_limit(every, months, budget, settle)
    return Limits(shape, scales, limit), expected_rate(every, months, limit, settle)


def _scales(history: _History, shape: Shape) -> dict[str, Scale]:
    block = max(round(BLOCK_H / history.step_h), 1)
    peaks: dict[str, list[Floats]] = {}
    for part, found in _statistics(history, shape, block):
        for name, statistic in found.items() if part.start else ():
            peaks.setdefault(name, []).append(block_peaks(statistic, block))
    return fit_scales({name: np.concatenate(parts, axis=1) for name, parts in peaks.items()})


def _heights(history: _History, shape: Shape, scales: Mapping[str, Scale]) -> Heights:
    calm, parts = np.zeros((len(KINDS), len(history.value)), np.bool_), []
    for part, found in _statistics(history, shape, 1):
        high, calm = heights(kind_scores(found, scales, history.nearest), part.start, calm)
        parts.append(high)
    return joined(parts)


def _statistics(history: _History, shape: Shape, block: int) -> Iterator[tuple[slice, dict[str, Floats]]]:
    """Yield (stretch, its statistics): the time for learning, then stretches of whole blocks of steps."""
    value, residual, nearest, step_h = history
    past = bank_start(len(value), len(residual.views), step_h)
    for part in stretches(*value.shape, first=history.settle, block=block):
        arrays: list[Any] = []
        for field in fields(Residual):
            array = getattr(residual, field.name)
            arrays.append(None if array is None else np.ascontiguousarray(array[:, part]))
        of = Residual(*arrays)
        found, past = statistics(np.ascontiguousarray(value[:, part]), of, shape, (nearest, step_h), past)
        yield part, found


def _learnt(names: list[str], past: ResidualPast, network: Carried) -> Learnt:
    alone = zip(series_of(names), past.alone, strict=True)
    witnessed = zip(names, past.witnessed, strict=True) if len(names) > 1 else ()
    return Learnt(
        network.positions,
        network.nearest,
        {name: learnt(part.regression) for name, part in alone},
        {name: learnt(part.regression) for name, part in witnessed},
    )
