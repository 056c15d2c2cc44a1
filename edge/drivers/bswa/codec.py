"""Blocks of BSWA 308 and 309 sound level meters (RS-232, 8N1, ASCII).

    02  | address u8 | attribute | text                       | 03  | check u8 | 0D 0A
    STX |            | 43 'C'    | a command: "DSL7 1 ?"      | ETX |          |
        |            | 41 'A'    | an answer: "065.0,066.2,0" |     |          |
        |            | 06 ACK    |                            |     |          |
        |            | 15 NAK    | 0001 command, 0002 parameter, 0003 not in this state

    check = exclusive or of all bytes from STX to ETX, both included; 00 = not to be checked.

    DSL7 1 ?   LAeq,LBeq,LCeq,LZeq,indicator
    DLN1 ?     filter,detector,mode, then ten times percent,level, then indicator
    STA?       0 stopped, 1 running, 2 paused; STA1 starts
    indicator  0 normal, 1 over range, 2 under range, 3 over and 4 under range earlier in the integral period

Source: BSWA 308/309 user manual (2016, 2020), chapter 5; SAUTER SW 1000 manual, the same meter. The manual's text
leaves STX and ETX out of the check, its examples do not.
"""

import math
import re
from functools import reduce
from operator import xor
from typing import Final, NamedTuple

from edge.drivers.decoder import Fault

STX, ETX, ACK, NAK = 0x02, 0x03, 0x06, 0x15
COMMAND, ANSWER = 0x43, 0x41
END: Final = b"\r\n"
UNCHECKED: Final = 0
# Longer than any text of the manual: a third-octave answer has some 220 characters.
MAX_TEXT: Final = 512

STATE: Final = "STA?"
START: Final = "STA1"
LEVELS: Final = "DSL7 1 ?"
STATISTICS: Final = "DLN1 ?"
STOPPED, PAUSED = "0", "2"

REFUSALS: Final = {
    "0001": "does not know the command",
    "0002": "does not accept the parameter",
    "0003": "cannot do that in its present state",
}
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")


class Block(NamedTuple):
    """One block.

    Attributes:
        address: of the meter.
        attribute: COMMAND, ANSWER, ACK or NAK.
        text: what it says.
    """

    address: int
    attribute: int
    text: str


def encode(block: Block) -> bytes:
    """Return the bytes of a block."""
    body = bytes((STX, block.address, block.attribute)) + block.text.encode("ascii") + bytes((ETX,))
    return body + bytes((reduce(xor, body),)) + END


class BlockDecoder:
    """Finds the blocks that one meter sends, in a stream that may begin anywhere, hold noise or lack bytes.

    Commands, and what other meters of the line say, are passed over.
    """

    def __init__(self, address: int) -> None:
        self._address = address
        self._held = b""

    def feed(self, chunk: bytes) -> list[Block | Fault]:
        """Return the blocks and faults that are complete now."""
        self._held += chunk
        found: list[Block | Fault] = []
        while self._held:
            length = _length(self._held)
            if length == 0:
                break
            if length < 0:
                following = self._held.find(STX, 1)
                found.append(Fault("bytes that belong to no block", self._take(following)))
                continue
            found += self._judge(self._take(length))
        return found

    def _judge(self, raw: bytes) -> list[Block | Fault]:
        check = reduce(xor, raw[:-3])
        if raw[-3] not in (check, UNCHECKED):
            return [Fault(f"wrong check: {raw[-3]:02X} where {check:02X} would be right", raw)]
        block = Block(raw[1], raw[2], raw[3:-4].decode("ascii"))
        return [block] if block.address == self._address and block.attribute != COMMAND else []

    def _take(self, length: int) -> bytes:
        """Return and forget so many bytes, all for -1."""
        if length < 0:
            length = len(self._held)
        taken, self._held = self._held[:length], self._held[length:]
        return taken


def _length(held: bytes) -> int:
    """Return how long the block is that these bytes begin with, 0 when it is not complete, -1 when it is none."""
    if held[0] != STX or held[2:3] not in (b"", b"A", b"C", b"\x06", b"\x15"):
        return -1
    end = 3
    while end < len(held) and 0x20 <= held[end] < 0x7F:
        end += 1
    if end > 3 + MAX_TEXT:
        return -1
    if end >= len(held):
        return 0
    if held[end] != ETX or not END.startswith(held[end + 2 : end + 4]):
        return -1
    return end + 4 if len(held) >= end + 4 else 0


class Levels(NamedTuple):
    """The answer to LEVELS: equivalent levels of the integral period, dB; NaN where the meter states no number."""

    a: float
    b: float
    c: float
    z: float
    indicator: str


class Statistics(NamedTuple):
    """The answer to STATISTICS.

    Attributes:
        weighting: "A", "B", "C" or "Z".
        levels: the level in dB that was exceeded, by per cent of the time; which ones, is set at the meter.
        indicator: as in `Levels`.
    """

    weighting: str
    levels: dict[int, float]
    indicator: str


def levels(text: str) -> Levels:
    """Return what an answer says.

    Raises:
        ValueError: it is no answer to LEVELS.
    """
    parts = text.split(",")
    if len(parts) != 5:
        raise ValueError(f"answered {LEVELS!r} with {text!r}")
    a, b, c, z = (_decibel(part) for part in parts[:4])
    return Levels(a, b, c, z, parts[4])


def statistics(text: str) -> Statistics:
    """Return what an answer says.

    Raises:
        ValueError: it is no answer to STATISTICS.
    """
    parts = text.split(",")
    percents = parts[3:-1:2]
    if len(parts) != 24 or parts[0] not in "0123" or not all(percent.isdecimal() for percent in percents):
        raise ValueError(f"answered {STATISTICS!r} with {text!r}")
    pairs = zip(percents, parts[4:-1:2], strict=True)
    return Statistics("ABCZ"[int(parts[0])], {int(n): _decibel(level) for n, level in pairs}, parts[-1])


def _decibel(text: str) -> float:
    return float(text) if _NUMBER.fullmatch(text.strip()) else math.nan
