"""A device that never gets above one value, to which it returns while the air around it goes higher."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.quality.check import Flags, Floats, Ints, Parameter, Series, unjudged, verified
from wire.reading import Flag


class ClippingState(NamedTuple):
    """The greatest value of each stream of late.

    Attributes:
        top: float64[n], NaN before the first value.
        top_ms: int64[n], when it was there last.
        returns: int64[n], how often it was there while more was to be expected.
        since_ms: int64[n], the first time.
        low, high: float64[n], extremes of the background at those times.
    """

    top: Floats
    top_ms: Ints
    returns: Ints
    since_ms: Ints
    low: Floats
    high: Floats


@dataclass(frozen=True, eq=False)
class Clipping:
    """SUSPECT, then FAIL, for the greatest value when it has come again and again with the background above it.

    By chance an honest device's greatest value comes back once or twice; and the background above it moves.

    Attributes:
        above: more is to be expected with a background by so much above the value, above zero; NaN for no judgement.
        above_share: and by this share of the value.
        moved_share: by what share of its lowest value the background must have moved between the returns.
        suspect, fail: returns.
        memory_ms: milliseconds after which a greatest value that has not come back is forgotten.
    """

    above: Parameter
    above_share: Parameter = 0.0
    moved_share: Parameter = 0.0
    suspect: Parameter = 4
    fail: Parameter = 8
    memory_ms: Parameter = 432_000_000

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: a parameter is outside what its description says.
        """
        verified(ok=not np.any(np.asarray(self.above) <= 0), reason="above must be above zero")
        verified(ok=not np.any(np.asarray(self.suspect) < 2), reason="it takes two values to be equal")
        verified(ok=not np.any(np.asarray(self.fail) < self.suspect), reason="fail must not come before suspect")

    def start(self, n: int) -> ClippingState:
        """Return the state of n streams before their first value."""
        nan, zero = np.full(n, np.nan), np.zeros(n, np.int64)
        return ClippingState(nan, zero, zero, zero, nan, nan)

    def __call__(self, series: Series, state: ClippingState) -> tuple[Flags, ClippingState]:
        """Return (uint8[n, k] flags, the state after the last time); see `Check`."""
        flags = unjudged(series, ~np.isnan(self.above))
        for k in range(series.value.shape[1]):
            value = series.value[:, k]
            state = self._step(state, series.time_ms[:, k], value, series.background[:, k])
            if (state.returns > 1).any():
                moved = state.high - state.low > self.moved_share * np.maximum(state.low, 0.0)
                clipped = (value == state.top) & moved & (state.returns >= self.suspect)
                flags[clipped, k] = Flag.SUSPECT
                flags[clipped & (state.returns >= self.fail), k] = Flag.FAIL
        return flags, state

    def _step(self, state: ClippingState, time_ms: Ints, value: Floats, background: Floats) -> ClippingState:
        there = ~np.isnan(value)
        forgotten = there & (time_ms - state.top_ms > self.memory_ms)
        new = there & ~(value <= state.top) | forgotten
        expected = background - value > np.maximum(self.above, self.above_share * np.maximum(value, 0.0))
        rows = np.flatnonzero(new | expected & (value == state.top))
        if not rows.size:
            return state
        after = ClippingState._make(column.copy() for column in state)
        _reach(after, rows, new[rows], expected[rows], (time_ms[rows], value[rows], background[rows]))
        return after


def _reach(  # what is reached, and how
    after: ClippingState,
    rows: NDArray[np.intp],
    new: NDArray[np.bool_],
    expected: NDArray[np.bool_],
    now: tuple[Ints, Floats, Floats],
) -> None:
    """Write into arrays that are this step's own that some streams reach a new greatest value, or theirs again."""
    time_ms, value, background = now
    counted = np.where(expected, background, np.nan)
    returns, low, high = after.returns[rows], after.low[rows], after.high[rows]
    after.since_ms[rows] = np.where(new | (returns == 0), time_ms, after.since_ms[rows])
    after.top[rows], after.top_ms[rows] = value, time_ms
    after.returns[rows] = np.where(new, expected, returns + 1)
    after.low[rows] = np.where(new, counted, np.fmin(low, background))
    after.high[rows] = np.where(new, counted, np.fmax(high, background))
