"""What the neighbours say a station should read."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hub.quality.faults.fading import newest
from hub.quality.faults.window import Floats

Places = NDArray[np.intp]

NEIGHBOURS: Final = 12
# Stations whose distances to all others are in memory at once.
_BLOCK: Final = 256
# A neighbour further from the middle than this (in logarithms) counts as there: one that lies pulls no harder.
_REACH: Final = 1.2


def neighbours(positions: Floats) -> Places:
    """Return intp (n, k), the rows of each station's nearest others, k at most 12; ties by longitude and latitude."""
    if not len(positions):
        return np.zeros((0, 0), np.intp)
    flat = positions * np.array([np.cos(np.deg2rad(positions[:, 1].mean())), 1.0])
    blocks = [_nearest(flat, positions, first) for first in range(0, len(positions), _BLOCK)]
    return np.concatenate(blocks)


def _nearest(flat: Floats, positions: Floats, first: int) -> Places:
    rows = np.arange(first, min(first + _BLOCK, len(flat)))
    away = np.hypot(*(flat[rows, None] - flat[None]).transpose(2, 0, 1))
    away[np.arange(len(rows)), rows] = np.inf
    east, north = (np.broadcast_to(positions[:, axis], away.shape) for axis in (0, 1))
    return np.lexsort((north, east, away.round(9)), axis=1)[:, : min(NEIGHBOURS, len(flat) - 1)]


def middle(x: Floats) -> Floats:
    """Return the median over axis 1 of x (n, k, t), NaN skipped; NaN where there is nothing."""
    if not x.shape[1]:
        return np.full((x.shape[0], x.shape[2]), np.nan)
    ranked = np.sort(x, axis=1)
    count = (~np.isnan(x)).sum(axis=1)
    low = np.maximum(count - 1, 0) // 2
    high = np.minimum(count // 2, x.shape[1] - 1)
    pair = (np.take_along_axis(ranked, at[:, None], axis=1)[:, 0] for at in (low, high))
    centre: Floats = 0.5 * sum(pair, np.zeros(1))
    return centre


def surroundings(log: Floats, nearest: Places, typical: float, last: Floats) -> tuple[Floats, Floats, Floats]:
    """Return (median of the neighbours (n, t), regressors (n, 2 + k, t), the newest median (n,)).

    The regressors are 1, the median's distance from `typical`, and each neighbour's distance from the median (0 where
    it is missing).

    Args:
        log: (n, t) logarithm of the values, NaN where missing.
        nearest: (n, k) rows of the neighbours.
        typical: logarithm of a typical value, which stands for a median that has never been seen.
        last: (n,) newest median before, NaN where there is none.
    """
    around = log[nearest]
    centre = middle(around)
    by = np.empty((log.shape[0], 2 + nearest.shape[1], log.shape[1]))
    by[:, 0] = 1.0
    known = newest(centre, last, np.isnan(centre))
    by[:, 1] = np.where(np.isnan(known[:, 1:]), typical, known[:, 1:]) - typical
    by[:, 2:] = np.clip(np.nan_to_num(around - centre[:, None]), -_REACH, _REACH)
    return centre, by, known[:, -1].copy()
