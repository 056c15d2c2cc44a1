"""A value that cannot be."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.quality.check import Flags, Floats, Parameter, Series, verified
from wire.reading import Flag


class Nothing(NamedTuple):
    """The range remembers nothing."""


@dataclass(frozen=True, eq=False)
class Range:
    """FAIL outside [low, high], in canonical units; both ends are inside."""

    low: Parameter
    high: Parameter

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: low above high.
        """
        verified(ok=not np.any(np.asarray(self.low) > np.asarray(self.high)), reason="low must not be above high")

    def start(self, n: int) -> Nothing:  # noqa: ARG002  # the protocol's
        """Return the state of n streams before their first value."""
        return Nothing()

    def __call__(self, series: Series, state: Nothing) -> tuple[Flags, Nothing]:
        """Return (uint8[n, k] flags, the state); see `Check`."""
        low, high = (np.asarray(end).reshape(-1, 1) for end in (self.low, self.high))
        return self.flags(series.value, low, high), state

    def flags(self, value: Floats, low: Parameter, high: Parameter) -> Flags:
        """Return uint8 flags of values in any order against bounds of the same shape."""
        lies = (value < low) | (value > high)
        flags = np.where(lies, np.uint8(Flag.FAIL), np.uint8(Flag.GOOD))
        return np.where(np.isnan(value), np.uint8(Flag.MISSING), flags)

    def readings(self, value: Floats, row: NDArray[np.int32]) -> Flags:
        """Return uint8[k] flags of readings of the streams in `row`; low and high must be float64[n]."""
        return self.flags(value, np.asarray(self.low)[row], np.asarray(self.high)[row])
