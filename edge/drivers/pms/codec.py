"""Frames of Plantower PMS particle counters (9600 8N1, big-endian words).

    42 4D | length u16 | words ...                                                     | sum u16
    "BM"  | 001C = 28  | 1-3 PM1, PM2.5, PM10 "CF=1"; 4-6 the same "atmospheric", ug/m3; | of all bytes
          |            | 7-12 particles above 0.3 0.5 1 2.5 5 10 um per 0.1 L;           | before it
          |            | byte 26 version, byte 27 error                                  |
          | 0014 = 20  | PMS3003: words 1-6, then 3 reserved                             |
          | 0004 = 4   | acknowledgement of a command: command u8, argument u8           |

PMS5003T: words 11 and 12 are temperature x 10 (signed) and relative humidity x 10 instead of the two coarsest counts.
Source: Plantower data manuals PMS5003 V2.3, PMS3003, PMS5003T. The Honeywell HPMA has the same header in its 32-byte
active frame.
"""

import math
import struct
from typing import Final, NamedTuple

from edge.drivers.decoder import Fault, Resync, told_by

HEADER: Final = b"\x42\x4d"
FULL, SHORT, ACKNOWLEDGEMENT = 0x1C, 0x14, 0x04
LENGTHS: Final = {HEADER + bytes((0, length)): 4 + length for length in (FULL, SHORT, ACKNOWLEDGEMENT)}


def command(code: int, argument: int) -> bytes:
    """Return the 7 bytes of a command: `42 4D code 00 argument sum`."""
    body = HEADER + bytes((code, 0, argument))
    return body + sum(body).to_bytes(2, "big")


PASSIVE: Final = command(0xE1, 0)
ACTIVE: Final = command(0xE1, 1)
READ: Final = command(0xE2, 0)
SLEEP: Final = command(0xE4, 0)
WAKE: Final = command(0xE4, 1)


class PmsFrame(NamedTuple):
    """One measurement.

    Attributes:
        words: the 12 (PMS3003: 9) big-endian words after the length, unsigned, without version and error.
        version, error: the two bytes before the sum; 0 of a PMS3003, which has none.
    """

    words: tuple[int, ...]
    version: int
    error: int

    @property
    def standard(self) -> tuple[int, int, int]:
        """PM1, PM2.5, PM10 in ug/m3 under the calibration "CF=1" (factory aerosol)."""
        return self.words[0], self.words[1], self.words[2]

    @property
    def atmospheric(self) -> tuple[int, int, int]:
        """PM1, PM2.5, PM10 in ug/m3 in outdoor air."""
        return self.words[3], self.words[4], self.words[5]

    @property
    def counts(self) -> tuple[int, ...]:
        """Particles in 0.1 L above 0.3, 0.5, 1, 2.5, 5, 10 um: none of a PMS3003, the first four of a PMS5003T."""
        return self.words[6:12] if len(self.words) == 12 else ()

    @property
    def temperature(self) -> float:
        """PMS5003T only: degC; NaN when the frame is a PMS3003's."""
        if len(self.words) < 12:
            return math.nan
        word = self.words[10]
        return (word - 0x10000 if word & 0x8000 else word) / 10

    @property
    def humidity(self) -> float:
        """PMS5003T only: %; NaN when the frame is a PMS3003's."""
        return self.words[11] / 10 if len(self.words) == 12 else math.nan


class PmsDecoder(Resync[PmsFrame]):
    """Finds frames; acknowledgements of commands are passed over."""

    def __init__(self) -> None:
        super().__init__(told_by(LENGTHS), _adds_up, _frame)


def _adds_up(raw: bytes) -> bool:
    return sum(raw[:-2]) == int.from_bytes(raw[-2:], "big")


def _frame(raw: bytes) -> PmsFrame | Fault | None:
    length = raw[3]
    if length == ACKNOWLEDGEMENT:
        return None
    words = struct.unpack(f">{length // 2 - 1}H", raw[4:-2])
    if not any(words):
        return Fault("all zero: the device is warming up", raw, missing=True)
    if length == SHORT:
        return PmsFrame(words, 0, 0)
    if any(words[:4]) and not any(words[4:]):
        return Fault("no Plantower frame: a Honeywell HPMA has the same header", raw)
    return PmsFrame(words[:12], raw[-4], raw[-3])
