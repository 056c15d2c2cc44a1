"""What every check is: parameters that are called on arrays, with a state that comes in and goes out."""

from typing import NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.uint8]
Parameter = float | Floats
StateT = TypeVar("StateT")


class Series(NamedTuple):
    """Values of n streams at k times.

    Attributes:
        time_ms: int64[n, k], ascending in each row; what stands beside a NaN is not looked at.
        value: float64[n, k] in canonical units, NaN where a stream has nothing new.
        background: float64[n, k], what the neighbours have, same unit; NaN where they are too few to judge by.
    """

    time_ms: Ints
    value: Floats
    background: Floats


class Check(Protocol[StateT]):
    """The device lies: a frozen dataclass whose parameters are scalars or float64[n]; NaN where nothing is judged."""

    def start(self, n: int) -> StateT:
        """Return the state of n streams before their first value."""
        ...

    def __call__(self, series: Series, state: StateT) -> tuple[Flags, StateT]:
        """Return (uint8[n, k] QARTOD flags, MISSING where there is no value; the state after the last time)."""
        ...


def verified(*, ok: bool, reason: str) -> None:
    """Return if `ok`.

    Raises:
        ValueError: not; with the reason.
    """
    if not ok:
        raise ValueError(reason)
