"""JT/T 808: what a vehicle terminal reports, in the frames of 2013 or of 2019.

7E | id | properties | [01 in 2019] | phone, BCD: 6 bytes, 10 in 2019 | serial | body | xor | 7E
Inside, 7E is sent as 7D 02 and 7D as 7D 01.

Body of 0200: alarm, status, latitude and longitude in 1e-6 degrees, altitude in m, speed in 0.1 km/h, course,
BCD time of UTC+8; 0704 holds several of them, as stored without a link.
"""

import struct
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

_MARK: Final = 0x7E
_ESCAPE: Final = 0x7D
_EDITION: Final = 0x4000


class Place(NamedTuple):
    """What a terminal knows of itself at one moment; degrees WGS-84, None while it has no fix."""

    time_ms: int
    longitude: float | None
    latitude: float | None
    speed_km_h: float = 0.0
    course_deg: int = 0
    alarm: int = 0


def body(place: Place) -> tuple[bytes, float]:
    """Return (the body of a position, the speed in km/h that it states)."""
    longitude, latitude = place.longitude or 0.0, place.latitude or 0.0
    status = 0b1 | (place.longitude is not None) << 1 | (latitude < 0) << 2 | (longitude < 0) << 3
    speed = round(place.speed_km_h * 10)
    angles = (round(abs(angle) * 1_000_000) for angle in (latitude, longitude))
    clock = datetime.fromtimestamp(place.time_ms / 1000, UTC) + timedelta(hours=8)
    head = struct.pack(">4I3H", place.alarm, status, *angles, 31, speed, place.course_deg)
    return head + bytes.fromhex(f"{clock:%y%m%d%H%M%S}"), speed / 10


def report(place: Place, phone: str, serial: int, *, edition: int = 2019) -> bytes:
    """Return one 0200."""
    return frame(0x0200, phone, serial, body(place)[0], edition=edition)


def stored(places: Sequence[Place], phone: str, serial: int, *, edition: int = 2019) -> bytes:
    """Return one 0704 with what was measured without a link."""
    items = b"".join(len(item).to_bytes(2, "big") + item for item in (body(place)[0] for place in places))
    return frame(0x0704, phone, serial, struct.pack(">HB", len(places), 1) + items, edition=edition)


def frame(identity: int, phone: str, serial: int, content: bytes, *, edition: int = 2019) -> bytes:
    """Return a frame with its marks; `phone` is filled with zeros from the left."""
    new = edition >= 2019
    plain = bytearray(struct.pack(">HH", identity, len(content) | _EDITION * new))
    plain += b"\x01" * new + bytes.fromhex(phone.rjust(20 if new else 12, "0")) + struct.pack(">H", serial) + content
    check = 0
    for octet in plain:
        check ^= octet
    sent = bytearray([_MARK])
    for octet in (*plain, check):
        sent += bytes([_ESCAPE, 1 + (octet == _MARK)]) if octet in {_MARK, _ESCAPE} else bytes([octet])
    return bytes(sent) + bytes([_MARK])


def answers(octets: bytes) -> Iterator[tuple[int, int]]:
    """Yield (serial, id) of what the answers 8001 in some bytes confirm; whatever else is passed over."""
    for part in octets.split(bytes([_MARK])):
        plain = part.replace(b"\x7d\x02", b"\x7e").replace(b"\x7d\x01", b"\x7d")
        if plain.startswith(b"\x80\x01") and plain[-2] == 0:
            serial, identity = struct.unpack(">HH", plain[-6:-2])
            yield serial, identity
