"""The vehicle feed: one JSON object for each reading of a vehicle's air instruments, at "vehicle/{id}/air", QoS 1.

    {"sn": 17,                             serial number
     "time": "2013-10-04T08:00:00.000Z",   UTC, when it was measured
     "pm2_5": 85.0, "pm10": 120.0,         ug/m3; absent or null when not measured
     "nox": 44.0, "o3": 61.0,
     "lon": 116.5, "lat": 39.8}            degrees WGS-84; both or neither

The vehicle keeps a reading until the gateway publishes {"sn": n} at "{topic}/ack", which acknowledges all up to n,
and sends again, oldest first, what is
not acknowledged. A vehicle that loses its memory starts again at 1, with later times.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final, NamedTuple

import msgspec

MAX_LENGTH: Final = 4096
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


@dataclass(slots=True)
class Order:
    """Which serial numbers of one feed are taken: in order, without a hole, as an acknowledgement covers all before.

    A number that comes too early is left: it will come again. When it does come again without what should have come
    before, or something older comes, the vehicle has sent from the oldest that it holds, and the order starts there:
    so at the start, after a restart of the gateway, and when the vehicle's memory was full.

    Attributes:
        last: the last number taken, None before the first.
    """

    last: int | None = None
    _early: int | None = None
    _newest_ms: int | None = None

    def takes(self, sn: int, time_ms: int | None) -> bool:
        """Return whether to take this number now; `time_ms` is None when its time cannot be read."""
        if not self._in_order(sn, time_ms):
            return False
        self.last, self._early = sn, None
        if time_ms is not None:
            self._newest_ms = time_ms
        return True

    def reconnect(self) -> None:
        """Forget what came early: the vehicle may be in the middle of sending again."""
        self._early = None

    def repeated(self, sn: int) -> bool:
        """Return whether this number was taken before and is to be acknowledged again."""
        return self.last is not None and sn <= self.last

    def _in_order(self, sn: int, time_ms: int | None) -> bool:
        if self.last is not None and sn <= self.last:
            return self._starts_again(time_ms)
        if sn == (1 if self.last is None else self.last + 1):
            return True
        if self._early is not None and sn <= self._early:
            return True
        if self._early is None:
            self._early = sn
        return False

    def _starts_again(self, time_ms: int | None) -> bool:
        return time_ms is not None and self._newest_ms is not None and time_ms > self._newest_ms
