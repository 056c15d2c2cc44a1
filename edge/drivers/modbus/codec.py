"""From register numbers to values, and which registers to ask for together. The frames themselves are pymodbus's.

    RTU   unit u8 | function u8 | bytes u8 | register u16 ... | CRC-16 (low byte first)
    TCP   transaction u16 | 0000 | length u16 | unit u8 | function u8 | bytes u8 | register u16 ...

Registers are big-endian on the wire; the order of the two words of a 32-bit number is the maker's choice.
Source: Modbus Application Protocol V1.1b3; each profile names its own.
"""

import functools
import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, NamedTuple

from edge.drivers.modbus.profile import MAX_COUNT, Profile, Register, width
from wire.reading import Flag

_FORMATS: Final = {"int32": ">i", "uint32": ">I", "float32": ">f"}


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
    over, under = _ratio(register.scale)
    value = number * over / under
    suspect = register.range is not None and not register.range[0] <= value <= register.range[1]
    return Value(register.property, value, Flag.SUSPECT if suspect else Flag.UNKNOWN)


def _number(register: Register, words: Sequence[int], at: int) -> float:
    kind = register.type
    if kind == "int16":
        word = words[at]
        return word - 0x10000 if word & 0x8000 else word
    if kind == "uint16":
        return words[at]
    high, low = (words[at], words[at + 1]) if register.word_order == "ABCD" else (words[at + 1], words[at])
    (number,) = struct.unpack(_FORMATS[kind], struct.pack(">HH", high, low))
    return float(number)


@functools.cache
def _ratio(scale: float) -> tuple[int, int]:
    """Return the scale as a fraction, so that a value is rounded once: 3 tenths are 0.3, 3 * 0.1 is not."""
    return Fraction(scale).limit_denominator(1_000_000).as_integer_ratio()
