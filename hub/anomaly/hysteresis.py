"""Entering and leaving a level: in value by two thresholds, in time by values in a row. Silence changes nothing."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Parameter = float | Floats


class Runs(NamedTuple):
    """What is remembered of each stream.

    Attributes:
        above: int64[n], values in a row that have passed; those between the two thresholds neither add nor end.
        below: int64[n], values in a row that were clearly back; counted during a run only.
        since_ms: int64[n], time of the first value of the run, 0 without one.
        active: bool[n], whether the level is entered.
    """

    above: Ints
    below: Ints
    since_ms: Ints
    active: Bools

    @classmethod
    def start(cls, n: int) -> "Runs":
        """Return the state of n streams before their first value."""
        zero = np.zeros(n, np.int64)
        return cls(zero, zero, zero, np.zeros(n, np.bool_))


class Patience(NamedTuple):
    """Values in a row that enter and leave, and milliseconds that must have passed since the first before it enters."""

    enter: Parameter
    leave: Parameter
    delay_ms: Parameter


def stepped(runs: Runs, time_ms: Ints, passed: Bools, back: Bools, patience: Patience) -> Runs:
    """Return the runs after one value of each stream; a stream without one is False in both `passed` and `back`."""
    if not (passed.any() or runs.above.any() or runs.active.any()):
        return runs  # the quiet minute that most are
    first = passed & (runs.above == 0)
    above = np.where(passed, runs.above + 1, runs.above)
    since_ms = np.where(first, time_ms, runs.since_ms)
    below = np.where(passed, 0, np.where(back, runs.below + 1, runs.below))
    entered = passed & (above >= patience.enter) & (time_ms - since_ms >= patience.delay_ms)
    active = (runs.active & ~(below >= patience.leave)) | entered
    # A run that never entered ends with the first value that is clearly back; one that did ends when the level is left.
    ended = back & ~active
    above = np.where(ended, 0, above)
    return Runs(above, np.where(above == 0, 0, below), np.where(ended, 0, since_ms), active)
