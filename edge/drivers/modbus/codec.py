"""From an answer's bytes to readings, and which registers to ask for together. See `frames` for what is around them.

    functions 3, 4   register u16 big-endian ...                  32 bits in the maker's word order
    functions 1, 2   bits, eight to a byte, the first one lowest

A block is one request. It is compiled when it is planned: one `struct` call takes an answer apart.
Source: Modbus Application Protocol V1.1b3; each profile names its own.
"""

import math
import struct
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache, partial
from operator import itemgetter
from typing import Final, NamedTuple

from edge.drivers.modbus.item import Alarm, Item
from edge.drivers.modbus.profile import MAX_BITS, MAX_COUNT, Register, Status
from wire.reading import Flag, Reading

_FORMATS: Final = {"int16": "h", "uint16": "H", "int32": "i", "uint32": "I", "float32": "f", "sign10000": "H"}
_SIGN: Final = 10_000
# Every number of a bus goes through the first lines of `decode`: names looked up once, a tuple without keywords.
_NAN: Final = math.nan
_UNKNOWN: Final = Flag.UNKNOWN
_reading: Final = partial(tuple.__new__, Reading)


def plan(items: Iterable[Item], gap: int | None = None) -> list["Block"]:
    """Return the fewest requests that read all items, by function and address.

    Args:
        items: of one unit.
        gap: how many unwanted registers may be read along, None for what the items allow.
    """
    runs: list[list[Item]] = []
    for item in sorted(items, key=lambda item: item[:3]):
        if runs and _joins(runs[-1], item, item.gap if gap is None else gap):
            runs[-1].append(item)
        else:
            runs.append([item])
    return [Block(tuple(run)) for run in runs]


def _joins(run: Sequence[Item], item: Item, gap: int) -> bool:
    first = run[0]
    most = MAX_COUNT if item.function > 2 else MAX_BITS
    return (
        item.function == first.function
        and item.address - _end(run) <= gap
        and item.address + item.width - first.address <= most
    )


def _end(run: Sequence[Item]) -> int:
    return max(item.address + item.width for item in run)


class Cell(NamedTuple):
    """How one number of an answer becomes a reading.

    Attributes:
        over, under: the scale as a fraction, so that a value is rounded once: 3 tenths are 0.3, 3 * 0.1 is not.
        low, high: values between them are as they stand, unless the number is one of `sentinels`.
        register: to judge the others by.
    """

    device: str
    property: str
    over: int
    under: int
    low: float
    high: float
    sentinels: tuple[float, ...]
    register: Register


@dataclass(frozen=True, slots=True)
class Layer:
    """Items that do not overlap, and the one call that unpacks them.

    Attributes:
        format: of the whole answer.
        order: picks the answer's bytes in the order of the standard, None where they are in it.
        items: as they come out.
    """

    format: struct.Struct
    order: Callable[[bytes], Iterable[int]] | None
    items: tuple[Item, ...]

    def unpack(self, octets: bytes) -> tuple[float, ...]:
        """Return a number for each item."""
        return self.format.unpack(octets if self.order is None else bytes(self.order(octets)))


