"""A value that stands alone above or below the one before it and the one behind it."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.quality.check import Flags, Floats, Parameter, Series, lively, verified
from hub.quality.often import Often
from wire.reading import Flag


class SpikeState(NamedTuple):
    """What a spike is told by.

    Attributes:
        before, last: float64[n], the last two values, NaN before they came.
        often: of the spikes.
    """

    before: Floats
    last: Floats
    often: Often


@dataclass(frozen=True, eq=False)
class Spike:
    """SUSPECT when the value before this one was a spike, FAIL while so many have come of late.

    QARTOD's spike test by its differential method: the lesser of the steps up to a value and down from it, or the
    other way round, 0 where the series goes on in one direction. It takes the next value to know, so the verdict comes
    one value later than the spike.

    Attributes:
        suspect: a lesser step above this is a spike, in the property's unit, above zero; NaN for no judgement.
        share: and above this share of the higher of the two values beside it.
        fail: spikes from which the device fails; a fading count, rounded.
        memory_ms: milliseconds after which a spike counts 1/e.
    """

    suspect: Parameter
    share: Parameter = 0.0
    fail: Parameter = 6
    memory_ms: Parameter = 86_400_000

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: a parameter is outside what its description says.
        """
        verified(ok=not np.any(np.asarray(self.suspect) <= 0), reason="suspect must be above zero")
        verified(ok=not np.any(np.asarray(self.memory_ms) <= 0), reason="memory must be above zero")

    def start(self, n: int) -> SpikeState:
        """Return the state of n streams before their first value."""
        nan = np.full(n, np.nan)
        return SpikeState(nan, nan, Often.start(n))

    def __call__(self, series: Series, state: SpikeState) -> tuple[Flags, SpikeState]:
        """Return (uint8[n, k] flags, the state after the last time); see `Check`."""
        if not series.value.size:
            return np.full(series.value.shape, Flag.MISSING, np.uint8), state
        judged, calm = self._calm(series, state)
        some = lively(self, series, judged, calm)
        flags, rows = some.flags, some.rows
        before = np.where(calm, series.value[:, -2] if series.value.shape[1] > 1 else state.last, state.before)
        last, often = np.where(calm, series.value[:, -1], state.last), state.often
        if rows.size:
            own = SpikeState(state.before[rows], state.last[rows], state.often.of(rows))
            flags[rows], own = some.check.stepped(some.series, own)
            before[rows], last[rows] = own.before, own.last
            often = often.with_rows(rows, own.often)
        return flags, SpikeState(before, last, often)

    def _calm(self, series: Series, state: SpikeState) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return bool[n] each: who is judged, and of whom every value is there and every step too small for a spike."""
        limit = np.broadcast_to(self.suspect, state.last.shape)
        steps = np.abs(np.diff(np.vstack([state.last, series.value.T]), axis=0))
        calm = (
            (steps <= limit).all(axis=0)
            & np.isfinite(state.before)
            & (state.often.number < np.asarray(self.fail) - 0.5)
        )
        return ~np.isnan(limit), calm

    def stepped(self, series: Series, state: SpikeState) -> tuple[Flags, SpikeState]:
        """Return what a call does, value by value."""
        flags = np.full(series.value.shape, Flag.MISSING, np.uint8)
        for k in range(series.value.shape[1]):
            time_ms, value = series.time_ms[:, k], series.value[:, k]
            there = ~np.isnan(value)
            up, down = state.last - state.before, state.last - value
            beside = np.maximum(state.before, value)
            alone = np.minimum(np.abs(up), np.abs(down)) > np.maximum(self.suspect, self.share * beside)
            spiked = alone & (up * down > 0)
            often = state.often.joined(spiked, time_ms, self.memory_ms)
            flags[there, k] = np.where(np.isfinite(up), np.uint8(Flag.GOOD), np.uint8(Flag.UNKNOWN))[there]
            flags[spiked, k] = Flag.SUSPECT
            flags[there & (often.now(time_ms, self.memory_ms) >= np.asarray(self.fail) - 0.5), k] = Flag.FAIL
            state = SpikeState(np.where(there, state.last, state.before), np.where(there, value, state.last), often)
        return flags, state
