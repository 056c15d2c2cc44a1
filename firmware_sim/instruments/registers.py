"""Register images of the Modbus instruments, as data."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from wire.properties import to_canonical

Encoding = Literal["int16", "uint16", "uint32", "float32", "swapped float32", "sign10000"]

_FORMATS: Final[dict[Encoding, tuple[str, int]]] = {
    "int16": (">h", 1),
    "uint16": (">H", 1),
    "uint32": (">I", 2),
    "float32": (">f", 2),
    "swapped float32": (">f", 2),
    "sign10000": (">H", 1),
}
_RANGES: Final[dict[Encoding, tuple[int, int]]] = {
    "int16": (-32_767, 32_767),
    "uint16": (0, 65_535),
    "uint32": (0, 0xFFFFFFFF),
    "sign10000": (-9_999, 9_999),
}


@dataclass(frozen=True)
class Point:
    """Where an instrument keeps one property.

    Attributes:
        address: of its first register, as on the wire.
        name: the property's name.
        encoding: big-endian in every register, the high word first ("swapped": the low one); "sign10000" states a
            number below zero as 10000 plus its amount.
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
        if self.encoding in _RANGES:
            low, high = _RANGES[self.encoding]
            raw = min(max(round(raw), low), high)
        below = self.encoding == "sign10000" and raw < 0
        coded = struct.pack(_FORMATS[self.encoding][0], 10_000 - raw if below else raw)
        stated = raw if below else struct.unpack(_FORMATS[self.encoding][0], coded)[0]
        words = list(struct.unpack(f">{len(coded) // 2}H", coded))
        return words[::-1] if self.encoding == "swapped float32" else words, stated * self.scale


@dataclass(frozen=True)
class RegisterMap:
    """One model's registers.

    Attributes:
        functions: the Modbus functions (3, 4) that read them.
        size: addresses 0 to size - 1 exist.
        empty: what an existing register without a property of this instrument holds.
        points: its properties.
        inputs: how many discrete inputs (function 2) there are, from 0 on.
    """

    functions: frozenset[int]
    size: int
    empty: int
    points: tuple[Point, ...]
    inputs: int = 0

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
# Renke 500 map: wind x 10; a gauge that is not fitted reads 0.
RENKE_500: Final = RegisterMap(
    frozenset({3}),
    0x7D2,
    0,
    (
        Point(500, "wind_speed", "uint16", "m/s", 0.1),
        Point(503, "wind_direction", "uint16", "deg"),
        Point(504, "humidity", "uint16", "%", 0.1),
        Point(505, "temperature", "int16", "degC", 0.1),
        Point(506, "noise", "uint16", "dB(A)", 0.1),
        Point(507, "pm2_5", "uint16", "ug/m3"),
        Point(508, "pm10", "uint16", "ug/m3"),
        Point(509, "pressure", "uint16", "kPa", 0.1),
        Point(510, "illuminance", "uint32", "lx"),
        Point(513, "rain", "uint16", "mm", 0.1),
    ),
)
RS_WS: Final = RegisterMap(
    frozenset({3}),
    2,
    0,
    (Point(0, "humidity", "uint16", "%", 0.1), Point(1, "temperature", "int16", "degC", 0.1)),
)
KINCONY_SHT30: Final = RegisterMap(
    frozenset({3}),
    2,
    0,
    (Point(0, "temperature", "sign10000", "degC", 0.1), Point(1, "humidity", "uint16", "%", 0.1)),
)
TELEDYNE_T400: Final = RegisterMap(frozenset({4}), 58, 0, (Point(18, "o3", "float32", "ppb"),), inputs=27)
THERMO_49IQ: Final = RegisterMap(frozenset({3}), 2112, 0, (Point(2100, "o3", "swapped float32", "ppb"),))
MAPS: Final = {
    "logger": LOGGER,
    "aqt530": AQT530,
    "rs_zs_noise": RS_ZS_NOISE,
    "xy_md02": XY_MD02,
    "renke_500": RENKE_500,
    "rs_ws": RS_WS,
    "kincony_sht30": KINCONY_SHT30,
    "teledyne_t400": TELEDYNE_T400,
    "thermo_49iq": THERMO_49IQ,
}