@dataclass(slots=True)
class Block:
    """One request.

    Attributes:
        items: at least one, of one function, by address.
        function, address, count: what to ask for.
        size: bytes of the answer that hold registers or bits.
    """

    items: tuple[Item, ...]
    function: int = field(init=False)
    address: int = field(init=False)
    count: int = field(init=False)
    size: int = field(init=False)
    _values: list[tuple[Layer, list[Cell]]] = field(init=False, default_factory=list)
    _alarms: list[Layer] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.function, self.address = self.items[0][:2]
        self.count = _end(self.items) - self.address
        self.size = 2 * self.count if self.function > 2 else (self.count + 7) // 8
        if self.function > 2:
            layers = _layers([item for item in self.items if isinstance(item.of, Register)])
            self._values = [(self._compiled(layer), [_cell(item) for item in layer]) for layer in layers]
            alarms = _layers([item for item in self.items if isinstance(item.of, Status)])
            self._alarms = [self._compiled(layer) for layer in alarms]

    def decode(self, octets: bytes, at_ms: int) -> tuple[list[Reading], list[Alarm]]:
        """Return the readings of an answer, and the status that it raises.

        Args:
            octets: the registers or bits.
            at_ms: when they came, monotonic.

        Raises:
            ValueError: the answer has another length: it belongs to another request.
        """
        if len(octets) != self.size:
            raise ValueError(f"{len(octets)} bytes instead of {self.size}")
        readings: list[Reading] = []
        for layer, cells in self._values:
            readings += [
                _reading((device, name, at_ms, value, _UNKNOWN, _NAN, _NAN))
                if low <= (value := number * over / under) <= high and number not in sentinels
                else _doubtful(device, register, at_ms, number)
                for (device, name, over, under, low, high, sentinels, register), number in zip(
                    cells, layer.unpack(octets), strict=True
                )
            ]
        return readings, self._raised(octets)

    def split(self) -> list["Block"]:
        """Return the requests to ask instead when an instrument refuses this one; none when it is a single item."""
        parts = plan(self.items, gap=0)
        if len(parts) > 1:
            return parts
        half = len(self.items) // 2
        return [Block(self.items[:half]), Block(self.items[half:])] if half else []

    def _raised(self, octets: bytes) -> list[Alarm]:
        if self.function <= 2:
            bits = int.from_bytes(octets, "little")
            return [_alarm(item) for item in self.items if bits >> item.address - self.address & 1]
        return [
            _alarm(item)
            for layer in self._alarms
            for item, word in zip(layer.items, layer.unpack(octets), strict=True)
            if _is_raised(item.of, int(word))
        ]

    def _compiled(self, items: Sequence[Item]) -> Layer:
        """Return how items are unpacked: "2xhf" and so on, and the order of the bytes."""
        code, at, order = ">", self.address, list(range(self.size))
        for item in items:
            kind, word_order = (item.of.type, item.of.word_order) if isinstance(item.of, Register) else ("uint16", "")
            code += f"{2 * (item.address - at)}x{_FORMATS[kind]}"
            at = item.address + item.width
            if item.width == 2:
                first = 2 * (item.address - self.address)
                order[first : first + 4] = [first + word_order.index(letter) for letter in "ABCD"]
        code += f"{2 * (self.address + self.count - at)}x"
        in_order = order == list(range(self.size))
        return Layer(struct.Struct(code), None if in_order else itemgetter(*order), tuple(items))


def _layers(items: Iterable[Item]) -> list[list[Item]]:
    """Return items, which are sorted, in as few lists as it takes that none overlaps the one before it."""
    layers: list[list[Item]] = []
    for item in items:
        for layer in layers:
            if layer[-1].address + layer[-1].width <= item.address:
                layer.append(item)
                break
        else:
            layers.append([item])
    return layers


def _cell(item: Item) -> Cell:
    register = item.of
    assert isinstance(register, Register)
    low, high = register.range or (-sys.float_info.max, sys.float_info.max)
    if register.type == "sign10000":
        high = min(high, (_SIGN - 1) * register.scale)
    return Cell(item.device, register.property, *_ratio(register.scale), low, high, register.sentinels, register)


@cache
def _ratio(scale: float) -> tuple[int, int]:
    return Fraction(scale).limit_denominator(1_000_000).as_integer_ratio()


def _doubtful(device: str, register: Register, at_ms: int, number: float) -> Reading:
    if number in register.sentinels or not math.isfinite(number):
        return Reading(device, register.property, at_ms, math.nan, Flag.MISSING)
    if register.type == "sign10000" and number >= _SIGN:
        number = _SIGN - number
    over, under = _ratio(register.scale)
    value = number * over / under
    suspect = register.range is not None and not register.range[0] <= value <= register.range[1]
    return Reading(device, register.property, at_ms, value, Flag.SUSPECT if suspect else Flag.UNKNOWN)


def _alarm(item: Item) -> Alarm:
    assert isinstance(item.of, Status)
    return Alarm(item.device, item.of, item.text)


def _is_raised(status: Register | Status, word: int) -> bool:
    assert isinstance(status, Status)
    masked = word & status.mask
    return masked in status.equals if status.equals else masked != 0
