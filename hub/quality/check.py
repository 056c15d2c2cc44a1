"""What every check is: parameters that are called on arrays, with a state that comes in and goes out."""

from dataclasses import replace
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from wire.reading import Flag

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


def unjudged(series: Series, known: NDArray[np.bool_]) -> Flags:
    """Return uint8[n, k]: MISSING where there is no value, GOOD where `known`, bool[n] or scalar, UNKNOWN elsewhere."""
    said = np.where(known, np.uint8(Flag.GOOD), np.uint8(Flag.UNKNOWN))
    said = said[:, None] if said.ndim else said
    return np.where(np.isnan(series.value), np.uint8(Flag.MISSING), said)


class Stepped(NamedTuple):
    """Some streams whose steps are worth a look, and what is said of all others.

    Attributes:
        rows: int64[m].
        check: with the parameters of these streams.
        series: their values.
        flags: uint8[n, k], of all streams: those of `rows` are still to be judged.
    """

    rows: NDArray[np.intp]
    check: Any
    series: Series
    flags: Flags


def lively(check: Any, series: Series, judged: NDArray[np.bool_], calm: NDArray[np.bool_]) -> Stepped:
    """Return the judged streams that are not calm: only these are followed value by value."""
    flags = unjudged(series, judged)
    rows = np.flatnonzero(judged & ~calm)
    own = {name: np.asarray(value)[rows] for name, value in vars(check).items() if np.ndim(value)}
    return Stepped(rows, replace(check, **own), Series._make(column[rows] for column in series), flags)


def verified(*, ok: bool, reason: str) -> None:
    """Return if `ok`.

    Raises:
        ValueError: not; with the reason.
    """
    if not ok:
        raise ValueError(reason)
