"""Medians: of rows by sorting, of very many short columns by a sorting network, a comparison of all columns at once."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Shorts = NDArray[np.float32]
# A median of fewer values is none, unless somebody says otherwise.
FEWEST: Final = 5


def medians(values: Floats, fewest: int = FEWEST) -> Floats:
    """Return float64[n]: the median of each row of values, NaN left out; NaN for rows with less than `fewest`."""
    ordered = np.sort(values, axis=1)  # NaN last
    count = np.count_nonzero(~np.isnan(ordered), axis=1)
    at = np.maximum(count, 1)
    row = np.arange(len(values))
    middle = (ordered[row, (at - 1) // 2] + ordered[row, at // 2]) / 2 if values.shape[1] > 1 else ordered[:, 0]
    return np.where(count >= fewest, middle, np.nan)


def median(values: Shorts, fewest: int = FEWEST) -> float:
    """Return the median of finite values, NaN of less than `fewest`."""
    if len(values) < fewest:
        return float("nan")
    low, high = (len(values) - 1) // 2, len(values) // 2
    ordered = np.partition(values, (low, high))
    return (float(ordered[low]) + float(ordered[high])) / 2


class Comparison(NamedTuple):
    """The smaller of two lines goes to `low`, the larger to `high`; what nobody asks for later is left out."""

    low: int
    high: int
    keeps_low: bool
    keeps_high: bool


class ColumnMedian:
    """The medians of columns of one height, a power of two, at least `fewest` of whose values must be finite.

    Comparisons of whole lines, as Batcher's odd-even merge sort orders them (1968), without those that no median can
    depend on: 58 for a height of 16 and medians of five values or more.
    """

    def __init__(self, height: int, fewest: int = FEWEST) -> None:
        self._height, self._fewest = height, fewest
        self._first = (fewest - 1) // 2
        self._last = height // 2
        self._comparisons = _needed(_odd_even_merge_sort(height), set(range(self._first, self._last + 1)))

    def __call__(self, columns: Shorts) -> Floats:
        """Return float64[k]: the median of each column, NaN of too few.

        Args:
            columns: float32[height, k], infinity for what is missing; is overwritten.
        """
        count = np.add.reduce(columns < np.inf, axis=0, dtype=np.uint8)
        lines, spare = list(columns), np.empty_like(columns[0])
        for low, high, keeps_low, keeps_high in self._comparisons:
            one, other = lines[low], lines[high]
            if keeps_low:
                np.minimum(one, other, out=spare)
            if keeps_high:
                np.maximum(one, other, out=other)
            if keeps_low:
                lines[low], spare = spare, one
        return self._middle(np.concatenate(lines[self._first : self._last + 1]), count)

    def _middle(self, ordered: Shorts, count: NDArray[np.uint8]) -> Floats:
        """Return the medians of columns whose ordered values from `first` to `last` are given."""
        k = len(count)
        at = np.arange(k) - self._first * k
        known = np.maximum(count, np.uint8(self._fewest)).astype(np.intp)
        low, high = (ordered.take((known + shift) // 2 * k + at) for shift in (-1, 0))
        return np.where(count >= self._fewest, (low.astype(np.float64) + high) / 2, np.nan)


def _odd_even_merge_sort(height: int) -> list[tuple[int, int]]:
    """Return pairs of lines; comparing them in this order sorts."""
    pairs, merged = [], 1
    while merged < height:
        step = merged
        while step:
            firsts = [
                first + i
                for first in range(step % merged, height - step, 2 * step)
                for i in range(min(step, height - first - step))
            ]
            pairs += [(at, at + step) for at in firsts if at // (2 * merged) == (at + step) // (2 * merged)]
            step //= 2
        merged *= 2
    return pairs


def _needed(pairs: list[tuple[int, int]], asked: set[int]) -> tuple[Comparison, ...]:
    """Return the comparisons on which the lines that are asked for depend."""
    needed: list[Comparison] = []
    for low, high in reversed(pairs):
        if low in asked or high in asked:
            needed.append(Comparison(low, high, low in asked, high in asked))
            asked = asked | {low, high}
    return tuple(reversed(needed))
