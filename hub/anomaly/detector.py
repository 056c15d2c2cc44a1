"""What every detector is: parameters that are called on arrays, with a state that comes in and goes out."""

from typing import NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from hub.anomaly.hysteresis import Floats, Ints

Levels = NDArray[np.bool_]
StateT = TypeVar("StateT")


class Series(NamedTuple):
    """Values of n streams at k times.

    Attributes:
        time_ms: int64[n, k], ascending in each row; what stands beside a NaN is not looked at.
        value: float64[n, k] in canonical units, NaN where a stream has nothing new.
        background: float64[n, k], what the region has, same unit; NaN where it is not known.
    """

    time_ms: Ints
    value: Floats
    background: Floats


class Detector(Protocol[StateT]):
    """The world is unusual: a frozen dataclass whose parameters are scalars or float64[n]."""

    def start(self, n: int) -> StateT:
        """Return the state of n streams before their first value."""
        ...

    def __call__(self, series: Series, state: StateT) -> tuple[Levels, StateT]:
        """Return (bool[n, k] whether the level is entered after each time, the state after the last)."""
        ...

    def threshold(self, background: Floats) -> Floats:
        """Return float64[n]: what the value, or its excess over this background, must pass; NaN for no judgement."""
        ...
