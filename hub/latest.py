"""The latest reading of every stream, for the map."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hub.panel import Readings

Floats = NDArray[np.float64]
_NAMES = ("value", "time_ms", "flag", "longitude", "latitude")


@dataclass(frozen=True, eq=False)
class Latest:
    """Arrays of one element for each of n streams.

    Attributes:
        value: float64[n], canonical unit, NaN when never seen.
        time_ms: int64[n], 0 when never seen.
        flag: uint8[n], QARTOD.
        longitude, latitude: float64[n], NaN for fixed stations.
    """

    value: Floats
    time_ms: NDArray[np.int64]
    flag: NDArray[np.uint8]
    longitude: Floats
    latitude: Floats

    @classmethod
    def never(cls, n: int) -> "Latest":
        """Return n streams of which nothing was seen."""
        nan = np.full(n, np.nan)
        return cls(nan, np.zeros(n, np.int64), np.full(n, 9, np.uint8), nan, nan)

    def grown(self, n: int) -> "Latest":
        """Return the same for n streams, known ones first."""
        more = Latest.never(n - len(self.value))
        return Latest(*(np.concatenate([getattr(self, name), getattr(more, name)]) for name in _NAMES))

    def joined(self, readings: Readings) -> "Latest":
        """Return what is latest after more readings, which may come in any order."""
        # Of one row, the last that is written stays: the newest.
        order = np.argsort(readings.time_ms, kind="stable")
        order = order[readings.time_ms[order] >= self.time_ms[readings.row[order]]]
        row = readings.row[order]
        taken = {}
        for name in _NAMES:
            taken[name] = getattr(self, name).copy()
            taken[name][row] = getattr(readings, name)[order]
        return Latest(**taken)
