"""A value that differs more from the one before it than the world can change in the time between."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.quality.check import Flags, Floats, Ints, Parameter, Series, lively, verified
from hub.quality.often import Often
from wire.reading import Flag

_MINUTE_MS = 60_000.0


class RateState(NamedTuple):
    """What a rate is told by.

    Attributes:
        last: float64[n], the last value, NaN before the first.
        last_ms: int64[n], its time.
        often: of the values that came too fast.
    """

    last: Floats
    last_ms: Ints
    often: Often


@dataclass(frozen=True, eq=False)
class RateOfChange:
    """SUSPECT for a value whose difference to the one before, by the minutes between, is too great; FAIL for too many.

    QARTOD's rate of change test, across gaps, too: over a longer time less change in a minute is allowed for.

    Attributes:
        suspect: in the property's unit per minute, above zero; NaN for no judgement.
        fail: such values from which the device fails; a fading count, rounded.
        memory_ms: milliseconds after which one counts 1/e.
    """

    suspect: Parameter
    fail: Parameter = 6
    memory_ms: Parameter = 86_400_000

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: a parameter is outside what its description says.
        """
        verified(ok=not np.any(np.asarray(self.suspect) <= 0), reason="suspect must be above zero")
        verified(ok=not np.any(np.asarray(self.memory_ms) <= 0), reason="memory must be above zero")

    def start(self, n: int) -> RateState:
        """Return the state of n streams before their first value."""
        return RateState(np.full(n, np.nan), np.zeros(n, np.int64), Often.start(n))

    def __call__(self, series: Series, state: RateState) -> tuple[Flags, RateState]:
        """Return (uint8[n, k] flags, the state after the last time); see `Check`."""
        if not series.value.size:
            return np.full(series.value.shape, Flag.MISSING, np.uint8), state
        judged, calm = self._calm(series, state)
        some = lively(self, series, judged, calm)
        flags, rows = some.flags, some.rows
        last = np.where(calm, series.value[:, -1], state.last)
        last_ms, often = np.where(calm, series.time_ms[:, -1], state.last_ms), state.often
        if rows.size:
            own = RateState(state.last[rows], state.last_ms[rows], state.often.of(rows))
            flags[rows], own = some.check.stepped(some.series, own)
            last[rows], last_ms[rows] = own.last, own.last_ms
            often = often.with_rows(rows, own.often)
        return flags, RateState(last, last_ms, often)

    def _calm(self, series: Series, state: RateState) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return bool[n] each: who is judged, and of whom every value is there and came slowly."""
        limit = np.broadcast_to(self.suspect, state.last.shape)
        steps = np.abs(np.diff(np.vstack([state.last, series.value.T]), axis=0))
        waited_ms = np.diff(np.vstack([state.last_ms, series.time_ms.T]), axis=0)
        calm = (steps * _MINUTE_MS <= limit * np.maximum(waited_ms, 1)).all(axis=0)
        return ~np.isnan(limit), calm & (state.often.number < np.asarray(self.fail) - 0.5)

    def stepped(self, series: Series, state: RateState) -> tuple[Flags, RateState]:
        """Return what a call does, value by value."""
        flags = np.full(series.value.shape, Flag.MISSING, np.uint8)
        for k in range(series.value.shape[1]):
            time_ms, value = series.time_ms[:, k], series.value[:, k]
            there = ~np.isnan(value)
            step = np.abs(value - state.last)
            fast = step * _MINUTE_MS > np.asarray(self.suspect) * np.maximum(time_ms - state.last_ms, 1)
            often = state.often.joined(fast, time_ms, self.memory_ms)
            flags[there, k] = np.where(np.isfinite(step), np.uint8(Flag.GOOD), np.uint8(Flag.UNKNOWN))[there]
            flags[fast, k] = Flag.SUSPECT
            flags[there & (often.now(time_ms, self.memory_ms) >= np.asarray(self.fail) - 0.5), k] = Flag.FAIL
            state = RateState(np.where(there, value, state.last), np.where(there, time_ms, state.last_ms), often)
        return flags, state
