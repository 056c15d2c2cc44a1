"""QARTOD's tests on whole series, for analysts: flags as ioos_qc 3.0.0 gives them, a block of streams at a time.

Values are float64 (n_streams, n_steps) in any unit, NaN where missing; an infinite value is missing, too, except to the
gross range. Where a definition of ioos_qc is not followed, docs/checks.md says so.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hub.quality.block import (
    FAIL,
    FLAGS,
    GOOD,
    MISSING,
    SUSPECT,
    UNKNOWN,
    Block,
    blocks,
    graded,
    ranges,
    ranked,
    sums,
    windows,
)
from hub.quality.check import Flags, Floats, verified


@dataclass(frozen=True)
class GrossRange:
    """FAIL outside `fail`, SUSPECT outside `suspect` within it; the ends are inside."""

    fail: tuple[float, float]
    suspect: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        """Check the spans.

        Raises:
            ValueError: a span is turned round, or `suspect` is not within `fail`.
        """
        low, high = self.fail if self.suspect is None else self.suspect
        verified(ok=self.fail[0] <= low <= high <= self.fail[1], reason="fail[0] <= suspect <= fail[1] is needed")

    def ranks(self, block: Block) -> Flags:
        """Return the rank of every value's flag."""
        (low, high), inner = self.fail, self.fail if self.suspect is None else self.suspect
        failed = (block.raw < low) | (block.raw > high)
        doubted = failed if self.suspect is None else (block.raw < inner[0]) | (block.raw > inner[1])
        ranks = ranked(doubted, failed)
        ranks[np.isnan(block.raw)] = MISSING
        return ranks


@dataclass(frozen=True)
class Spike:
    """How far a value stands from the midpoint of its two neighbours (average), or above or below both (differential).

    Attributes:
        suspect, fail: above which it is too far, in the values' unit.
    """

    suspect: float = np.inf
    fail: float = np.inf
    method: Literal["average", "differential"] = "average"

    def ranks(self, block: Block) -> Flags:
        """Return the rank of every value's flag; UNKNOWN for one that lacks a neighbour."""
        ranks = np.full(block.value.shape, UNKNOWN, np.uint8)
        if block.value.shape[1] > 2:
            off = self._off(block)
            ranks[:, 1:-1] = graded(off, self.suspect, self.fail)
            ranks[:, 1:-1][np.isnan(off)] = UNKNOWN
        ranks[block.missing] = MISSING
        return ranks

    def _off(self, block: Block) -> Floats:
        value = block.value
        if self.method == "average":
            middle = value[:, :-2] + value[:, 2:]
            middle *= 0.5
            np.subtract(value[:, 1:-1], middle, out=middle)
            return np.abs(middle, out=middle)
        step, size = block.step, block.size
        off = np.minimum(size[:, :-1], size[:, 1:])
        off[step[:, :-1] * step[:, 1:] >= 0] = 0.0
        return off


@dataclass(frozen=True)
class RateOfChange:
    """The difference to the value one step before by the seconds between them; after a gap nothing is said.

    Attributes:
        suspect, fail: in the values' unit per second.
    """

    suspect: float
    fail: float = np.inf

    def ranks(self, block: Block) -> Flags:
        """Return the rank of every value's flag."""
        ranks = np.full(block.value.shape, GOOD, np.uint8)
        if block.value.shape[1] > 1:
            ranks[:, 1:] = graded(block.size / block.seconds, self.suspect, self.fail)
        ranks[block.missing] = MISSING
        return ranks


@dataclass(frozen=True)
class FlatLine:
    """A range below `tolerance` of all values of a time up to this one, missing ones left out.

    Attributes:
        suspect_s, fail_s: the time, in seconds; as many steps as go into it by the median step.
        tolerance: in the values' unit, above 0.
    """

    suspect_s: float
    fail_s: float
    tolerance: float

    def __post_init__(self) -> None:
        """Check the tolerance.

        Raises:
            ValueError: it is not above 0, which no range is below.
        """
        verified(ok=self.tolerance > 0, reason="tolerance must be above 0: no range is below 0")

    def ranks(self, block: Block) -> Flags:
        """Return the rank of every value's flag."""
        ranks = np.full(block.value.shape, GOOD, np.uint8)
        if block.value.shape[1] > 2:
            still = ~(block.size >= self.tolerance)
            for span_s, rank in ((self.suspect_s, SUSPECT), (self.fail_s, FAIL)):
                self._mark(block, still, int(int(span_s) / block.interval_s), (ranks, rank))
        ranks[block.missing] = MISSING
        return ranks

    def _mark(self, block: Block, still: NDArray[np.bool_], steps: int, into: tuple[Flags, int]) -> None:
        ranks, rank = into
        if steps >= block.value.shape[1]:
            return
        # Most streams never stand still for so long: only the others are looked at closely.
        run = windows(np.logical_and, still, steps) if steps else np.ones((len(still), 1), np.bool_)
        rows = np.flatnonzero(run.any(axis=1))
        if rows.size:
            value = block.value[rows]
            extent = windows(np.fmax, value, steps + 1) - windows(np.fmin, value, steps + 1)
            at, step = np.nonzero(extent < self.tolerance)
            ranks[rows[at], step + steps] = rank


