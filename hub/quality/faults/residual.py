"""How far each station is from what its neighbours, and its own other instruments, let expect."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hub.quality.faults.background import neighbours, surroundings
from hub.quality.faults.fading import fading
from hub.quality.faults.regression import Moments, nothing_learnt, predict
from hub.quality.faults.window import Floats, Window

# The two whose sum is conserved, and the name of the sum.
OXIDANTS: Final = ("no2", "o3")
OXIDANT: Final = "no2+o3"
# Hours of evidence against: an offset, a slope on the network's level, a leaning on one neighbour or other instrument.
_RIDGE_OFFSET: Final = 5.0
_RIDGE: Final = 40.0
_RIDGE_WITNESS: Final = 60.0
# Scales expected before anything is learnt: of a logarithm, and of a residual in its own scale.
_LOG_SCALE: Final = 0.25
_OWN_SCALE: Final = 0.9
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


@dataclass(frozen=True, eq=False)
class Learnt:
    """What regressions know of a network.

    Attributes:
        positions: (n, 2), of its stations.
        nearest: intp (n, k), rows of each one's neighbours.
        alone, witnessed: moments by property; the witnesses of a property are the others in alphabetical order.
    """

    positions: Floats
    nearest: NDArray[np.intp]
    alone: Mapping[str, Moments]
    witnessed: Mapping[str, Moments]


def residuals(seen: Window, floors: Mapping[str, float], known: Learnt | None) -> tuple[dict[str, Residual], Learnt]:
    """Return (residuals by property, what is known at the end).

    Args:
        seen: values of the network.
        floors: what is added to each property before the logarithm, in its unit.
        known: before the first step; stations are recognised by their position, None where nothing is known.
    """
    nearest = neighbours(seen.positions)
    series = _with_oxidant(seen.values)
    floors = {OXIDANT: sum(floors.get(part, 0.0) for part in OXIDANTS), **floors}
    alone, levels, learnt = {}, {}, {}
    for name, value in series.items():
        typical = float(np.log(floors[name] * _TYPICAL_FLOORS))
        log = np.log(np.maximum(value, 0.0) + floors[name])
        centre, by = surroundings(log, nearest, typical)
        ridge = np.concatenate([[_RIDGE_OFFSET], np.full(by.shape[1] - 1, _RIDGE)])
        start = _carried(known, name, seen, nearest) or nothing_learnt(seen.stations, by.shape[1], _LOG_SCALE)
        excess, scale, learnt[name] = predict(log - centre, by, ridge, start, seen.step_h)
        alone[name] = (log - centre - excess) / scale
        levels[name] = by[:, 1] + typical + excess
    witnessed, backed = _witnessed({name: alone[name] for name in seen.values}, known, seen)
    slow = {name: _centred(off, seen.step_h) for name, off in alone.items()}
    found = {name: Residual(levels[name], slow[name], _centred(witnessed[name], seen.step_h)) for name in seen.values}
    for name in OXIDANTS if OXIDANT in series else ():
        share = np.exp(np.minimum(levels[name] - levels[OXIDANT], 0.0))
        found[name] = replace(found[name], oxidant=slow[OXIDANT], share=share)
    return found, Learnt(seen.positions, nearest, learnt, backed)


def _with_oxidant(values: Mapping[str, Floats]) -> dict[str, Floats]:
    if not set(OXIDANTS) <= set(values):
        return dict(values)
    return {**values, OXIDANT: values[OXIDANTS[0]] + values[OXIDANTS[1]]}


# A typical value is about so many floors (floor = 0.15 medians, plus the floor itself).
_TYPICAL_FLOORS: Final = 7.0


def _witnessed(
    alone: Mapping[str, Floats], known: Learnt | None, seen: Window
) -> tuple[dict[str, Floats], dict[str, Moments]]:
    explained, learnt = {}, {}
    heard = {name: np.clip(np.nan_to_num(off), -_WITNESS_REACH, _WITNESS_REACH) for name, off in alone.items()}
    for name, off in alone.items():
        others = [other for other in alone if other != name]
        if not others:
            return {name: np.full_like(off, np.nan)}, {}
        by = np.stack([heard[other] for other in others], axis=1)
        start = _carried_witness(known, name, others, seen) or nothing_learnt(seen.stations, len(others), _OWN_SCALE)
        share, scale, learnt[name] = predict(off, by, np.full(len(others), _RIDGE_WITNESS), start, seen.step_h)
        explained[name] = (off - share) / scale
    return explained, learnt


def _centred(off: Floats, step_h: float) -> Floats:
    """Return the residual less its own slow mean."""
    there = ~np.isnan(off)
    held = np.clip(np.where(there, off, 0.0), -_SLOW_REACH, _SLOW_REACH)
    memory = _SLOW_H / step_h
    start = _SLOW_START_H / _SLOW_H * np.exp(-np.arange(off.shape[1]) / memory)
    centred: Floats = off - fading(held, memory) / (fading(there.astype(np.float64), memory) + start)
    return centred


def _rows(known: Learnt, positions: Floats) -> NDArray[np.intp]:
    """Return the row of each position in what is known, -1 where it is not, or not alone there."""
    same = np.abs(positions[:, None] - known.positions[None]).max(axis=2) < 1e-6
    return np.where(same.sum(axis=1) == 1, same.argmax(axis=1), -1)


def _carried(known: Learnt | None, name: str, seen: Window, nearest: NDArray[np.intp]) -> Moments | None:
    if known is None or name not in known.alone:
        return None
    rows = _rows(known, seen.positions)
    old, new = known.nearest[rows], rows[nearest]
    same = (old[:, None, :] == new[:, :, None]) & (new >= 0)[:, :, None]
    slots = np.where(same.any(axis=2), same.argmax(axis=2) + 2, -1) if old.shape[1] else np.full(new.shape, -1)
    return _or_start(
        known.alone[name].rows(rows, np.hstack([np.tile([0, 1], (len(rows), 1)), slots])), rows, _LOG_SCALE
    )


def _carried_witness(known: Learnt | None, name: str, others: list[str], seen: Window) -> Moments | None:
    if known is None or name not in known.witnessed:
        return None
    before = [other for other in known.alone if other not in {name, OXIDANT}]
    slots = np.array([before.index(other) if other in before else -1 for other in others])
    rows = _rows(known, seen.positions)
    return _or_start(known.witnessed[name].rows(rows, np.tile(slots, (len(rows), 1))), rows, _OWN_SCALE)


def _or_start(carried: Moments, rows: NDArray[np.intp], scale: float) -> Moments:
    fresh = nothing_learnt(carried.with_target.shape[0], carried.with_target.shape[1], scale)
    square = np.where((rows >= 0)[:, None], carried.square, fresh.square)
    return Moments(carried.cross, carried.with_target, square)
