"""Stations that come, leave or move, recognised by where they are."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hub.quality.faults.background import Places
from hub.quality.faults.window import Floats

Rows = NDArray[np.intp]

# Positions are compared in so many parts of a degree: a tenth of a metre.
_PARTS: Final = 1e6


def rows_of(known: Floats, positions: Floats) -> Rows:
    """Return intp (n,): the row in `known` (m, 2) of each of `positions` (n, 2), -1 where there is none.

    Devices that share a position are told apart by their order.
    """
    places = np.round(np.concatenate([known, positions]) * _PARTS).astype(np.int64)
    place = np.unique(places, axis=0, return_inverse=True)[1].reshape(-1)
    old, new = (_keys(part) for part in (place[: len(known)], place[len(known) :]))
    row = {key: at for at, key in enumerate(old)}
    return np.array([row.get(key, -1) for key in new], np.intp)


def _keys(place: NDArray[np.intp]) -> list[tuple[int, int]]:
    order = np.argsort(place, kind="stable")
    rank = np.empty(len(place), np.intp)
    rank[order] = np.arange(len(place)) - np.searchsorted(place[order], place[order])
    return list(zip(place.tolist(), rank.tolist(), strict=True))


def slots_of(old: Places, new: Places, rows: Rows) -> Rows:
    """Return intp (n, 2 + k): which old regressor each new one is, -1 where it is none.

    Args:
        old: (m, j) neighbours of the stations before.
        new: (n, k) neighbours now, as rows of now.
        rows: (n,) row before of each station of now, -1 where it is new.
    """
    before, now = old[rows], rows[new]
    same = (before[:, None, :] == now[:, :, None]) & (now >= 0)[:, :, None]
    found = np.where(same.any(axis=2), same.argmax(axis=2) + 2, -1) if old.shape[1] else np.full(now.shape, -1)
    return np.hstack([np.tile([0, 1], (len(rows), 1)), found])
