"""From register numbers to values, and which registers to ask for together. The frames themselves are pymodbus's.

    RTU   unit u8 | function u8 | bytes u8 | register u16 ... | CRC-16 (low byte first)
    TCP   transaction u16 | 0000 | length u16 | unit u8 | function u8 | bytes u8 | register u16 ...

Registers are big-endian on the wire; the order of the two words of a 32-bit number is the maker's choice.
Source: Modbus Application Protocol V1.1b3; each profile names its own.
"""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, NamedTuple

from edge.drivers.modbus.profile import MAX_COUNT, Profile, Register, width
from wire.reading import Flag

_FORMATS: Final = {"int16": ">h", "uint16": ">H", "int32": ">i", "uint32": ">I", "float32": ">f"}


class Value(NamedTuple):
    """One decoded quantity; NaN when flag is MISSING."""

    property: str
    value: float
    flag: Flag


@dataclass(frozen=True, slots=True)
class Block:
    """One request.

    Attributes:
        function: 3 or 4.
        address, count: the registers asked for.
        registers: the quantities among them.
    """

    function: int
    address: int
    count: int
    registers: tuple[Register, ...]

    def decode(self, words: Sequence[int]) -> list[Value]:
        """Return the quantities of an answer.

        Args:
            words: `count` unsigned 16-bit registers.

        Raises:
            ValueError: the answer has another length: it belongs to another request.
        """
        if len(words) != self.count:
            raise ValueError(f"{len(words)} registers instead of {self.count}")
        return [_value(register, words, register.address - self.address) for register in self.registers]


def plan(profile: Profile, properties: Sequence[str], gap: int | None = None) -> tuple[Block, ...]:
    """Return the fewest requests that read these properties.

    Args:
        profile: the instrument's.
        properties: names; those that the profile does not have are passed over.
        gap: how many unwanted registers may be read along, None for what the profile allows.
    """
    wanted = sorted((r for r in profile.register if r.property in properties), key=lambda r: r.address)
    reach = profile.gap if gap is None else gap
    runs: list[list[Register]] = []
    for register in wanted:
        if runs and _fits(runs[-1], register, reach):
            runs[-1].append(register)
        else:
            runs.append([register])
    return tuple(Block(profile.function, run[0].address, _end(run) - run[0].address, tuple(run)) for run in runs)


def _fits(run: Sequence[Register], register: Register, gap: int) -> bool:
    end = _end(run)
    return register.address - end <= gap and register.address + width(register) - run[0].address <= MAX_COUNT


def _end(run: Sequence[Register]) -> int:
    return max(register.address + width(register) for register in run)


def _value(register: Register, words: Sequence[int], at: int) -> Value:
    number = _number(register, words, at)
    if number in register.sentinels or not math.isfinite(number):
        return Value(register.property, math.nan, Flag.MISSING)
    value = _scaled(number, register.scale)
    low, high = register.range or (-math.inf, math.inf)
    return Value(register.property, value, Flag.UNKNOWN if low <= value <= high else Flag.SUSPECT)


def _number(register: Register, words: Sequence[int], at: int) -> float:
    if width(register) == 1:
        word = words[at]
        return float(word - 0x10000 if register.type == "int16" and word & 0x8000 else word)
    high, low = (words[at], words[at + 1]) if register.word_order == "ABCD" else (words[at + 1], words[at])
    (number,) = struct.unpack(_FORMATS[register.type], struct.pack(">HH", high, low))
    return float(number)


def _scaled(number: float, scale: float) -> float:
    """Return number * scale, rounded once: 3 * 0.1 is 0.3."""
    if scale == 1:
        return number
    ratio = Fraction(scale).limit_denominator(1_000_000)
    return number * ratio.numerator / ratio.denominator
