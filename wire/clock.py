"""Time, injected: the system's own clock, or one that runs faster than life."""

import asyncio
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What every program takes instead of reading the time itself.

    "Field" time is the time that instruments and records live in; "real" time is what the operating system's timers count.
    """

    def utc_ms(self) -> int:
        """Return field time, UTC milliseconds since 1970."""
        ...

    def monotonic_ms(self) -> int:
        """Return field milliseconds since an arbitrary origin that is fixed for one boot; never steps."""
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
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> int:
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000

    def real_s(self, field_s: float) -> float:
        return field_s

    async def sleep(self, field_s: float) -> None:
        await asyncio.sleep(max(0.0, field_s))


_SPEC = re.compile(r"(?P<origin>[0-9T:+Z.-]+)@(?P<speed>[0-9.]+)/(?P<anchor>[0-9]+)")


@dataclass(frozen=True)
class ScaledClock:
    """Field time starts at an origin and runs `speed` times as fast as real time; the same in every process of one machine.

    Attributes:
        origin_ms: field UTC milliseconds at the anchor.
        anchor_ns: `time.monotonic_ns()` (one clock for all processes of a Linux machine) at which field time was the origin.
        speed: field seconds per real second, above zero.
    """

    origin_ms: int
    anchor_ns: int
    speed: float

    def __post_init__(self) -> None:
        if not self.speed > 0:
            msg = f"speed must be above zero, not {self.speed}"
            raise ValueError(msg)

    def utc_ms(self) -> int:
        return self.origin_ms + self.monotonic_ms()

    def monotonic_ms(self) -> int:
        return int((time.monotonic_ns() - self.anchor_ns) * self.speed / 1e6)

    def real_s(self, field_s: float) -> float:
        return field_s / self.speed

    async def sleep(self, field_s: float) -> None:
        await asyncio.sleep(max(0.0, field_s / self.speed))

    def __str__(self) -> str:
        """Return the text that `parse_clock` reads back, for a command line."""
        return (
            f"{datetime.fromtimestamp(self.origin_ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}@{self.speed:g}/{self.anchor_ns}"
        )


def parse_clock(text: str) -> Clock:
    """Return the clock that a command line names.

    Args:
        text: "system", or "ORIGIN@SPEED/ANCHOR" with ORIGIN in ISO 8601 to the second and ANCHOR in monotonic nanoseconds.

    Raises:
        ValueError: the text is neither.
    """
    if text == "system":
        return SystemClock()
    match = _SPEC.fullmatch(text)
    if match is None:
        msg = f"clock {text!r}: expected 'system' or e.g. '2013-10-04T00:00:00Z@360/81234567890'"
        raise ValueError(msg)
    origin = datetime.fromisoformat(match["origin"])
    return ScaledClock(int(origin.timestamp() * 1000), int(match["anchor"]), float(match["speed"]))
