"""What a [[device]] table of kind "clink" says."""

from typing import Annotated, Literal

import msgspec

from edge.drivers.clink.model import MODELS
from edge.drivers.driver import DeviceSettings
from edge.drivers.serial_port import check_port

Bits = Annotated[int, msgspec.Meta(ge=0, le=0xFFFF_FFFF)]


class ClinkSettings(DeviceSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Thermo analyser; analysers that share a line share its baud rate.

    Attributes:
        model: a key of `edge.drivers.clink.model.MODELS`.
        port: path of the serial port, best one of /dev/serial/by-id, or tcp://host:9880.
        instrument: the id that it is set to, None for the factory's.
        unit: in which it is set to state concentrations; one that states another is refused.
        fail_bits, suspect_bits: of its status word, besides those that are known of its model.
        timeout_s: real seconds to wait for an answer.
    """

    port: str
    model: Literal["49i", "49c", "42i"]
    instrument: Annotated[int, msgspec.Meta(ge=0, le=127)] | None = None
    unit: Literal["ppb", "ppm", "ug/m3", "mg/m3"] = "ppb"
    fail_bits: Bits = 0
    suspect_bits: Bits = 0
    baud: Annotated[int, msgspec.Meta(gt=0)] = 9600
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=60)] = 2.0

    def __post_init__(self) -> None:
        check_port(self.port)
        datastreams(self)


def port_of(settings: ClinkSettings) -> str:
    """Return the port as it is written."""
    return settings.port


def datastreams(settings: ClinkSettings) -> tuple[tuple[str, str], ...]:
    """Return the (property, unit) pairs that the device gives."""
    return settings.chosen(dict.fromkeys(MODELS[settings.model].gases, settings.unit))


def instrument_of(settings: ClinkSettings) -> int:
    """Return the id by which it is asked."""
    return MODELS[settings.model].instrument if settings.instrument is None else settings.instrument
