"""Causal filters along time (the last axis), each with what it carries from one call to the next.

What they give at a step depends on that step and on earlier ones only, and not on how time is cut into calls: sums over
many steps are of `whole` amounts, which floating point adds exactly in any order.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from hub.quality.faults.window import Bools, Floats

Singles = NDArray[np.float32]

# Amounts up to 8 are kept to so many parts of one: a float32 holds them exactly.
_PARTS: Final = 2.0**20


def fading(x: Floats, steps: float, held: Floats) -> tuple[Floats, Floats]:
    """Return (exponentially fading mean of x (..., t) over a memory of so many steps, what is held of it); no NaN.

    `held` (...,) is the mean at the step before, times what a step keeps of it: 0 where nothing was.
    """
    kept = float(np.exp(-1.0 / steps))
    if x.shape[-1] == 1:  # each hour of a live network
        one = held + (1.0 - kept) * x[..., 0]
        return one[..., None], kept * one
    from scipy.signal import lfilter  # noqa: PLC0415  # it brings so much of SciPy that a hub would start half as fast

    faded, left = lfilter([1.0 - kept], [1.0, -kept], x, axis=-1, zi=held[..., None])
    return faded, left[..., 0]


def whole(amount: Floats) -> Floats:
    """Return amounts rounded so that they add up exactly."""
    rounded: Floats = np.rint(amount * _PARTS) / _PARTS
    return rounded


def window_sum(amount: Floats, tail: Singles) -> tuple[Floats, Singles]:
    """Return (sum of whole amounts (n, t) over the last k steps, the newest k amounts (n, k)), k as in `tail`."""
    full = np.concatenate([tail, amount.astype(np.float32)], axis=1)
    come_and_gone = np.cumsum(amount - full[:, : amount.shape[1]], axis=1)
    return tail.sum(axis=1, dtype=np.float64)[:, None] + come_and_gone, _newest_of(full, tail)


def window_max(x: Floats, tail: Singles) -> tuple[Singles, Singles]:
    """Return (greatest of x (n, t) in the k steps before each, the newest k (n, k)); NaN is skipped, -inf is none."""
    before, steps = tail.shape[1], x.shape[1]
    full = np.concatenate([tail, np.where(np.isnan(x), -np.inf, x).astype(np.float32)], axis=1)
    if steps == 1:  # each hour of a live network
        return tail.max(axis=1)[:, None], _newest_of(full, tail)
    inner = maximum_filter1d(full, before, axis=1, origin=(before - 1) // 2, mode="constant", cval=-np.inf)
    return inner[:, before - 1 : before - 1 + steps], _newest_of(full, tail)


def run_sum(amount: Floats, broken: Bools, held: Floats) -> tuple[Floats, Floats]:
    """Return (sum of whole amounts (n, t) since the last step that was broken, that sum at the end (n,)).

    A step that adds 0 neither breaks nor adds.
    """
    total = held[:, None] + np.cumsum(amount, axis=1)
    runs: Floats = total - np.maximum.accumulate(np.where(broken, total, 0.0), axis=1)
    return runs, runs[:, -1].copy()


def newest(x: NDArray[Any], last: NDArray[Any], missing: Bools) -> NDArray[Any]:
    """Return (n, 1 + t): `last` (n,), then the newest value of x (n, t) that is not missing at or before each step."""
    full = np.concatenate([last[:, None], x], axis=1)
    if x.shape[1] == 1:  # each hour of a live network
        full[:, 1] = np.where(missing[:, 0], last, x[:, 0])
        return full
    at = np.zeros(full.shape, np.intp)
    at[:, 1:] = np.where(missing, 0, np.arange(1, full.shape[1]))
    return np.take_along_axis(full, np.maximum.accumulate(at, axis=1), axis=1)


def before(x: Floats, last: Floats) -> tuple[Floats, Floats]:
    """Return (newest value of x (n, t) that is not NaN before each step, that at the end (n,)); `last` came before."""
    seen: Floats = newest(x, last, np.isnan(x))
    return seen[:, :-1], seen[:, -1].copy()


def _newest_of(full: Singles, tail: Singles) -> Singles:
    return full[:, full.shape[1] - tail.shape[1] :].copy()
