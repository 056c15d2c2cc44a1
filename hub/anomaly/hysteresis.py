"""Entering and leaving a level: in value by two thresholds, in time by values in a row. Silence changes nothing."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.rows import Parameter, at, picked, put

__all__ = ["Bools", "Floats", "Ints", "Parameter", "Patience", "Runs", "stepped"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


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
    rows = np.flatnonzero(passed | (runs.above > 0))
    if not rows.size:
        return runs  # the quiet minute that most are
    enter, leave, delay_ms = (at(parameter, rows) for parameter in patience)
    passed, back, time_ms = passed[rows], back[rows], time_ms[rows]
    before = picked(runs, rows)
    above = before.above + passed
    since_ms = np.where(passed & (before.above == 0), time_ms, before.since_ms)
    below = np.where(passed, 0, before.below + back)
    entered = passed & (above >= enter) & (time_ms - since_ms >= delay_ms)
    active = (before.active & ~(below >= leave)) | entered
    # A run that never entered ends with the first value that is clearly back; one that did ends when the level is left.
    ended = back & ~active
    above = np.where(ended, 0, above)
    after = Runs(above, np.where(above == 0, 0, below), np.where(ended, 0, since_ms), active)
    return put(runs, rows, after)
