"""Register images of the Modbus instruments, as data."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from wire.properties import to_canonical

Encoding = Literal["int16", "uint16", "float32"]

_FORMATS: Final[dict[Encoding, tuple[str, int]]] = {"int16": (">h", 1), "uint16": (">H", 1), "float32": (">f", 2)}
_RANGES: Final = {"int16": (-32_767, 32_767), "uint16": (0, 65_535)}


@dataclass(frozen=True)
class Point:
    """Where an instrument keeps one property.

    Attributes:
        address: of its first register, as on the wire.
        name: the property's name.
        encoding: big-endian in every register, the high word first.
        unit: in which it states the value.
        scale: value = raw * scale.
    """

    address: int
    name: str
    encoding: Encoding
    unit: str
    scale: float = 1.0

    @property
    def width(self) -> int:
        """How many registers it takes."""
        return _FORMATS[self.encoding][1]

    def encode(self, value: float) -> tuple[list[int], float]:
        """Return (registers, the value that they state in the wire's unit) of a value in the property's own unit."""
        per_unit, offset = to_canonical(self.name, self.unit)
        raw: float = (value - offset) / per_unit / self.scale
        if self.encoding != "float32":
            low, high = _RANGES[self.encoding]
            raw = min(max(round(raw), low), high)
        coded = struct.pack(_FORMATS[self.encoding][0], raw)
        stated = struct.unpack(_FORMATS[self.encoding][0], coded)[0] * self.scale
        return list(struct.unpack(f">{len(coded) // 2}H", coded)), stated


@dataclass(frozen=True)
class RegisterMap:
    """One model's registers.

    Attributes:
        functions: the Modbus functions (3, 4) that read them.
        size: addresses 0 to size - 1 exist.
        empty: what an existing register without a property of this instrument holds.
        points: its properties.
    """

    functions: frozenset[int]
    size: int
    empty: int
    points: tuple[Point, ...]

    def read(
        self, start: int, count: int, fitted: frozenset[str], value_of: Callable[[str], float]
    ) -> tuple[list[int], dict[str, float]]:
        """Return (registers, what they state) of a read that lies inside the map.

        Args:
            start: first address.
            count: how many registers.
            fitted: the properties that this instrument measures; the others are empty.
            value_of: a property's value in its canonical unit.
        """
        words = [self.empty] * count
        stated = {}
        for point in self.points:
            first = point.address - start
            if point.name not in fitted or first + point.width <= 0 or first >= count:
                continue
            registers, value = point.encode(value_of(point.name))
            for index, word in enumerate(registers, first):
                if 0 <= index < count:
                    words[index] = word
            if first >= 0 and first + point.width <= count:
                stated[point.name] = value
        return words, stated


LOGGER: Final = RegisterMap(
    frozenset({3}),
    12,
    0,
    (
        Point(0, "pm2_5", "float32", "ug/m3"),
        Point(2, "pm10", "float32", "ug/m3"),
        Point(4, "no2", "float32", "ug/m3"),
        Point(6, "o3", "float32", "ug/m3"),
        Point(8, "wind_speed", "float32", "m/s"),
        Point(10, "wind_direction", "float32", "deg"),
    ),
)
# Vaisala AQT400/530: a gauge that is not fitted reads 0x8000.
AQT530: Final = RegisterMap(
    frozenset({3, 4}),
    0x73,
    0x8000,
    (
        Point(0, "no2", "int16", "ppb"),
        Point(5, "o3", "int16", "ppb"),
        Point(8, "pm2_5", "int16", "ug/m3", 0.1),
        Point(9, "pm10", "int16", "ug/m3", 0.1),
    ),
)
RS_ZS_NOISE: Final = RegisterMap(frozenset({3}), 1, 0, (Point(0, "noise", "uint16", "dB(A)", 0.1),))
XY_MD02: Final = RegisterMap(
    frozenset({4}),
    3,
    0,
    (Point(1, "temperature", "int16", "degC", 0.1), Point(2, "humidity", "uint16", "%", 0.1)),
)
MAPS: Final = {"logger": LOGGER, "aqt530": AQT530, "rs_zs_noise": RS_ZS_NOISE, "xy_md02": XY_MD02}
