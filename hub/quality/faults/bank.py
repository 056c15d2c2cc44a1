"""The statistics: each says how strongly one kind of fault shows at a step, from that step and earlier ones."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from hub.quality.faults.cause import Cause
from hub.quality.faults.fading import before, fading, run_sum, window_max, window_sum
from hub.quality.faults.residual import Residual
from hub.quality.faults.shape import Shape
from hub.quality.faults.window import Bools, Floats

# Memories of the fading means, in hours: of a gain, an offset, a noise.
_GAIN_H: Final = (24.0, 72.0, 200.0, 400.0)
_OFFSET_H: Final = (24.0, 100.0, 300.0)
_NOISE_H: Final = (12.0, 36.0)
# A residual beyond so many standard deviations moves a mean no further: a plume or a gross error is no drift.
_DRIFT_REACH: Final = 1.3
# Energy that keeps a mean near 0 until there is something to see.
_QUIET: Final = 0.1
_QUIET_NOISE: Final = 0.15
_NOISE_REACH: Final = 5.0
# A spike counts from so many standard deviations of a jump, and up to so many more, over so long.
_SPIKE_FROM: Final = 3.0
_SPIKE_REACH: Final = 8.0
_SPIKE_H: Final = 72.0
_DROP_REACH: Final = 8.0
_CLIP_REACH: Final = 3.0
_CLIP_H: Final = 120.0

CAUSES: Final[dict[str, Cause]] = {
    "gain": Cause.DRIFT,
    "offset": Cause.DRIFT,
    "noise": Cause.NOISE,
    "spike": Cause.SPIKE,
    "drop": Cause.DROPOUT,
    "repeat": Cause.STUCK,
    "clip": Cause.STUCK,
}


def statistics(value: Floats, residual: Residual, shape: Shape, step_h: float) -> Iterator[tuple[str, Floats]]:
    """Yield (name, (n, t) statistic): "kind/what"; the kind is a key of CAUSES.

    Args:
        value: (n, t) in the property's unit, NaN where missing.
        residual: of the value.
        shape: of the property.
        step_h: hours a step.
    """
    for row, (off, share) in enumerate(residual.views):
        spread = shape.at(residual.level, shape.spread[row])
        templates = {
            "gain": (share * shape.gain(residual.level) * shape.gain_unit[row] / spread, _GAIN_H),
            "offset": (share * shape.offset(residual.level) * shape.offset_unit[row] / spread, _OFFSET_H),
        }
        for kind, (weight, memories) in templates.items():
            for memory_h in memories:
                mean = _drift(off / spread, weight, memory_h / step_h)
                yield f"{kind}/{row}+{memory_h:.0f}", mean
                yield f"{kind}/{row}-{memory_h:.0f}", -mean
        yield from _jumps(off, shape.at(residual.level, shape.jump[row]), row, step_h)
    standard = np.nan_to_num(residual.alone / shape.at(residual.level, shape.spread[0]))
    missing = np.isnan(value)
    low = value <= shape.low
    yield "drop/run", run_sum(np.where(low, np.clip(-standard, 0.0, _DROP_REACH), 0.0), ~low & ~missing)
    same = value == before(value)
    repeats = np.where(same, shape.surprise(np.nan_to_num(value)), 0.0)
    yield "repeat/run", run_sum(repeats, ~same & ~missing)
    yield "clip/count", _clipping(value, standard, step_h)


def _drift(off: Floats, weight: Floats, steps: float) -> Floats:
    """Return the fading mean of a residual in standard deviations, in units of its own noise."""
    there = ~np.isnan(off)
    held = np.clip(np.where(there, off, 0.0), -_DRIFT_REACH, _DRIFT_REACH)
    heard = np.where(there, weight, 0.0)
    mean: Floats = fading(heard * held, steps) / np.sqrt(fading(heard**2, steps) + _QUIET)
    return mean


def _jumps(off: Floats, unit: Floats, row: int, step_h: float) -> Iterator[tuple[str, Floats]]:
    """Yield the statistics of changes from one value to the next, a change measured in `unit` (n, t)."""
    jump = (off - before(off)) / unit
    there: Bools = ~np.isnan(jump)
    size = np.where(there, jump, 0.0)
    for memory_h in _NOISE_H:
        steps = memory_h / step_h
        seen = fading(there.astype(np.float64), steps)
        yield (
            f"noise/{row}:{memory_h:.0f}",
            fading(np.minimum(np.abs(size), _NOISE_REACH), steps) / (seen + _QUIET_NOISE),
        )
    there_and_back = np.minimum(np.nan_to_num(before(jump)), -size)
    height = np.clip(there_and_back - _SPIKE_FROM, 0.0, _SPIKE_REACH)
    yield f"spike/{row}", window_sum(height, max(round(_SPIKE_H / step_h), 1))


def _clipping(value: Floats, standard: Floats, step_h: float) -> Floats:
    """Return how often the greatest value of some days came again while more was to be expected."""
    steps = max(round(_CLIP_H / step_h), 1)
    again = value == window_max(value, steps)
    return window_sum(np.where(again, np.clip(-standard, 0.0, _CLIP_REACH), 0.0), steps)
