"""How far each station is from what its neighbours, and its own other instruments, let expect."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np

from hub.quality.faults.background import Places, surroundings
from hub.quality.faults.fading import fading
from hub.quality.faults.regression import Regression, predict
from hub.quality.faults.window import Floats, When

# The two whose sum is conserved, and the name of the sum.
OXIDANTS: Final = ("no2", "o3")
OXIDANT: Final = "no2+o3"
# Hours of evidence against: an offset, a slope on the network's level, a leaning on one neighbour or other instrument.
_RIDGE_OFFSET: Final = 5.0
_RIDGE: Final = 40.0
_RIDGE_WITNESS: Final = 60.0
# A typical value is about so many floors (floor = 0.15 medians, plus the floor itself).
_TYPICAL_FLOORS: Final = 7.0
# Scales expected before anything is learnt: of a logarithm, and of a residual in its own scale.
LOG_SCALE: Final = 0.25
OWN_SCALE: Final = 0.9
# A witness beyond so many of its standard deviations counts as there: one that lies pulls so much and no more.
_WITNESS_REACH: Final = 4.0
# What stays for weeks is the station's own: days of memory, and days that its first zero weighs.
_SLOW_H: Final = 40 * 24.0
_SLOW_START_H: Final = 10 * 24.0
_SLOW_REACH: Final = 2.0


@dataclass(frozen=True, eq=False)
class Residual:
    """Of one property, each (n, t); NaN where the value or the background is missing.

    Attributes:
        level: logarithm of what the neighbours let expect (never NaN).
        alone: logarithm of the value less `level`, in standard deviations of the station.
        witnessed: the same, less what the station's other properties explain; NaN where there is no other.
        oxidant: of NO2 + O3, for either of them where both are measured: sunlight turns one into the other, so that the
            sum is smoother over a city than its parts.
        share: about the property's part of NO2 + O3.
    """

    level: Floats
    alone: Floats
    witnessed: Floats
    oxidant: Floats | None = None
    share: Floats | None = None

    @property
    def views(self) -> tuple[tuple[Floats, Floats | float], ...]:
        """Return (residual, part of a fault that shows in it) of each way to look at the property."""
        views: tuple[tuple[Floats, Floats | float], ...] = ((self.alone, 1.0), (self.witnessed, 1.0))
        return views if self.oxidant is None or self.share is None else (*views, (self.oxidant, self.share))


class SlowPast(NamedTuple):
    """Of a station's own slow mean, each (n,): what is held of its residuals, and of how many there were."""

    off: Floats
    there: Floats


class AlonePast(NamedTuple):
    """Of one series: the newest median of the neighbours (n,) in logarithms, what it has learnt, its slow mean."""

    around: Floats
    regression: Regression
    slow: SlowPast


class WitnessedPast(NamedTuple):
    """Of one property beside the station's others."""

    regression: Regression
    slow: SlowPast


class ResidualPast(NamedTuple):
    """What residuals depend on of earlier steps.

    Attributes:
        alone: by series, in the order of `series_of`.
        witnessed: by property, in alphabetical order; its witnesses are the others in that order.
    """

    alone: tuple[AlonePast, ...]
    witnessed: tuple[WitnessedPast, ...]


def series_of(properties: list[str]) -> list[str]:
    """Return the properties and, where its parts are among them, the sum that is judged beside them."""
    return [*properties, OXIDANT] if set(OXIDANTS) <= set(properties) else properties


def slow_start(n: int) -> SlowPast:
    """Return the slow mean before the first step: a zero that weighs as much as some days."""
    return SlowPast(np.zeros(n), np.full(n, _SLOW_START_H / _SLOW_H))


def ridge_alone(regressors: int) -> Floats:
    """Return the ridge of a regression on the surroundings."""
    return np.concatenate([[_RIDGE_OFFSET], np.full(regressors - 1, _RIDGE)])


def ridge_witnessed(witnesses: int) -> Floats:
    """Return the ridge of a regression on a station's other properties."""
    return np.full(witnesses, _RIDGE_WITNESS)


def residuals(
    values: Mapping[str, Floats], floors: Mapping[str, float], nearest: Places, past: ResidualPast, when: When
) -> tuple[dict[str, Residual], ResidualPast]:
    """Return (residuals by property, what is carried on).

    Args:
        values: (n, t) by property in alphabetical order, NaN where missing.
        floors: what is added to each property before the logarithm, in its unit.
        nearest: (n, k) rows of the neighbours.
        past: before the first step.
        when: the first step.
    """
    every = {**floors, OXIDANT: sum(floors.get(part, 0.0) for part in OXIDANTS)}
    alone, levels, slow, heard = {}, {}, {}, []
    for name, before in zip(series_of(list(values)), past.alone, strict=True):
        value = values[OXIDANTS[0]] + values[OXIDANTS[1]] if name == OXIDANT else values[name]
        typical = float(np.log(every[name] * _TYPICAL_FLOORS))
        log = np.log(np.maximum(value, 0.0) + every[name])
        centre, by, around = surroundings(log, nearest, typical, before.around)
        excess, scale, learnt = predict(log - centre, by, ridge_alone(by.shape[1]), before.regression, when)
        alone[name] = (log - centre - excess) / scale
        levels[name] = by[:, 1] + typical + excess
        slow[name], held = _centred(alone[name], before.slow, when.step_h)
        heard.append(AlonePast(around, learnt, held))
    witnessed, backed = _witnessed({name: alone[name] for name in values}, past.witnessed, when)
    found = {name: Residual(levels[name], slow[name], witnessed[name]) for name in values}
    for name in OXIDANTS if OXIDANT in alone else ():
        share = np.exp(np.minimum(levels[name] - levels[OXIDANT], 0.0))
        found[name] = replace(found[name], oxidant=slow[OXIDANT], share=share)
    return found, ResidualPast(tuple(heard), backed)


def _witnessed(
    alone: Mapping[str, Floats], past: tuple[WitnessedPast, ...], when: When
) -> tuple[dict[str, Floats], tuple[WitnessedPast, ...]]:
    if len(alone) == 1:
        return {name: np.full_like(off, np.nan) for name, off in alone.items()}, past
    heard = {name: np.clip(np.nan_to_num(off), -_WITNESS_REACH, _WITNESS_REACH) for name, off in alone.items()}
    explained, carried = {}, []
    for (name, off), before in zip(alone.items(), past, strict=True):
        by = np.stack([heard[other] for other in alone if other != name], axis=1)
        share, scale, learnt = predict(off, by, ridge_witnessed(by.shape[1]), before.regression, when)
        explained[name], slow = _centred((off - share) / scale, before.slow, when.step_h)
        carried.append(WitnessedPast(learnt, slow))
    return explained, tuple(carried)


def _centred(off: Floats, past: SlowPast, step_h: float) -> tuple[Floats, SlowPast]:
    """Return the residual less its own slow mean."""
    there = ~np.isnan(off)
    held = np.clip(np.where(there, off, 0.0), -_SLOW_REACH, _SLOW_REACH)
    memory = _SLOW_H / step_h
    mean, left = fading(held, memory, past.off)
    count, counted = fading(there.astype(np.float64), memory, past.there)
    return off - mean / count, SlowPast(left, counted)
