"""Streams that fall silent, and whether it is a device or its gateway."""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.quality.check import Ints

NEVER: Final = -1
# Where the line is so slow that minutes stay open long, silence is called so many times that much later.
PATIENCE: Final = 10


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

    def __call__(self, newest: Ints, minute: int, heard_min: int, state: GapState) -> GapState:
        """Return the state after some minutes.

        Args:
            newest: int64[n], the minute of the newest value, -1 for never.
            minute: the last of them.
            heard_min: in how many of them the hub listened.
            state: before them.
        """
        heard = state.heard + heard_min
        since = np.where(newest > state.last, heard - np.clip(minute - newest, 0, heard_min), state.heard_then)
        return GapState(heard, newest, np.where((state.heard_then == NEVER) & (newest == NEVER), heard, since))

    def missing(self, state: GapState, lag_min: int) -> NDArray[np.bool_]:
        """Return bool[n]: streams that have spoken and are missing now, in a hub that closes minutes so late."""
        return np.asarray((state.silent_min - lag_min > self.missing_min) & (state.last != NEVER), np.bool_)

    def silent(self, state: GapState, lag_min: int) -> NDArray[np.bool_]:
        """Return bool[n]: streams that have been silent for so long that somebody should look."""
        return np.asarray(state.silent_min - PATIENCE * lag_min > self.silent_min, np.bool_)
