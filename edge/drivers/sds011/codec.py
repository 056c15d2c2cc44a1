"""Frames of Nova SDS011 and SDS198 particle counters (9600 8N1, little-endian words).

    AA | C0      | PM2.5 x 10 u16 | PM10 x 10 u16   | id 2 bytes | sum of bytes 2 to 7, u8 | AB    SDS011, ug/m3
    AA | CF      | not documented | PM100 u16       | id 2 bytes | the same                | AB    SDS198, ug/m3
    AA | C5      | command, value and reserved, 4 bytes | id 2   | the same                | AB    answer to a command
    AA | B4      | command, set u8, value u8, 10 x 00, id 2 bytes | sum of bytes 2 to 16    | AB    command, 19 bytes

The sum does not cover the tail: both must be right. Id FFFF in a command means any device.
Source: Nova Fitness, Laser Dust Sensor Control Protocol V1.3 (SDS011) and SDS198 data sheet.
"""

import struct
from typing import Final, NamedTuple

from edge.drivers.decoder import Fault, Resync, told_by

START, TAIL = 0xAA, 0xAB
PARTICLES, LARGE, ANSWER = 0xC0, 0xCF, 0xC5
LENGTHS: Final = {bytes((START, kind)): 10 for kind in (PARTICLES, LARGE, ANSWER)}
ANY: Final = b"\xff\xff"


def command(code: int, value: int) -> bytes:
    """Return the 19 bytes of a command that sets `value` on whatever device hears it."""
    body = bytes((code, 1, value)) + bytes(10) + ANY
    return bytes((START, 0xB4)) + body + bytes((sum(body) & 0xFF, TAIL))


ACTIVE: Final = command(2, 0)
WAKE: Final = command(6, 1)


class NovaFrame(NamedTuple):
    """One measurement.

    Attributes:
        kind: PARTICLES of an SDS011, LARGE of an SDS198.
        words: the two words after the kind.
        serial: the device's own id, 2 bytes.
    """

    kind: int
    words: tuple[int, int]
    serial: bytes


class NovaDecoder(Resync[NovaFrame]):
    """Finds the frames of one model; answers to commands are passed over."""

    def __init__(self, kind: int) -> None:
        """Take frames of `kind`: PARTICLES or LARGE."""
        super().__init__(told_by(LENGTHS), _adds_up, self._frame)
        self._kind = kind

    def _frame(self, raw: bytes) -> NovaFrame | Fault | None:
        if raw[1] == ANSWER:
            return None
        if raw[1] != self._kind:
            return Fault("a frame of another model: SDS011 and SDS198 differ", raw)
        return NovaFrame(raw[1], struct.unpack_from("<2H", raw, 2), raw[6:8])


def _adds_up(raw: bytes) -> bool:
    return raw[-1] == TAIL and sum(raw[2:8]) & 0xFF == raw[8]
