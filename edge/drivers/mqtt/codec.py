"""The vehicle feed: one JSON object for each reading of a vehicle's air instruments, at "vehicle/{id}/air", QoS 1.

    {"sn": 17,                             serial number
     "time": "2013-10-04T08:00:00.000Z",   UTC, when it was measured
     "pm2_5": 85.0, "pm10": 120.0,         ug/m3; absent or null when not measured
     "nox": 44.0, "o3": 61.0,
     "lon": 116.5, "lat": 39.8}            degrees WGS-84; both or neither

Serial numbers count from 1 without holes. The vehicle keeps a reading until the gateway publishes {"sn": n} at
"{topic}/ack", which acknowledges all up to n, and sends again every few seconds, oldest first, what is not
acknowledged. A vehicle that loses its memory counts from 1 again; its times still rise.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Final, NamedTuple

import msgspec

MAX_LENGTH: Final = 4096
MAX_WAITING: Final = 1024
_SN = re.compile(rb'"sn"\s*:\s*(\d{1,15})\s*[,}]')


class VehicleReport(msgspec.Struct, frozen=True):
    """What the JSON says; keys that it has besides are not ours."""

    sn: Annotated[int, msgspec.Meta(ge=0)]
    time: Annotated[datetime, msgspec.Meta(tz=True)]
    pm2_5: float | None = None
    pm10: float | None = None
    nox: float | None = None
    o3: float | None = None
    lon: Annotated[float, msgspec.Meta(ge=-180, le=180)] | None = None
    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)] | None = None

    @property
    def time_ms(self) -> int:
        """UTC milliseconds."""
        moment = self.time.astimezone(UTC)
        return round(moment.timestamp() * 1000)


class Unusable(NamedTuple):
    """JSON that gives no reading.

    Attributes:
        sn: its serial number when at least that can be read, so that it can be acknowledged and does not stop the feed.
        reason: what is wrong, in words.
    """

    sn: int | None
    reason: str


def decode_report(payload: bytes) -> VehicleReport | Unusable:
    """Return what one payload says."""
    if len(payload) > MAX_LENGTH:
        return Unusable(_serial(payload[:MAX_LENGTH]), f"longer than {MAX_LENGTH} bytes")
    try:
        report = msgspec.json.decode(payload, type=VehicleReport)
        _ = report.time_ms
    except (msgspec.DecodeError, OverflowError, ValueError) as error:
        return Unusable(_serial(payload), str(error))
    if (report.lon is None) != (report.lat is None):
        return Unusable(report.sn, "lon and lat come together or not at all")
    return report


def encode_acknowledgement(sn: int) -> bytes:
    """Return the payload that acknowledges all up to `sn`."""
    return msgspec.json.encode({"sn": sn})


def _serial(payload: bytes) -> int | None:
    match = _SN.search(payload)
    return int(match[1]) if match else None


class Parcel(NamedTuple):
    """One payload with a serial number.

    Attributes:
        sn: its number.
        report: what it says.
        time_ms: when it was measured, UTC; None when that cannot be read.
    """

    sn: int
    report: VehicleReport | Unusable
    time_ms: int | None


@dataclass(slots=True)
class Order:
    """Which payloads of one feed are taken, and when: an acknowledgement covers all before it, so none may be missed.

    After each connection, and when a number is missing, the order is open: something older may have been sent while
    nobody listened, or got lost. Everything waits until a number comes for the second time: by then the vehicle has
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
        # A number that falls while times rise: the vehicle has lost its memory and counts anew.
        return parcel.time_ms is not None and self._newest_ms is not None and parcel.time_ms > self._newest_ms

    def _takes(self, parcel: Parcel) -> bool:
        if not self._is_news(parcel):
            return False
        self.last = parcel.sn
        self._newest_ms = parcel.time_ms if parcel.time_ms is not None else self._newest_ms
        return True
