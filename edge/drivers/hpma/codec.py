"""Frames of Honeywell HPM particle counters (9600 8N1, big-endian words, ug/m3).

    42 4D 00 1C | 13 words                                                | sum u16 of all bytes before it
                | HPMA115S0: reserved, PM2.5, PM10, 10 reserved           | sent by itself, once a second
                | HPMA115C0: PM1, PM2.5, PM4, PM10, 9 reserved            |
    40 05 04    | PM2.5, PM10                                             | check u8   HPMA115S0, answer to READ
    40 0D 04    | PM1, PM2.5, PM4, PM10, 4 bytes reserved                 | check u8   HPMA115C0, the same
    A5 A5       taken: a command was obeyed;  96 96  refused
    68 | length u8 | command u8 | 0 or 1 byte | check u8                               command

check = 256 - the sum of all bytes before it, modulo 256. The 32 bytes begin as those of a Plantower PMS do.
Source: Honeywell, HPM Series data sheet 32322550, issue F. The reserved words are not said to be 0.
"""

import struct
from collections.abc import Sequence
from typing import Final, NamedTuple

from edge.drivers.decoder import Fault, Resync, told_by

ACTIVE_FRAME, STANDARD_ANSWER, COMPACT_ANSWER = b"\x42\x4d\x00\x1c", b"\x40\x05\x04", b"\x40\x0d\x04"
TAKEN, REFUSED = b"\xa5\xa5", b"\x96\x96"
LENGTHS: Final = {ACTIVE_FRAME: 32, STANDARD_ANSWER: 8, COMPACT_ANSWER: 16, TAKEN: 2, REFUSED: 2}


def command(code: int) -> bytes:
    """Return the 4 bytes of a command."""
    body = bytes((0x68, 1, code))
    return body + bytes((-sum(body) & 0xFF,))


MEASURE: Final = command(0x01)
STOP: Final = command(0x02)
READ: Final = command(0x04)
STOP_SENDING: Final = command(0x20)
SEND: Final = command(0x40)


class HpmaFrame(NamedTuple):
    """One measurement, ug/m3; what the model does not measure is None.

    Attributes:
        doubtful: whether the frame is rather another model's: reserved words that are not 0, or more fine particles
            than coarse and fine ones together.
    """

    pm2_5: int
    pm10: int
    pm1: int | None = None
    pm4: int | None = None
    doubtful: bool = False


class HpmaDecoder(Resync[HpmaFrame]):
    """Finds measurements, sent or asked for; acknowledgements are passed over.

    Frames of zeros are no measurement before the first that is not: such a device is warming up, or sees nothing.
    """

    def __init__(self, *, compact: bool) -> None:
        """Read 32-byte frames as an HPMA115C0's when `compact`, else as an HPMA115S0's."""
        super().__init__(told_by(LENGTHS), _adds_up, self._frame)
        self._compact = compact
        self._has_seen = False

    def _frame(self, raw: bytes) -> HpmaFrame | Fault | None:
        if raw == TAKEN:
            return None
        if raw == REFUSED:
            return Fault("the device refused a command", raw)
        if raw.startswith(ACTIVE_FRAME):
            words = struct.unpack(">13H", raw[4:-2])
            if _of_plantower(words):
                return Fault("no Honeywell frame: a Plantower PMS has the same header", raw)
            frame = _compact(words) if self._compact else _standard(words)
        else:
            words = struct.unpack(f">{len(raw) // 2 - 2}H", raw[3:-1])
            frame = HpmaFrame(*words) if len(words) == 2 else _compact(words)
        self._has_seen = self._has_seen or any(words)
        return frame if self._has_seen else Fault("all zero: the device is warming up", raw, missing=True)


def _adds_up(raw: bytes) -> bool:
    if len(raw) == 2:
        return True
    if raw.startswith(ACTIVE_FRAME):
        return sum(raw[:-2]) == int.from_bytes(raw[-2:], "big")
    return sum(raw) & 0xFF == 0


def _standard(words: Sequence[int]) -> HpmaFrame:
    doubtful = any((words[0], *words[3:])) or words[1] > words[2]
    return HpmaFrame(words[1], words[2], doubtful=doubtful)


def _compact(words: Sequence[int]) -> HpmaFrame:
    fractions, reserved = words[:4], words[4:]
    return HpmaFrame(words[1], words[3], words[0], words[2], any(reserved) or list(fractions) != sorted(fractions))


def _of_plantower(words: Sequence[int]) -> bool:
    """Return whether words 7 to 10 are counts of ever coarser particles, where a Honeywell has nothing."""
    counts = words[6:10]
    return counts[0] > 0 and list(counts) == sorted(counts, reverse=True) and any(words[3:6])
