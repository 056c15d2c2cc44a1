"""What the judgement remembers: trees of arrays in named tuples, so that every step takes a state and returns one."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
StateT = TypeVar("StateT")


def leaves(state: object, path: str = "") -> Iterator[tuple[str, Array]]:
    """Yield every array of a state with its dotted path."""
    if not isinstance(state, tuple):
        yield path, np.asarray(state)
        return
    names = getattr(state, "_fields", range(len(state)))
    for name, part in zip(names, state, strict=True):
        yield from leaves(part, f"{path}.{name}" if path else str(name))


def rebuilt(like: StateT, arrays: Mapping[str, Array], path: str = "") -> StateT:
    """Return a state of the form of `like` with the arrays that `leaves` gave.

    Raises:
        KeyError: an array is missing: it was written by another version.
    """
    if not isinstance(like, tuple):
        return arrays[path]  # type: ignore[return-value]  # a leaf's type is an array
    names = getattr(like, "_fields", range(len(like)))
    parts = [
        rebuilt(part, arrays, f"{path}.{name}" if path else str(name)) for name, part in zip(names, like, strict=True)
    ]
    return _same_kind(like, parts)


def grown(state: StateT, fresh: StateT) -> StateT:
    """Return a state for more streams: the rows of `state` followed by those of `fresh` that are beyond them."""
    if not isinstance(state, tuple):
        old, new = np.asarray(state), np.asarray(fresh)
        return np.concatenate([old, new[len(old) :]]) if new.ndim else state  # type: ignore[return-value]  # a leaf
    assert isinstance(fresh, tuple)
    return _same_kind(state, [grown(part, other) for part, other in zip(state, fresh, strict=True)])


def _same_kind(like: StateT, parts: list[Any]) -> StateT:
    kind: Any = type(like)
    return kind(*parts) if hasattr(like, "_fields") else kind(parts)  # type: ignore[no-any-return]  # rebuilt in kind
