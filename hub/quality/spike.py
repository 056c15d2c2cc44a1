"""A value that stands alone above or below the one before it and the one behind it."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from hub.quality.check import Flags, Floats, Parameter, Series, verified
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
        fail: spikes from which the device fails.
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
        flags = np.full(series.value.shape, Flag.MISSING, np.uint8)
        for k in range(series.value.shape[1]):
            time_ms, value = series.time_ms[:, k], series.value[:, k]
            there = ~np.isnan(value)
            up, down = state.last - state.before, state.last - value
            beside = np.maximum(state.before, value)
            alone = np.minimum(np.abs(up), np.abs(down)) > np.maximum(self.suspect, self.share * beside)
            spiked = alone & (up * down > 0)
            often = state.often.joined(spiked, time_ms, self.memory_ms)
            known = np.isfinite(up) & ~np.isnan(self.suspect)
            flags[there, k] = np.where(known, np.uint8(Flag.GOOD), np.uint8(Flag.UNKNOWN))[there]
            flags[spiked, k] = Flag.SUSPECT
            flags[there & (often.now(time_ms, self.memory_ms) >= self.fail), k] = Flag.FAIL
            state = SpikeState(np.where(there, state.last, state.before), np.where(there, value, state.last), often)
        return flags, state
