"""A device that repeats itself while the air around it changes."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.quality.check import Flags, Floats, Ints, Parameter, Series, verified
from hub.rows import Rows, at
from wire.reading import Flag

_GOOD, _UNKNOWN, _SUSPECT, _FAIL, _MISSING = (
    np.uint8(flag) for flag in (Flag.GOOD, Flag.UNKNOWN, Flag.SUSPECT, Flag.FAIL, Flag.MISSING)
)


class FlatState(NamedTuple):
    """The run of equal values of each stream.

    Attributes:
        value: float64[n], what is repeated, NaN before the first value.
        repeats: int64[n], how often it came.
        since_ms: int64[n], time of the first.
        low, high: float64[n], extremes of the neighbours' background during the run.
    """

    value: Floats
    repeats: Ints
    since_ms: Ints
    low: Floats
    high: Floats


@dataclass(frozen=True, eq=False)
class FlatLine:
    """SUSPECT, then FAIL, when the same value comes again and again while the neighbours' background moves.

    Without the witness of neighbours nothing is judged: still air and a value held for an hour are no fault.

    Attributes:
        moved: by how much the background must have moved, in the property's unit, above zero; NaN for no judgement.
        moved_share: by what share of its lowest value it must have moved, too.
        suspect: equal values from which the run is SUSPECT.
        fail: equal values from which it is FAIL.
        fail_ms: milliseconds that it must have lasted, too.
    """

    moved: Parameter
    moved_share: Parameter = 0.0
    suspect: Parameter = 2
    fail: Parameter = 3
    fail_ms: Parameter = 0

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: a parameter is outside what its description says.
        """
        verified(ok=not np.any(np.asarray(self.moved) <= 0), reason="moved must be above zero")
        verified(ok=not np.any(np.asarray(self.suspect) < 2), reason="it takes two values to be equal")
        verified(ok=not np.any(np.asarray(self.fail) < self.suspect), reason="fail must not come before suspect")

    def start(self, n: int) -> FlatState:
        """Return the state of n streams before their first value."""
        nan, zero = np.full(n, np.nan), np.zeros(n, np.int64)
        return FlatState(nan, zero, zero, nan, nan)

    def __call__(self, series: Series, state: FlatState) -> tuple[Flags, FlatState]:
        """Return (uint8[n, k] flags, the state after the last time); see `Check`."""
        flags = np.empty(series.value.shape, np.uint8)
        for k in range(series.value.shape[1]):
            state, flags[:, k] = self._step(state, series.time_ms[:, k], series.value[:, k], series.background[:, k])
        return flags, state

    def repeating(self, state: FlatState) -> NDArray[np.bool_]:
        """Return bool[n]: whose value came so often that it is SUSPECT if the neighbours have moved."""
        rows = np.flatnonzero(state.repeats > 1)
        found = np.zeros(len(state.repeats), np.bool_)
        found[rows] = (state.repeats[rows] >= at(self.suspect, rows)) & ~np.isnan(at(self.moved, rows))
        return found

    def _step(self, state: FlatState, time_ms: Ints, value: Floats, background: Floats) -> tuple[FlatState, Flags]:
        there = ~np.isnan(value)
        same = value == state.value
        new = there & ~same
        rows = np.flatnonzero(same)
        state = FlatState(
            np.where(new, value, state.value),
            np.where(new, 1, state.repeats),
            np.where(new, time_ms, state.since_ms),
            np.where(new, background, state.low),
            np.where(new, background, state.high),
        )
        known = ~(np.isnan(state.low) | np.isnan(self.moved))
        flags = np.where(there, np.where(known, _GOOD, _UNKNOWN), _MISSING)
        if rows.size:
            state.repeats[rows] += 1
            state.low[rows] = np.fmin(state.low[rows], background[rows])
            state.high[rows] = np.fmax(state.high[rows], background[rows])
            flags[rows] = self._verdict(state, rows, time_ms[rows])
        return state, flags

    def _verdict(self, state: FlatState, rows: Rows, time_ms: Ints) -> Flags:
        """Return the flags of the streams that repeat themselves."""
        low, repeats = state.low[rows], state.repeats[rows]
        least = np.maximum(at(self.moved, rows), at(self.moved_share, rows) * np.maximum(low, 0.0))
        suspect = (state.high[rows] - low > least) & (repeats >= at(self.suspect, rows))
        fail = suspect & (repeats >= at(self.fail, rows)) & (time_ms - state.since_ms[rows] >= at(self.fail_ms, rows))
        known = ~(np.isnan(low) | np.isnan(at(self.moved, rows)))
        return np.where(fail, _FAIL, np.where(suspect, _SUSPECT, np.where(known, _GOOD, _UNKNOWN)))
