"""Time, injected: the system's own clock, or one that runs faster than life."""

import asyncio
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What every program takes instead of reading the time itself.

    "Field" time is the time that instruments live in; "real" time is what the operating system's timers count.
    """

    def utc_ms(self) -> int:
        """Return field time, UTC milliseconds since 1970."""
        ...

    def monotonic_ms(self) -> int:
        """Return field milliseconds since an arbitrary origin that is fixed for one boot; never steps."""
        ...

    def offset_ms(self) -> int | None:
        """Return UTC minus monotonic milliseconds of this boot; None while nobody has told the time."""
        ...

    def real_s(self, field_s: float) -> float:
        """Return how many real seconds `field_s` field seconds last."""
        ...

    async def sleep(self, field_s: float) -> None:
        """Sleep for `field_s` field seconds."""
        ...


class SystemClock:
    """Field time is real time."""

    def utc_ms(self) -> int:
        """Return the system's time."""
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> int:
        """Return milliseconds since the boot, time asleep included."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000

    def offset_ms(self) -> int:
        """Return UTC minus monotonic milliseconds, as the system's clock has it now."""
        return (time.time_ns() - time.clock_gettime_ns(time.CLOCK_BOOTTIME)) // 1_000_000

    def real_s(self, field_s: float) -> float:
        """Return the same number."""
        return field_s

    async def sleep(self, field_s: float) -> None:
        """Sleep for so many seconds."""
        await asyncio.sleep(max(0.0, field_s))


_SPEC = re.compile(r"(?P<origin>[0-9T:+Z.-]+)@(?P<speed>[0-9.]+)/(?P<anchor>[0-9]+)(?:/(?P<limit>[0-9T:+Z.-]+))?")
_NEVER_MS = 1 << 62


@dataclass(frozen=True)
class ScaledClock:
    """Field time runs `speed` times as fast as real time from an anchor up to a limit; as in life before and after.

    It is the same in every process of one machine.

    Attributes:
        origin_ms: field UTC milliseconds at the anchor.
        anchor_ns: `time.monotonic_ns()` (one for all processes of a Linux machine) when field time is the origin; it
            may lie ahead, so that programs have started when time begins to run.
        speed: field seconds per real second before the limit, above zero.
        limit_ms: field UTC milliseconds at which field time slows down to real time.
    """

    origin_ms: int
    anchor_ns: int
    speed: float
    limit_ms: int = _NEVER_MS

    def __post_init__(self) -> None:
        if not self.speed > 0:
            raise ValueError(f"speed must be above zero, not {self.speed}")

    def utc_ms(self) -> int:
        """Return field time."""
        return int(self._field_ms(self._since_anchor_ms()))

    def monotonic_ms(self) -> int:
        """Return field time, which never steps: two clocks of one demo agree on what lies between them."""
        return self.utc_ms()

    def offset_ms(self) -> int:
        """Return 0: both are field time."""
        return 0

    def real_s(self, field_s: float) -> float:
        """Return how many real seconds the next `field_s` field seconds last."""
        real_ms = self._since_anchor_ms()
        return (self._real_ms(self._field_ms(real_ms) + field_s * 1000) - real_ms) / 1000

    async def sleep(self, field_s: float) -> None:
        """Sleep for `field_s` field seconds."""
        await asyncio.sleep(max(0.0, self.real_s(field_s)))

    def _since_anchor_ms(self) -> float:
        return (time.monotonic_ns() - self.anchor_ns) / 1e6

    def _field_ms(self, real_ms: float) -> float:
        """Return the field time at `real_ms` after the anchor."""
        if real_ms < 0:
            return self.origin_ms + real_ms
        fast = self.origin_ms + real_ms * self.speed
        if fast <= self.limit_ms:
            return fast
        return self.limit_ms + real_ms - (self.limit_ms - self.origin_ms) / self.speed

    def _real_ms(self, field_ms: float) -> float:
        """Return how long after the anchor it is `field_ms`."""
        if field_ms < self.origin_ms:
            return field_ms - self.origin_ms
        fast_ms = (min(field_ms, self.limit_ms) - self.origin_ms) / self.speed
        return fast_ms + max(0.0, field_ms - self.limit_ms)

    def __str__(self) -> str:
        """Return the text that `parse_clock` reads back, for a command line."""
        limit = "" if self.limit_ms == _NEVER_MS else f"/{_iso(self.limit_ms)}"
        return f"{_iso(self.origin_ms)}@{self.speed:g}/{self.anchor_ns}{limit}"


def parse_clock(text: str) -> Clock:
    """Return the clock that a command line names.

    Args:
        text: "system", or "ORIGIN@SPEED/ANCHOR" or "ORIGIN@SPEED/ANCHOR/LIMIT" with ORIGIN and LIMIT in ISO 8601 to the
            second and ANCHOR in monotonic nanoseconds.

    Raises:
        ValueError: the text is neither.
    """
    if text == "system":
        return SystemClock()
    match = _SPEC.fullmatch(text)
    if match is None:
        raise ValueError(f"clock {text!r}: expected 'system' or e.g. '2013-10-04T00:00:00Z@360/81234567890'")
    limit_ms = _ms(match["limit"]) if match["limit"] else _NEVER_MS
    return ScaledClock(_ms(match["origin"]), int(match["anchor"]), float(match["speed"]), limit_ms)


def _iso(utc_ms: int) -> str:
    return f"{datetime.fromtimestamp(utc_ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)
