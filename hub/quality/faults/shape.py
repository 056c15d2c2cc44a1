"""How a property's residuals, jumps and repeats go with its level, learnt on history."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from hub.quality.faults.fading import before
from hub.quality.faults.residual import Residual
from hub.quality.faults.window import Floats

FLOOR_SHARE: Final = 0.15
_LOW_SHARE: Final = 0.08
_RANKS: Final = (0.03, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 0.98)
_NORMAL: Final = 1.4826
_LEAST_REPEAT: Final = 0.005
# Part of the floor that a gain still moves where the air is clean, and part of an offset where it is dirty.
_GAIN_LEFT: Final = 0.3
_OFFSET_LEFT: Final = 0.02


@dataclass(frozen=True, eq=False)
class Shape:
    """Of one property.

    Attributes:
        floor: added before the logarithm, in the property's unit: 0.15 medians.
        low: a value up to this is at the bottom of the scale: 0.08 medians.
        levels: (8,), logarithms of value + floor at which the next are known.
        spread: (v, 8), standard deviation of each view of the residual at a level; v = 3 for NO2 and O3, else 2.
        jump: (v, 8), of its change from one value to the next.
        gain_unit, offset_unit: (v,), make the squared weights of a drift 1 on average.
        values: (m,), values at which `repeat` is known.
        repeat: (m,), share of values that equal the one before.
    """

    floor: float
    low: float
    levels: Floats
    spread: Floats
    jump: Floats
    gain_unit: Floats
    offset_unit: Floats
    values: Floats
    repeat: Floats

    def at(self, level: Floats, table: Floats) -> Floats:
        """Return a row of `spread` or `jump` at each level."""
        return np.interp(level, self.levels, table)

    def gain(self, level: Floats) -> Floats:
        """Return how much of a gain shows in the logarithm at a level."""
        return (self._expected(level) + _GAIN_LEFT * self.floor) / (self._expected(level) + self.floor)

    def offset(self, level: Floats) -> Floats:
        """Return how much of an offset of a floor shows in the logarithm at a level."""
        return self.floor / (self._expected(level) + self.floor) + _OFFSET_LEFT

    def surprise(self, value: Floats) -> Floats:
        """Return the negative logarithm of the chance that a value repeats."""
        surprise: Floats = -np.log(np.interp(value, self.values, self.repeat))
        return surprise

    def _expected(self, level: Floats) -> Floats:
        return np.maximum(np.exp(level) - self.floor, 0.0)


def floor_of(value: Floats) -> float:
    """Return what is added to a property before its logarithm.

    A share of the median; of devices that read below 0 half of the time, as electrochemical cells of NO2 do in clean
    air, of half the span of the middle four fifths.

    Raises:
        ValueError: nearly all values are the same, or there are none.
    """
    seen = value[~np.isnan(value)]
    typical = float(np.median(seen)) if seen.size else 0.0
    if seen.size and typical <= 0:
        low, high = np.quantile(seen, (0.1, 0.9)).tolist()
        typical = (high - low) / 2
    if typical <= 0:
        raise ValueError("has no median above 0 and hardly varies: give a history with values")
    return FLOOR_SHARE * typical


def fit_shape(value: Floats, residual: Residual) -> Shape:
    """Return the shape of a property from its history, both of (n, t)."""
    floor = floor_of(value)
    levels = _rising(np.quantile(residual.level, _RANKS))
    at = np.searchsorted((levels[1:] + levels[:-1]) / 2, residual.level)
    offs, shares = zip(*residual.views, strict=True)
    spread = np.stack([_by_bin(np.abs(off), at, len(levels)) for off in offs])
    jump = np.stack([_by_bin(np.abs(off - _earlier(off)), at, len(levels)) for off in offs])
    values, repeat = _repeats(value)
    draft = Shape(floor, _LOW_SHARE / FLOOR_SHARE * floor, levels, spread, jump, np.ones(3), np.ones(3), values, repeat)
    gain, offset = (
        np.array(
            [_unit(share * template / draft.at(residual.level, row)) for row, share in zip(spread, shares, strict=True)]
        )
        for template in (draft.gain(residual.level), draft.offset(residual.level))
    )
    return replace(draft, gain_unit=gain, offset_unit=offset)


def _earlier(x: Floats) -> Floats:
    """Return the newest value of x (n, t) that is not NaN before each step; NaN at the first."""
    return before(x, np.full(len(x), np.nan))[0]


def _unit(weight: Floats) -> float:
    """Return what makes the mean square of a weight 1."""
    return float(1 / np.sqrt(np.mean(weight**2)))


def _rising(ranks: Floats) -> Floats:
    """Return the ranks made strictly rising, as interpolation asks for."""
    rising: Floats = ranks + 1e-9 * np.arange(len(ranks))
    return rising


def _by_bin(size: Floats, at: np.ndarray, bins: int) -> Floats:
    """Return the robust standard deviation of each bin; that of all where a bin is empty, 1 where all are."""
    every = size[~np.isnan(size)]
    fallback = _NORMAL * float(np.median(every)) if every.size else 1.0
    found = np.full(bins, fallback)
    for index in range(bins):
        own = size[(at == index) & ~np.isnan(size)]
        if own.size:
            found[index] = _NORMAL * float(np.median(own))
    bounded: Floats = np.maximum(found, 0.05 * max(fallback, 0.02))
    return bounded


def _repeats(value: Floats) -> tuple[Floats, Floats]:
    there = ~np.isnan(value)
    values = np.unique(np.quantile(value[there], _RANKS))
    at = np.searchsorted((values[1:] + values[:-1]) / 2, np.nan_to_num(value))
    same = value == _earlier(value)
    shares = [
        np.mean(same[there & (at == index)]) if (there & (at == index)).any() else 0.0 for index in range(len(values))
    ]
    return values, np.clip(shares, _LEAST_REPEAT, 0.999)
