"""Recognises devices that talk by themselves by their frames, whatever the kind. Pure."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from edge.drivers.decoder import Decoder, Fault
from edge.drivers.hpma.codec import HpmaDecoder
from edge.drivers.modbus.frames import frames_in
from edge.drivers.nmea.codec import NmeaDecoder
from edge.drivers.pms.codec import PmsDecoder
from edge.drivers.sds011.codec import LARGE, PARTICLES, NovaDecoder
from edge.drivers.winsen.codec import UploadDecoder


class Talker(msgspec.Struct, frozen=True):
    """Devices that were heard at one speed.

    Attributes:
        baud: the speed.
        driver: the kind, a key of `edge.drivers.DRIVERS`.
        model: as that kind's settings call it, "" for the usual one; for Modbus, "unit N".
        frames: that were sound.
    """

    baud: int
    driver: str
    model: str
    frames: int


def rtu_units(heard: bytes) -> list[int]:
    """Return whose Modbus RTU answers there are in what was heard, whoever asked for them."""
    return [frame[0] for frame in frames_in(heard)]


# (kind, model): its decoder. Any: each has frames of its own.
_DECODERS: Final[Mapping[tuple[str, str], Callable[[], Decoder[Any]]]] = MappingProxyType(
    {
        ("pms", ""): PmsDecoder,
        ("hpma", ""): lambda: HpmaDecoder(compact=False),
        ("hpma", "115c0"): lambda: HpmaDecoder(compact=True),
        ("sds011", ""): lambda: NovaDecoder(PARTICLES),
        ("sds011", "sds198"): lambda: NovaDecoder(LARGE),
        ("winsen", ""): UploadDecoder,
        ("nmea", ""): NmeaDecoder,
    }
)


def recognise(baud: int, heard: bytes) -> list[Talker]:
    """Return who may have sent these bytes; two makers' frames can look the same."""
    talkers = [
        Talker(baud, driver, model, frames)
        for (driver, model), decoder in _DECODERS.items()
        if (frames := sum(_sound(found) for found in decoder().feed(heard)))
    ]
    units = rtu_units(heard)
    return talkers + [Talker(baud, "modbus", f"unit {unit}", units.count(unit)) for unit in sorted(set(units))]


def _sound(found: object) -> bool:
    return not isinstance(found, Fault) or found.missing
