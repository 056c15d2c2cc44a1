r"""Frames of a vehicle terminal after JT/T 808, editions 2013 and 2019 (big-endian).

    7E | id u16 | properties u16 | [version u8] | phone BCD | serial u16 | [parts] | body | xor u8 | 7E
                  |                2019 only      6 bytes, 2019: 10        4 bytes: this is a part of a longer one
                  bits 0-9 length of the body, 10-12 cipher, 13 part, 14 edition 2019

Between the two 7E, 7E is sent as 7D 02 and 7D as 7D 01; xor is that of all from id to body, before that.

    0200 position   alarm u32 | status u32 | latitude u32 | longitude u32 | altitude u16 | speed u16 | course u16
                    | time BCD yymmddhhmmss, UTC+8 | extras: id u8, length u8, value
    0704 positions  count u16 | kind u8 | each: length u16, then as 0200
    8001 answer     serial u16 and id u16 of what is answered | result u8, 0 for success

Angles are degrees x 10^6 without a sign: bit 2 of status says south, bit 3 west; bit 1 says that there is a fix and
bit 5 that the position is enciphered. Speed is km/h x 10. Alarm bits 4, 5 and 6: the satellite module is broken, its
antenna is off or shorted; 7: its supply is too low.
Source: JT/T 808-2013 and JT/T 808-2019, sections 4.4 and 8.
"""

import functools
import operator
import re
import struct
from datetime import UTC, datetime, timedelta, timezone
from typing import Final, NamedTuple

from edge.drivers.decoder import Fault

MARK: Final = b"\x7e"
POSITION, POSITIONS, HEARTBEAT, AUTHENTICATION, ANSWER = 0x0200, 0x0704, 0x0002, 0x0102, 0x8001
FIX, SOUTH, WEST, ENCIPHERED = 1 << 1, 1 << 2, 1 << 3, 1 << 5
BROKEN: Final = 1 << 4 | 1 << 5 | 1 << 6
LOW_SUPPLY: Final = 1 << 7
# Header, the longest body and sum, each byte escaped.
MAX_LENGTH: Final = 2 * (21 + 1023 + 1)
# What a terminal repeats until it is answered.
ANSWERED: Final = frozenset({POSITION, POSITIONS, HEARTBEAT, AUTHENTICATION})
_CIPHER, _PART, _EDITION_2019 = 0b111 << 10, 1 << 13, 1 << 14
_BODY: Final = struct.Struct(">IIIIHHH6s")
_BEIJING: Final = timezone(timedelta(hours=8))
_LONE_ESCAPE: Final = re.compile(rb"\x7d(?![\x01\x02])")


class Frame(NamedTuple):
    """One frame whose sum is right.

    Attributes:
        id: what it is.
        version: of the protocol, None for edition 2013.
        phone: the terminal's number, all digits.
        serial: counted by its sender.
        body: without escapes.
    """

    id: int
    version: int | None
    phone: str
    serial: int
    body: bytes


class Position(NamedTuple):
    """Where a terminal is, as it reports it.

    Attributes:
        alarm, status: the bits as sent.
        longitude, latitude: degrees, east and north positive; not to be used without `is_fix`.
        altitude_m: metres.
        speed_kmh: km/h.
        course_deg: degrees, clockwise from north.
        time_ms: UTC milliseconds as the terminal has them; None when they cannot be a time.
    """

    alarm: int
    status: int
    longitude: float
    latitude: float
    altitude_m: int
    speed_kmh: float
    course_deg: int
    time_ms: int | None

    @property
    def is_fix(self) -> bool:
        """Whether the place is known and readable."""
        return bool(self.status & FIX) and not self.status & ENCIPHERED


class Report(NamedTuple):
    """One thing that a terminal said.

    Attributes:
        position: None when it was something else.
        answer: what the terminal waits for, to be sent when the position is safe; empty for nothing.
    """

    position: Position | None
    answer: bytes = b""


