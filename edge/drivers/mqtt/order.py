"""The order of feeds that repeat what was not acknowledged: which payloads are taken, and when. Pure.

Serial numbers count from 1 without holes. A device keeps a reading until the gateway publishes its number, which
acknowledges all up to it, and sends again every few seconds, oldest first, what is not acknowledged. A device that
loses its memory counts from 1 again; its times still rise.
"""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from edge.drivers.mqtt.codec import Report, Unusable

MAX_WAITING: Final = 1024


class Parcel(NamedTuple):
    """One payload with a serial number.

    Attributes:
        sn: its number.
        report: what it says.
        time_ms: when it was measured, UTC; None when that cannot be read.
    """

    sn: int
    report: Report | Unusable
    time_ms: int | None


@dataclass(slots=True)
class Order:
    """Which payloads of one feed are taken, and when: an acknowledgement covers all before it, so none may be missed.

    After each connection, and when a number is missing, the order is open: something older may have been sent while
    nobody listened, or got lost. Everything waits until a number comes for the second time: by then the device has
    sent again all that it holds, and what is still missing is gone for ever. What has waited is then taken in order of
    its numbers, and what follows as it comes.

    Attributes:
        patience_s: for how many real seconds at most the order stays open, for feeds that never send again.
        last: the last number taken, None before the first.
    """

    patience_s: float
    last: int | None = None
    _newest_ms: int | None = None
    _safe: tuple[int | None, int | None] = (None, None)
    _open: bool = True
    _since_s: float = 0.0
    _waiting: dict[int, Parcel] = field(default_factory=dict)

    def connect(self) -> None:
        """Begin a connection: the order is open again, and what was taken but not confirmed is not held against it."""
        self._open = True
        self.last, self._newest_ms = self._safe
        self._waiting.clear()

    def arrive(self, parcel: Parcel, now_s: float) -> list[Parcel]:
        """Return what is to be taken now, in order: nothing when it has to wait or was taken before."""
        if not self._open and not self._has_hole(parcel):
            return [parcel] if self._takes(parcel) else []
        if not self._waiting:
            self._open, self._since_s = parcel.sn != 1, now_s
        elif parcel.sn in self._waiting or self._is_over(now_s):
            self._open = False
        self._waiting[parcel.sn] = parcel
        if self._open:
            return []
        waited = sorted(self._waiting.values(), key=lambda one: one.sn)
        self._waiting.clear()
        return [one for one in waited if self._takes(one)]

    def confirm(self) -> int | None:
        """Say that all that was taken is safe; return what to acknowledge, None while the order is open."""
        self._safe = (self.last, self._newest_ms)
        return None if self._open else self.last

    def _is_over(self, now_s: float) -> bool:
        return now_s - self._since_s >= self.patience_s or len(self._waiting) >= MAX_WAITING

    def _has_hole(self, parcel: Parcel) -> bool:
        """Return whether something may be missing before a payload: it is neither the next one nor an old one."""
        return self._is_news(parcel) and (self.last is None or parcel.sn != self.last + 1)

    def _is_news(self, parcel: Parcel) -> bool:
        if self.last is None or parcel.sn > self.last:
            return True
        # A number that falls while times rise: the device has lost its memory and counts anew.
        return parcel.time_ms is not None and self._newest_ms is not None and parcel.time_ms > self._newest_ms

    def _takes(self, parcel: Parcel) -> bool:
        if not self._is_news(parcel):
            return False
        self.last = parcel.sn
        self._newest_ms = parcel.time_ms if parcel.time_ms is not None else self._newest_ms
        return True
