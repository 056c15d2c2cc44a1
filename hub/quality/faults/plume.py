"""A local excess that is pollution, not a fault."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

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


class PlumePast(NamedTuple):
    """Of one property, each (n,): what is held of the mean excess, and for how many steps it has been one."""

    mean: Floats
    steps: NDArray[np.int64]


def no_plume(n: int) -> PlumePast:
    """Return what is carried before the first step."""
    return PlumePast(np.zeros(n), np.zeros(n, np.int64))


def plumes(
    found: Mapping[str, Residual], shapes: Mapping[str, Shape], step_h: float, past: tuple[PlumePast, ...]
) -> tuple[dict[str, Bools], tuple[PlumePast, ...]]:
    """Return (bool (n, t) by property, what is carried on): a short excess that another property shows as well.

    Where there is only one property, nothing contradicts it: its excess over the neighbours counts.
    """
    means, held = {}, []
    for (name, residual), before in zip(found.items(), past, strict=True):
        means[name], mean = _mean(residual, shapes[name], step_h, before.mean)
        held.append(mean)
    short, carried = {}, []
    for name, mean, before in zip(means, held, past, strict=True):
        excess = (means[name] > _EXCESS) & _backed(means, name)
        steps = _steps(excess, before.steps)
        short[name] = excess & (steps * step_h <= _LONGEST_H)
        carried.append(PlumePast(mean, steps[:, -1].copy()))
    return short, tuple(carried)


def _mean(residual: Residual, shape: Shape, step_h: float, held: Floats) -> tuple[Floats, Floats]:
    standard = np.nan_to_num(residual.alone / shape.at(residual.level, shape.spread[0]))
    return fading(np.clip(standard, -_REACH, _REACH), _MEMORY_H / step_h, held)


def _backed(means: Mapping[str, Floats], name: str) -> Bools:
    others = [mean for other, mean in means.items() if other != name]
    if not others:
        return np.ones(means[name].shape, np.bool_)
    backed: Bools = np.max(others, axis=0) > _BACKED
    return backed


def _steps(excess: Bools, before: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for how many steps there has been an excess without a break."""
    at = np.arange(excess.shape[1])
    since: NDArray[np.int64] = np.maximum.accumulate(np.where(excess, -1 - before[:, None], at), axis=1)
    return at - since
