"""How often something came of late: a count that fades, per stream."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.quality.check import Floats, Ints, Parameter


class Often(NamedTuple):
    """The fading count of each stream.

    Attributes:
        number: float64[n], as it was at `at_ms`.
        at_ms: int64[n], when it was counted last.
        since_ms: int64[n], the first of those that still count.
    """

    number: Floats
    at_ms: Ints
    since_ms: Ints

    @classmethod
    def start(cls, n: int) -> "Often":
        """Return a count of nothing."""
        zero = np.zeros(n, np.int64)
        return cls(np.zeros(n), zero, zero)

    def now(self, time_ms: Ints, memory_ms: Parameter) -> Floats:
        """Return float64[n]: the count at a time, one of `memory_ms` ago counting 1/e."""
        some = self.number > 0
        if not some.any():
            return self.number
        waited = np.where(some, time_ms - self.at_ms, 0)
        return np.asarray(self.number * np.exp(-waited / np.asarray(memory_ms)), np.float64)

    def joined(self, came: NDArray[np.bool_], time_ms: Ints, memory_ms: Parameter) -> "Often":
        """Return the count with one more where it came; what has faded below a half begins anew."""
        if not came.any():
            return self
        before = self.now(time_ms, memory_ms)
        anew = came & (before < 0.5)
        return Often(
            np.where(came, before + 1, self.number),
            np.where(came, time_ms, self.at_ms),
            np.where(anew, time_ms, self.since_ms),
        )

    def of(self, rows: NDArray[np.intp]) -> "Often":
        """Return the count of some streams."""
        return Often._make(column[rows] for column in self)

    def with_rows(self, rows: NDArray[np.intp], theirs: "Often") -> "Often":
        """Return the count with that of some streams put in."""
        after = Often._make(column.copy() for column in self)
        for column, new in zip(after, theirs, strict=True):
            column[rows] = new
        return after
