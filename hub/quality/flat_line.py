"""A device that repeats itself while the air around it changes."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from hub.quality.check import Flags, Floats, Ints, Parameter, Series, verified
from wire.reading import Flag


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
        flags = np.full(series.value.shape, Flag.MISSING, np.uint8)
        for k in range(series.value.shape[1]):
            time_ms, value = series.time_ms[:, k], series.value[:, k]
            state = _step(state, time_ms, value, series.background[:, k])
            there = ~np.isnan(value)
            flags[there, k] = self._verdict(state, time_ms)[there]
        return flags, state

    def _verdict(self, state: FlatState, time_ms: Ints) -> Flags:
        moved = state.high - state.low > np.maximum(self.moved, self.moved_share * np.maximum(state.low, 0.0))
        known = ~np.isnan(self.moved) & ~np.isnan(state.low)
        suspect = moved & (state.repeats >= self.suspect)
        fail = suspect & (state.repeats >= self.fail) & (time_ms - state.since_ms >= self.fail_ms)
        flags = np.where(known, np.uint8(Flag.GOOD), np.uint8(Flag.UNKNOWN))
        flags[suspect] = Flag.SUSPECT
        flags[fail] = Flag.FAIL
        return flags


def _step(state: FlatState, time_ms: Ints, value: Floats, background: Floats) -> FlatState:
    there = ~np.isnan(value)
    same = there & (value == state.value)
    new = there & ~same
    return FlatState(
        np.where(new, value, state.value),
        np.where(new, 1, state.repeats + same),
        np.where(new, time_ms, state.since_ms),
        np.where(new, background, np.where(same, np.fmin(state.low, background), state.low)),
        np.where(new, background, np.where(same, np.fmax(state.high, background), state.high)),
    )
