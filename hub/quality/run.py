"""Values in a row that show the same flaw."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.quality.check import Flags, Ints, Parameter
from wire.reading import Flag


class Run(NamedTuple):
    """The run of each stream.

    Attributes:
        length: int64[n], values so far, 0 outside a run.
        since_ms: int64[n], time of the first.
    """

    length: Ints
    since_ms: Ints

    @classmethod
    def start(cls, n: int) -> "Run":
        """Return the state before the first value."""
        zero = np.zeros(n, np.int64)
        return cls(zero, zero)

    def stepped(self, flawed: NDArray[np.bool_], sound: NDArray[np.bool_], time_ms: Ints) -> "Run":
        """Return the run after one time: longer where flawed, over where sound, as it was elsewhere."""
        begun = flawed & (self.length == 0)
        return Run(np.where(sound, 0, self.length + flawed), np.where(begun, time_ms, self.since_ms))

    def flag(self, flags: Flags, time_ms: Ints, limits: tuple[Parameter, Parameter, Parameter]) -> None:
        """Write SUSPECT and FAIL into uint8[n] flags of values that are there, by (values, values, ms) it must last."""
        suspect, fail, fail_ms = limits
        doubted = (self.length > 0) & (self.length >= suspect) & (flags != Flag.MISSING)
        if doubted.any():
            flags[doubted] = Flag.SUSPECT
            flags[doubted & (self.length >= fail) & (time_ms - self.since_ms >= fail_ms)] = Flag.FAIL
