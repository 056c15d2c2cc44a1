"""Causal filters along time (the last axis): what they give at a step depends on that step and on earlier ones only."""

from typing import Final

import numpy as np
from scipy.ndimage import maximum_filter1d
from scipy.signal import lfilter

from hub.quality.faults.window import Bools, Floats

_EVER: Final = -np.inf


def fading(x: Floats, steps: float) -> Floats:
    """Return the exponentially fading mean of x (no NaN) over a memory of so many steps, from 0."""
    kept = float(np.exp(-1.0 / steps))
    faded: Floats = lfilter([1.0 - kept], [1.0, -kept], x, axis=-1)
    return faded


def window_sum(x: Floats, steps: int) -> Floats:
    """Return the sum of x (n, t) over the last so many steps."""
    total = np.cumsum(x, axis=-1)
    total[:, steps:] -= total[:, :-steps].copy()
    return total


def window_max(x: Floats, steps: int) -> Floats:
    """Return the greatest value of x (n, t) in the so many steps before each, NaN skipped; -inf where there is none."""
    filled = np.where(np.isnan(x), _EVER, x)
    greatest = np.full_like(filled, _EVER)
    inner = maximum_filter1d(filled, steps, axis=1, origin=(steps - 1) // 2, mode="constant", cval=_EVER)
    greatest[:, 1:] = inner[:, :-1]
    return greatest


def run_sum(add: Floats, broken: Bools) -> Floats:
    """Return the sum of add (n, t) since the last step that was broken; a step that adds 0 neither breaks nor adds."""
    total = np.cumsum(add, axis=1)
    offset = np.maximum.accumulate(np.where(broken, total, 0.0), axis=1)
    return total - offset


def newest(x: Floats) -> Floats:
    """Return the newest value of x (n, t) that is not NaN at or before each step."""
    at = np.maximum.accumulate(np.where(np.isnan(x), 0, np.arange(x.shape[1])), axis=1)
    return np.take_along_axis(x, at, axis=1)


def before(x: Floats) -> Floats:
    """Return the newest value of x (n, t) that is not NaN before each step; NaN at the first."""
    earlier = np.full_like(x, np.nan)
    earlier[:, 1:] = newest(x)[:, :-1]
    return earlier
