"""Blocks of streams, and what several of QARTOD's tests need of them."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hub.quality.check import Flags, Floats, Ints, verified
from wire.reading import Flag

# So many values are looked at together: what a core's cache holds.
BLOCK: Final = 46_080
# Flags by rank: where tests differ the highest rank stands, as in ioos_qc's aggregate.
FLAGS: Final = np.array([Flag.MISSING, Flag.UNKNOWN, Flag.GOOD, Flag.SUSPECT, Flag.FAIL], np.uint8)
MISSING, UNKNOWN, GOOD, SUSPECT, FAIL = range(5)


class Block:
    """Some streams, and what several tests need of them."""

    def __init__(self, raw: Floats, time_ms: Ints) -> None:
        self.raw = np.ascontiguousarray(raw)
        self.time_ms = time_ms
        infinite = np.isinf(self.raw)
        self.value = np.where(infinite, np.nan, self.raw) if infinite.any() else self.raw
        self.missing = np.isnan(self.value)

    @cached_property
    def step(self) -> Floats:
        """float64 (n, k - 1): difference of each value to the one before."""
        return self.value[:, 1:] - self.value[:, :-1]

    @cached_property
    def size(self) -> Floats:
        """float64 (n, k - 1): size of each step."""
        return np.abs(self.step)

    @cached_property
    def seconds(self) -> Floats:
        """float64 (k - 1,): whole seconds of each step."""
        return (np.diff(self.time_ms) // 1000).astype(np.float64)

    @cached_property
    def interval_s(self) -> float:
        """Whole seconds of the median step."""
        return float(np.median(np.diff(self.time_ms)) // 1000)


def blocks(values: Floats, times: NDArray[Any]) -> Iterator[tuple[slice, Block]]:
    """Yield the streams block by block, with the rows that each holds; none when there is no step.

    Raises:
        ValueError: shapes do not fit, or times do not ascend by a second at least.
    """
    moments = np.asarray(times)
    time_ms = moments.astype("datetime64[ms]").astype(np.int64)
    verified(
        ok=values.ndim == 2 and time_ms.shape == values.shape[1:], reason="values (n, k) and times (k,) are needed"
    )
    verified(ok=bool(np.all(np.diff(time_ms) >= 1000)), reason="times must ascend by a second at least")
    together = max(BLOCK // max(len(time_ms), 1), 1)
    for row in range(0, len(values) if len(time_ms) else 0, together):
        yield slice(row, row + together), Block(values[row : row + together], time_ms)


def graded(size: Floats, suspect: float, fail: float) -> Flags:
    """Return GOOD, SUSPECT above `suspect`, FAIL above `fail`; GOOD for a NaN."""
    return ranked(size > suspect, size > fail if fail < np.inf else None)


def ranked(doubted: NDArray[np.bool_], failed: NDArray[np.bool_] | None) -> Flags:
    """Return FAIL where it failed, SUSPECT where it is doubted only, GOOD elsewhere."""
    ranks = doubted.view(np.uint8) + np.uint8(GOOD)
    return ranks if failed is None else np.maximum(ranks, failed.view(np.uint8) * np.uint8(FAIL), out=ranks)


def windows(worst: np.ufunc, values: NDArray[Any], width: int) -> NDArray[Any]:
    """Return (n, k - width + 1): what a ufunc makes of every `width` values in a row, twice as many in each pass."""
    result, span = values, 1
    while 2 * span <= width:
        result = worst(result[:, :-span], result[:, span:])
        span *= 2
    rest = width - span
    return worst(result[:, :-rest], result[:, rest:]) if rest else result


def sums(values: Floats, first: NDArray[np.intp]) -> Floats:
    """Return float64 (n, k): the sum from step `first` of each step up to itself."""
    total = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
    return np.asarray(total[:, 1:] - total[:, first], np.float64)


def ranges(values: Floats, first: NDArray[np.intp]) -> Floats:
    """Return float64 (n, k): the range from step `first` of each step up to itself, NaN with a NaN among them."""
    end = np.arange(len(first))
    widths, extent = end - first + 1, np.empty(values.shape)
    level = np.frexp(widths)[1] - 1  # the greatest power of 2 that goes into the width
    for power in np.unique(level).tolist():
        at = np.flatnonzero(level == power)
        high, low = (windows(worst, values, 1 << power) for worst in (np.maximum, np.minimum))
        one, other = first[at], end[at] - (1 << power) + 1
        extent[:, at] = np.maximum(high[:, one], high[:, other]) - np.minimum(low[:, one], low[:, other])
    return extent
