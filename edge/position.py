"""Where a moving station was when one of its other devices answered."""

from bisect import bisect_left, insort
from typing import Final, NamedTuple

FIXES_KEPT: Final = 4096
NEAR_MS: Final = 120_000


class Fix(NamedTuple):
    """One position, degrees WGS-84, at a monotonic time."""

    monotonic_ms: int
    longitude: float
    latitude: float


class Track:
    """The last fixes of one station, in the order of time."""

    def __init__(self) -> None:
        self._fixes: list[Fix] = []

    def add(self, fix: Fix) -> None:
        """Remember a fix."""
        insort(self._fixes, fix)
        if len(self._fixes) > 2 * FIXES_KEPT:
            del self._fixes[:FIXES_KEPT]

    def at(self, monotonic_ms: int) -> Fix | None:
        """Return the position at a time, linear between two fixes; None when no fix lies within NEAR_MS of it."""
        i = bisect_left(self._fixes, (monotonic_ms,))
        before = self._near(i - 1, monotonic_ms)
        after = self._near(i, monotonic_ms)
        if before is None or after is None:
            return before or after
        span_ms = after.monotonic_ms - before.monotonic_ms
        part = (monotonic_ms - before.monotonic_ms) / span_ms if span_ms else 0.0
        return Fix(
            monotonic_ms,
            before.longitude + part * (after.longitude - before.longitude),
            before.latitude + part * (after.latitude - before.latitude),
        )

    def _near(self, i: int, monotonic_ms: int) -> Fix | None:
        if not 0 <= i < len(self._fixes) or abs(self._fixes[i].monotonic_ms - monotonic_ms) > NEAR_MS:
            return None
        return self._fixes[i]
