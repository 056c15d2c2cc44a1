"""A local excess that is pollution, not a fault."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from hub.quality.faults.fading import fading
from hub.quality.faults.residual import Residual
from hub.quality.faults.shape import Shape
from hub.quality.faults.window import Bools, Floats

# Mean excess over a few hours, in standard deviations, of the property itself and of the best other one.
_MEMORY_H: Final = 3.0
_REACH: Final = 4.0
_EXCESS: Final = 1.4
_BACKED: Final = 0.8
# Longer than this it is no plume.
_LONGEST_H: Final = 24.0


def plumes(found: Mapping[str, Residual], shapes: Mapping[str, Shape], step_h: float) -> dict[str, Bools]:
    """Return bool (n, t) by property: a short excess over the neighbours that another property shows as well.

    Where there is only one property, nothing contradicts it: its excess counts.
    """
    means = {name: _mean(residual, shapes[name], step_h) for name, residual in found.items()}
    return {name: _short((mean > _EXCESS) & _backed(means, name), step_h) for name, mean in means.items()}


def _mean(residual: Residual, shape: Shape, step_h: float) -> Floats:
    standard = np.nan_to_num(residual.alone / shape.at(residual.level, shape.spread[0]))
    return fading(np.clip(standard, -_REACH, _REACH), _MEMORY_H / step_h)


def _backed(means: Mapping[str, Floats], name: str) -> Bools:
    others = [mean for other, mean in means.items() if other != name]
    if not others:
        return np.ones(means[name].shape, np.bool_)
    backed: Bools = np.max(others, axis=0) > _BACKED
    return backed


def _short(excess: Bools, step_h: float) -> Bools:
    at = np.arange(excess.shape[1])
    since = np.maximum.accumulate(np.where(excess, -1, at), axis=1)
    return excess & ((at - since) * step_h <= _LONGEST_H)