@dataclass(frozen=True)
class Attenuated:
    """The deviation, or range, of the values of a time up to this one.

    Attributes:
        suspect, fail: below which it is too small, in the values' unit.
        period_s: the time, without its beginning.
        fewest: with fewer values nothing is said.
        kind: standard deviation about the mean (std), or range: not said where a value of the time is missing.
    """

    suspect: float
    fail: float
    period_s: float
    fewest: int = 1
    kind: Literal["std", "range"] = "std"

    def ranks(self, block: Block) -> Flags:
        """Return the rank of every value's flag."""
        first = np.searchsorted(block.time_ms, block.time_ms - int(self.period_s * 1000), side="right")
        there = ~block.missing
        count = sums(there.astype(np.float64), first)
        extent = self._deviation(block, first, count) if self.kind == "std" else ranges(block.value, first)
        extent[count < max(self.fewest, 1)] = np.nan
        ranks = ranked(extent < self.suspect, extent < self.fail)
        ranks[np.isnan(extent)] = UNKNOWN
        ranks[block.missing] = MISSING
        return ranks

    @staticmethod
    def _deviation(block: Block, first: NDArray[np.intp], count: Floats) -> Floats:
        # Sums stay small, and the same whatever follows, when all is counted from the first value.
        start = np.take_along_axis(block.value, block.missing.argmin(axis=1)[:, None], axis=1)
        total = np.where(block.missing, 0.0, block.value - start)
        number = np.maximum(count, 1)
        mean = sums(total, first) / number
        return np.asarray(np.sqrt(np.maximum(sums(total * total, first) / number - mean * mean, 0.0)), np.float64)


@dataclass(frozen=True)
class Gap:
    """FAIL for a value that comes more than `fail_s` seconds after the one before; the first is judged as the second.

    ioos_qc's time gap test, given the times at which this stream has values.
    """

    fail_s: float

    def ranks(self, block: Block) -> Flags:
        """Return the rank of every value's flag."""
        there, steps = ~block.missing, np.arange(block.value.shape[1])
        last = np.maximum.accumulate(np.where(there, steps, -1), axis=1)
        before = np.concatenate([np.full((len(there), 1), -1), last[:, :-1]], axis=1)
        waited_ms = block.time_ms - block.time_ms[np.maximum(before, 0)]
        ranks = graded(np.where(before >= 0, waited_ms, 0), int(self.fail_s) * 1000, np.inf)
        ranks[ranks == SUSPECT] = FAIL
        number = np.cumsum(there, axis=1)
        second = np.where((number == 2) & there, ranks, 0).max(axis=1, initial=0)
        first = (number == 1) & there & (second > 0)[:, None]
        ranks[first] = np.broadcast_to(second[:, None], ranks.shape)[first]
        ranks[block.missing] = MISSING
        return ranks


@dataclass(frozen=True)
class Settings:
    """Which tests are made, with what; None for not."""

    gross_range: GrossRange | None = None
    spike: Spike | None = None
    rate_of_change: RateOfChange | None = None
    flat_line: FlatLine | None = None
    attenuated: Attenuated | None = None
    gap: Gap | None = None


def flags(values: Floats, times: NDArray[Any], settings: Settings) -> Flags:
    """Return uint8 (n, k): of each value the worst of the tests' flags; UNKNOWN stands only where none says more.

    Args:
        values: float64 (n, k).
        times: datetime64 or int64 milliseconds (k,), ascending by a second at least.
        settings: of the tests, at least one.

    Raises:
        ValueError: shapes do not fit, times do not ascend, or there is no test.
    """
    values, tests = np.asarray(values, np.float64), _tests(settings)
    verified(ok=bool(tests), reason="no test is set")
    result = np.empty(values.shape, np.uint8)
    for rows, block in blocks(values, times):
        ranks = tests[0][1](block)
        for _, test in tests[1:]:
            np.maximum(ranks, test(block), out=ranks)
        result[rows] = FLAGS.take(ranks)
    return result


def each(values: Floats, times: NDArray[Any], settings: Settings) -> dict[str, Flags]:
    """Return uint8 (n, k) by the name of each test that is set; see `flags`."""
    values, tests = np.asarray(values, np.float64), _tests(settings)
    result = {name: np.empty(values.shape, np.uint8) for name, _ in tests}
    for rows, block in blocks(values, times):
        for name, test in tests:
            result[name][rows] = FLAGS.take(test(block))
    return result


def _tests(settings: Settings) -> list[tuple[str, Callable[[Block], Flags]]]:
    chosen = ((field.name, getattr(settings, field.name)) for field in fields(settings))
    return [(name, test.ranks) for name, test in chosen if test is not None]