class Jtt808Decoder:
    """Finds frames in a stream that may begin anywhere, hold noise or lack bytes; what follows bad bytes is kept."""

    def __init__(self) -> None:
        self._held = b""
        self._answers = 0

    def feed(self, chunk: bytes) -> list[Report | Fault]:
        """Return what the frames that are complete now say, position by position."""
        *parts, self._held = (self._held + chunk).split(MARK)
        if len(self._held) > MAX_LENGTH:
            parts.append(self._held)
            self._held = b""
        return [found for part in parts if part for found in self._read(part)]

    def _read(self, part: bytes) -> list[Report | Fault]:
        frame = read_frame(part)
        if isinstance(frame, Fault):
            return [frame]
        try:
            positions = read_positions(frame)
        except (struct.error, ValueError) as error:
            return [Fault(f"unreadable position: {error}", part)]
        answer = self._answer(frame) if frame.id in ANSWERED else b""
        # The answer covers the whole frame, so it goes with the last position.
        reports: list[Report | Fault] = [Report(position) for position in positions[:-1]]
        return [*reports, Report(positions[-1] if positions else None, answer)]

    def _answer(self, frame: Frame) -> bytes:
        body = struct.pack(">HHB", frame.serial, frame.id, 0)
        answer = write_frame(Frame(ANSWER, frame.version, frame.phone, self._answers & 0xFFFF, body))
        self._answers += 1
        return answer


def read_frame(part: bytes) -> Frame | Fault:
    """Return the frame between two marks."""
    if _LONE_ESCAPE.search(part):
        return Fault("a 7D that escapes nothing", part)
    raw = part.replace(b"\x7d\x02", MARK).replace(b"\x7d\x01", b"\x7d")
    if len(raw) < 13:
        return Fault("bytes that belong to no frame", part)
    if functools.reduce(operator.xor, raw):
        return Fault("wrong checksum", part)
    id_, properties = struct.unpack(">HH", raw[:4])
    is_2019 = bool(properties & _EDITION_2019)
    start = 17 if is_2019 else 12
    if properties & (_CIPHER | _PART):
        return Fault("enciphered, or a part of a longer frame: neither is read", part)
    if len(raw) != start + (properties & 0x3FF) + 1:
        return Fault("not as long as its header says", part)
    phone, serial = raw[start - 12 if is_2019 else 4 : start - 2], raw[start - 2 : start]
    return Frame(id_, raw[4] if is_2019 else None, phone.hex(), int.from_bytes(serial, "big"), raw[start:-1])


def write_frame(frame: Frame) -> bytes:
    """Return the bytes of a frame, marks included."""
    is_2019 = frame.version is not None
    head = struct.pack(">HH", frame.id, len(frame.body) | (_EDITION_2019 if is_2019 else 0))
    head += bytes([frame.version]) if frame.version is not None else b""
    raw = head + bytes.fromhex(frame.phone) + frame.serial.to_bytes(2, "big") + frame.body
    raw += bytes([functools.reduce(operator.xor, raw)])
    return MARK + raw.replace(b"\x7d", b"\x7d\x01").replace(MARK, b"\x7d\x02") + MARK


def read_positions(frame: Frame) -> list[Position]:
    """Return the positions that a frame reports, none when it is of another kind.

    Raises:
        struct.error: the body is too short.
        ValueError: a position that is none.
    """
    if frame.id == POSITION:
        return [_position(frame.body)]
    if frame.id != POSITIONS:
        return []
    (count, _kind), rest = struct.unpack(">HB", frame.body[:3]), frame.body[3:]
    positions = []
    for _ in range(count):
        (length,) = struct.unpack(">H", rest[:2])
        positions.append(_position(rest[2 : 2 + length]))
        rest = rest[2 + length :]
    return positions


def _position(body: bytes) -> Position:
    alarm, status, latitude, longitude, altitude, speed, course, time = _BODY.unpack_from(body)
    if latitude > 90_000_000 or longitude > 180_000_000:
        raise ValueError("outside the globe")
    return Position(
        alarm,
        status,
        (-longitude if status & WEST else longitude) / 1e6,
        (-latitude if status & SOUTH else latitude) / 1e6,
        altitude,
        speed / 10,
        course,
        _utc_ms(time),
    )


def _utc_ms(time: bytes) -> int | None:
    """Return UTC milliseconds of six BCD bytes in UTC+8; None when they are no time, as before the first fix."""
    try:
        year, month, day, hour, minute, second = (int(pair) for pair in re.findall("..", time.hex()))
        moment = datetime(2000 + year, month, day, hour, minute, second, tzinfo=_BEIJING)
    except ValueError:
        return None
    return round(moment.astimezone(UTC).timestamp() * 1000)
