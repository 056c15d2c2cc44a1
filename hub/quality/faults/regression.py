"""Regression that learns as time passes: what it predicts in a week stems from the weeks before."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.quality.faults.window import Bools, Floats, When

Places = NDArray[np.intp]

BLOCK_H: Final = 168.0
# Weeks after which an old one counts 1/e: half a year, long beside a drift, short beside a rebuilt street.
_MEMORY: Final = 26.0
# A residual beyond so many standard deviations pulls no harder than one there (Huber).
_KNEE: Final = 1.5
# The starting scale weighs as much as so many hours.
_START_H: Final = 50.0
# Steps whose products are summed at once, counted from the block's first: so sums do not depend on how time is cut.
_SPAN: Final = 8


class Moments(NamedTuple):
    """What a regression has learnt of n series with d regressors.

    Attributes:
        cross: (n, d, d), sums of the regressors' products.
        with_target: (n, d), sums of their products with the target.
        square: (n, 2), sum of squared residuals and of weights.
    """

    cross: Floats
    with_target: Floats
    square: Floats

    def rows(self, series: Places, slots: Places) -> "Moments":
        """Return the moments of other series: (m,) rows here, (m, d) regressors here; -1 where there is none."""
        known = (slots >= 0) & (series >= 0)[:, None]
        at = series[:, None, None]
        cross = self.cross[at, slots[:, :, None], slots[:, None, :]] * (known[:, :, None] & known[:, None, :])
        return Moments(cross, self.with_target[series[:, None], slots] * known, self.square[series])


class Regression(NamedTuple):
    """Moments, and where a regression is in its block.

    Attributes:
        moments: of the spans that are complete.
        slope: (n, d), with which this block is predicted.
        deviation: (n,), standard deviation of the residual, of this block.
        tail: (n, d + 3, k < 8), the steps of the span that is not: regressors, target, squared residual, weight.
    """

    moments: Moments
    slope: Floats
    deviation: Floats
    tail: Floats


def nothing_learnt(n: int, d: int, scale: float) -> Moments:
    """Return the moments before the first value; scale is the standard deviation that is expected."""
    return Moments(np.zeros((n, d, d)), np.zeros((n, d)), np.tile([scale**2 * _START_H, _START_H], (n, 1)))


def started(moments: Moments) -> Regression:
    """Return the regression before its first block."""
    n, d = moments.with_target.shape
    return Regression(moments, np.zeros((n, d)), np.zeros(n), np.zeros((n, d + 3, 0)))


def opened(known: Regression, ridge: Floats) -> Regression:
    """Return the regression at the beginning of a block; ridge (d,) is hours of evidence for a coefficient of zero."""
    moments = known.moments
    slope = np.linalg.solve(moments.cross + np.diag(ridge), moments.with_target[..., None])[..., 0].astype(np.float64)
    deviation: Floats = np.sqrt(moments.square[:, 0] / moments.square[:, 1])
    kept = float(np.exp(-1.0 / _MEMORY))
    return Regression(Moments(*(kept * part for part in moments)), slope, deviation, known.tail)


def block_steps(step_h: float) -> int:
    """Return how many steps a block has."""
    return max(round(BLOCK_H / step_h), 1)


def predict(
    target: Floats, by: Floats, ridge: Floats, known: Regression, when: When
) -> tuple[Floats, Floats, Regression]:
    """Return (prediction (n, t), scale (n, t) of its residual, the regression at the end).

    Args:
        target: (n, t), NaN where missing.
        by: (n, d, t) regressors, no NaN.
        ridge: (d,) hours of evidence for a coefficient of zero.
        known: before the first step.
        when: the first step.
    """
    predicted, scale = np.zeros_like(target), np.zeros_like(target)
    block, steps, begin = block_steps(when.step_h), target.shape[1], 0
    while begin < steps:
        place = (when.at + begin) % block
        end = min(begin + block - place, steps)
        known = known if place else opened(known, ridge)
        for slope, regressor in zip(known.slope.T, by.transpose(1, 0, 2), strict=True):
            predicted[:, begin:end] += slope[:, None] * regressor[:, begin:end]
        scale[:, begin:end] = known.deviation[:, None]
        part = np.s_[..., begin:end]
        seen = _weighed(target[part], by[part], predicted[part], known.deviation, when.step_h)
        known = _heard(known, seen, last=place + end - begin == block)
        begin = end
    return predicted, scale, known


def learnt(known: Regression) -> Moments:
    """Return the moments with the steps of the span that is not complete."""
    return _summed(known.moments, known.tail, max(known.tail.shape[2], 1))


def _weighed(target: Floats, by: Floats, predicted: Floats, deviation: Floats, step_h: float) -> Floats:
    """Return what `tail` holds of new steps, (n, d + 3, t)."""
    there = ~np.isnan(target)
    off = np.where(there, np.abs(target - predicted), 0.0)
    weight = step_h * there / np.maximum(1.0, off / (_KNEE * deviation[:, None]))
    rows = np.stack([np.where(there, target, 0.0), off**2, weight], axis=1)
    return np.concatenate([by, rows], axis=1)


def _heard(known: Regression, seen: Floats, *, last: bool) -> Regression:
    """Return the regression after new steps of a block; `last` where they end it."""
    tail = np.concatenate([known.tail, seen], axis=2)
    steps = tail.shape[2]
    whole = steps - steps % _SPAN
    moments = _summed(known.moments, tail[:, :, :whole], _SPAN)
    tail = tail[:, :, whole:].copy()
    if last and steps > whole:
        moments, tail = _summed(moments, tail, steps - whole), tail[:, :, :0]
    return known._replace(moments=moments, tail=tail)


def _summed(moments: Moments, tail: Floats, span: int) -> Moments:
    """Return the moments with the steps of some spans: each is summed by itself, then one after the other."""
    n, rows, steps = tail.shape
    if not steps:
        return moments
    spans = tail.reshape(n, rows, steps // span, span).transpose(0, 2, 1, 3)
    weight, ones = spans[:, :, -1:], np.ones((n, steps // span, 1, span))
    left = np.concatenate([spans[:, :, : rows - 3], spans[:, :, -2:-1], ones], axis=2) * weight
    right = np.concatenate([spans[:, :, : rows - 2], ones], axis=2)
    sums = left @ right.transpose(0, 1, 3, 2)
    total = np.zeros((n, rows - 1, rows - 1))
    total[:, :-2, :-2], total[:, :-2, -2], total[:, -2:, -1] = moments
    for one in sums.transpose(1, 0, 2, 3):
        total += one
    return Moments(total[:, :-2, :-2].copy(), total[:, :-2, -2].copy(), total[:, -2:, -1].copy())


def moved(old: Regression, fresh: Regression, series: Places, slots: Places, ridge: Floats | None) -> Regression:
    """Return the regression of other series in the midst of a block.

    Args:
        old: of the m series before.
        fresh: of the n series now, as if nothing were known of them; before its first block.
        series: (n,), row before of each series, -1 where there is none.
        slots: (n, d), regressor before of each regressor, -1 where there is none.
        ridge: (d,), None where `old` is at the end of a block.
    """
    begun = fresh if ridge is None else opened(fresh, ridge)
    known, row = series >= 0, series[:, None]
    held = (slots >= 0) & known[:, None]
    tail = old.tail[row, np.hstack([slots, np.tile(np.arange(-3, 0), (len(series), 1))])]
    tail *= np.hstack([held, np.tile(known[:, None], (1, 3))])[:, :, None]
    carried = old.moments.rows(series, slots)
    return Regression(
        Moments(*(_chosen(known, one, other) for one, other in zip(carried, begun.moments, strict=True))),
        _chosen(known, old.slope[row, slots] * held, begun.slope),
        _chosen(known, old.deviation[series], begun.deviation),
        tail,
    )


def _chosen(known: Bools, one: Floats, other: Floats) -> Floats:
    return np.where(known.reshape(-1, *[1] * (one.ndim - 1)), one, other)
