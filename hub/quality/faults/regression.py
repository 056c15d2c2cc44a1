"""Regression that learns as time passes: what it predicts in a week stems from the weeks before."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hub.quality.faults.window import Floats

BLOCK_H: Final = 168.0
# Weeks after which an old one counts 1/e: half a year, long beside a drift, short beside a rebuilt street.
_MEMORY: Final = 26.0
# A residual beyond so many standard deviations pulls no harder than one there (Huber).
_KNEE: Final = 1.5
# The starting scale weighs as much as so many hours.
_START_H: Final = 50.0


@dataclass(frozen=True, eq=False)
class Moments:
    """What a regression has learnt of n series with d regressors.

    Attributes:
        cross: (n, d, d), sums of the regressors' products.
        with_target: (n, d), sums of their products with the target.
        square: (n, 2), sum of squared residuals and of weights.
    """

    cross: Floats
    with_target: Floats
    square: Floats

    def rows(self, series: NDArray[np.intp], slots: NDArray[np.intp]) -> "Moments":
        """Return the moments of other series: (m,) rows here, (m, d) regressors here; -1 where there is none."""
        known = (slots >= 0) & (series >= 0)[:, None]
        at = series[:, None, None]
        cross = self.cross[at, slots[:, :, None], slots[:, None, :]] * (known[:, :, None] & known[:, None, :])
        return Moments(cross, self.with_target[series[:, None], slots] * known, self.square[series])


def nothing_learnt(n: int, d: int, scale: float) -> Moments:
    """Return the moments before the first value; scale is the standard deviation that is expected."""
    return Moments(np.zeros((n, d, d)), np.zeros((n, d)), np.tile([scale**2 * _START_H, _START_H], (n, 1)))


def predict(
    target: Floats, by: Floats, ridge: Floats, learnt: Moments, step_h: float
) -> tuple[Floats, Floats, Moments]:
    """Return (prediction (n, t), scale (n, t) of its residual, the moments at the end).

    Args:
        target: (n, t), NaN where missing.
        by: (n, d, t) regressors, no NaN.
        ridge: (d,) hours of evidence for a coefficient of zero.
        learnt: moments before the first step.
        step_h: hours a step.
    """
    predicted, scale = np.zeros_like(target), np.zeros_like(target)
    block = max(round(BLOCK_H / step_h), 1)
    for begin in range(0, target.shape[1], block):
        span = slice(begin, begin + block)
        slope = np.linalg.solve(learnt.cross + np.diag(ridge), learnt.with_target[..., None])
        predicted[:, span] = (slope * by[:, :, span]).sum(axis=1)
        deviation = np.sqrt(learnt.square[:, 0] / learnt.square[:, 1])[:, None]
        scale[:, span] = deviation
        learnt = _learn(learnt, target[:, span] - predicted[:, span], (target[:, span], by[:, :, span]), step_h)
    return predicted, scale, learnt


def _learn(learnt: Moments, residual: Floats, seen: tuple[Floats, Floats], step_h: float) -> Moments:
    target, by = seen
    there = ~np.isnan(target)
    off = np.where(there, np.abs(residual), 0.0)
    deviation = np.sqrt(learnt.square[:, 0] / learnt.square[:, 1])[:, None]
    weight = step_h * there / np.maximum(1.0, off / (_KNEE * deviation))
    weighted = by * weight[:, None]
    kept = np.exp(-1.0 / _MEMORY)
    square = np.stack([(weight * off**2).sum(axis=1), weight.sum(axis=1)], axis=1)
    return Moments(
        kept * learnt.cross + weighted @ by.transpose(0, 2, 1),
        kept * learnt.with_target + (weighted @ np.where(there, target, 0.0)[..., None])[..., 0],
        kept * learnt.square + square,
    )
