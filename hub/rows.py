"""A few streams of all: what is picked out of arrays with an element for each stream, and put back."""

from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.intp]
NO_ROWS: Final = np.zeros(0, np.intp)
Parameter = float | NDArray[np.float64]
StateT = TypeVar("StateT", bound=tuple[NDArray[Any], ...])


def at(parameter: Parameter, rows: Rows) -> Parameter:
    """Return a parameter of some streams: one number stands for all."""
    return parameter[rows] if isinstance(parameter, np.ndarray) and parameter.ndim else parameter


def picked(state: StateT, rows: Rows) -> StateT:
    """Return the state of some streams, of a named tuple of arrays."""
    return type(state)(*(whole[rows] for whole in state))


def put(state: StateT, rows: Rows, part: StateT) -> StateT:
    """Return a state in which some streams have another one; the state itself stays as it is."""
    return type(state)(*(_changed(whole, rows, new) for whole, new in zip(state, part, strict=True)))


def _changed(whole: NDArray[Any], rows: Rows, part: NDArray[Any]) -> NDArray[Any]:
    result = whole.copy()
    result[rows] = part
    return result
