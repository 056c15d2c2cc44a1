"""The gateway's time: right from the start with NTP, from the hub's first acknowledgement without.

Readings carry the monotonic time, which nothing can step; UTC is that plus an offset, and this is where it comes from.
"""

import ctypes
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

from wire.clock import Clock, SystemClock

ClockSource = Literal["ntp", "hub", "unset"]

_TIME_ERROR: Final = 5
_STEP_MS: Final = 2000
# NTP and the hub agree when they are no further apart: an acknowledgement may take this long.
_AGREE_MS: Final = 60_000


class GatewayClock:
    """A `wire.clock.Clock` whose UTC is right, or known not to be.

    Attributes:
        boot: 16 bytes that name this boot: the monotonic milliseconds of one boot have one origin.
    """

    def __init__(self, clock: Clock, synchronised: Callable[[], bool] | None = None, boot: bytes | None = None) -> None:
        """Wrap a clock.

        Args:
            clock: the machine's, or a demo's.
            synchronised: whether the clock's UTC can be trusted; asks the kernel when the clock is the system's.
            boot: another name for this boot, for tests.
        """
        self._clock = clock
        trusted = _kernel_is_synchronised if isinstance(clock, SystemClock) else _always
        self._synchronised = synchronised or trusted
        self._hub_offset_ms: int | None = None
        self._agreed_ms: int | None = None
        self.boot = boot or boot_id()

    @property
    def source(self) -> ClockSource:
        """Who told the time."""
        return self._told()[1]

    def offset_ms(self) -> int | None:
        """Return UTC minus monotonic milliseconds, None while nobody has told the time."""
        return self._told()[0]

    def _told(self) -> tuple[int | None, ClockSource]:
        """Return the offset and who told it.

        A clock that is said to be synchronised and jumps away from what it and the hub had agreed on, while the hub
        stays, was stepped by a fault: a wrong server, an hour of daylight saving written into the clock.
        """
        hub_ms = self._hub_offset_ms
        if not self._synchronised():
            return hub_ms, "unset" if hub_ms is None else "hub"
        own_ms = self._clock.offset_ms()
        if own_ms is None or hub_ms is None:
            return own_ms, "ntp"
        if abs(own_ms - hub_ms) <= _AGREE_MS:
            self._agreed_ms = own_ms
        elif self._agreed_ms is not None and abs(self._agreed_ms - hub_ms) <= _AGREE_MS < abs(own_ms - self._agreed_ms):
            return self._agreed_ms, "hub"
        return own_ms, "ntp"

    def on_hub_time(self, hub_time_ms: int) -> None:
        """Learn what the hub's clock shows.

        An acknowledgement arrives late, never early: the largest offset is the best, unless the hub's clock stepped.
        """
        offset_ms = hub_time_ms - self._clock.monotonic_ms()
        known = self._hub_offset_ms
        if known is None or offset_ms > known or known - offset_ms > _STEP_MS:
            self._hub_offset_ms = offset_ms

    def resume(self, offset_ms: int) -> None:
        """Take over what an earlier process of this boot had learned from the hub."""
        self._hub_offset_ms = offset_ms

    def utc_ms(self) -> int:
        """Return field time, as right as it is known."""
        offset_ms = self.offset_ms()
        return self._clock.utc_ms() if offset_ms is None else self._clock.monotonic_ms() + offset_ms

    def monotonic_ms(self) -> int:
        """Return field milliseconds since the origin of this boot."""
        return self._clock.monotonic_ms()

    def real_s(self, field_s: float) -> float:
        """Return how many real seconds `field_s` field seconds last."""
        return self._clock.real_s(field_s)

    async def sleep(self, field_s: float) -> None:
        """Sleep for `field_s` field seconds."""
        await self._clock.sleep(field_s)


def boot_id() -> bytes:
    """Return 16 bytes that name this boot of the machine."""
    return hashlib.sha256(Path("/proc/sys/kernel/random/boot_id").read_bytes()).digest()[:16]


def _always() -> bool:
    return True


def _kernel_is_synchronised() -> bool:
    """Return whether the kernel's clock is disciplined, by adjtimex(2) with no change asked for."""
    timex = (ctypes.c_byte * 512)()
    try:
        return int(ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))) not in {-1, _TIME_ERROR}
    except (OSError, AttributeError):
        return False
