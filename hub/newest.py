"""The newest value of every datastream."""

from typing import Final, NamedTuple

import numpy as np

from hub.cells import Floats, Minutes

NEVER: Final = -1


class Newest(NamedTuple):
    """The newest usable minute mean of every stream, up to the minute that is judged.

    Attributes:
        minute: int64[n], minutes since 1970, -1 for never.
        value: float64[n], canonical unit, NaN for never.
        longitude, latitude: float64[n], where a moving station was, NaN for fixed ones.
        bad: int64[n], minutes in a row in which the device gave nothing but FAIL.
    """

    minute: Minutes
    value: Floats
    longitude: Floats
    latitude: Floats
    bad: Minutes

    @classmethod
    def never(cls, n: int) -> "Newest":
        """Return the state of n streams that have not said anything."""
        nan = np.full(n, np.nan)
        return cls(np.full(n, NEVER), nan, nan, nan, np.zeros(n, np.int64))
