"""Streams that fall silent, and whether it is a device or its gateway."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.quality.check import Ints

NEVER = -1


class GapState(NamedTuple):
    """How long each stream has been silent, in minutes that the hub could hear.

    Attributes:
        heard: int64[], minutes so far in which the hub listened.
        last: int64[n], the minute of the newest value, -1 before the first.
        heard_then: int64[n], `heard` when it came, or when the stream was first known; -1 before that.
    """

    heard: NDArray[np.int64]
    last: Ints
    heard_then: Ints

    @property
    def silent_min(self) -> Ints:
        """int64[n]: minutes without a value."""
        return np.where(self.heard_then == NEVER, 0, self.heard - self.heard_then)


@dataclass(frozen=True, eq=False)
class Gap:
    """MISSING after some periods without a value, and much later a matter for maintenance.

    Only minutes count in which the hub itself was up: what it did not hear while it was down was no silence.

    Attributes:
        missing_min: int64[n], minutes without a value after which the latest one is no longer one.
        silent_min: int64[n], minutes after which the device is called silent; never for what is not judged.
    """

    missing_min: Ints
    silent_min: Ints

    def start(self, n: int) -> GapState:
        """Return the state of n streams that nobody has heard of."""
        never = np.full(n, NEVER, np.int64)
        return GapState(np.array(0), never, never)

    def __call__(self, newest: Ints, heard_min: int, state: GapState) -> GapState:
        """Return the state after some minutes.

        Args:
            newest: int64[n], the minute of the newest value, -1 for never.
            heard_min: minutes in which the hub listened since the call before.
            state: before them.
        """
        heard = state.heard + heard_min
        spoke = (newest > state.last) | (state.heard_then == NEVER)
        return GapState(heard, newest, np.where(spoke, heard, state.heard_then))

    def missing(self, state: GapState) -> NDArray[np.bool_]:
        """Return bool[n]: streams that have spoken and are missing now."""
        return np.asarray((state.silent_min > self.missing_min) & (state.last != NEVER), np.bool_)

    def silent(self, state: GapState) -> NDArray[np.bool_]:
        """Return bool[n]: streams that have been silent for so long that somebody should look."""
        return np.asarray(state.silent_min > self.silent_min, np.bool_)
