"""What a [[device]] table of kind "nmea" says."""

from typing import Annotated, Final, Literal

import msgspec

from edge.drivers.driver import DeviceSettings
from edge.drivers.serial_port import check_port

_OFFERED: Final = {"speed": "m/s"}


class NmeaSettings(DeviceSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A satellite receiver on a serial port of its own; its position goes to the other devices of its station.

    Attributes:
        period_s: how often it sends by itself.
        port: path of the serial port, best one of /dev/serial/by-id, or tcp://host:port of a serial server.
    """

    port: str
    period_s: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    model: Literal[""] = ""
    baud: Annotated[int, msgspec.Meta(gt=0)] = 9600

    def __post_init__(self) -> None:
        check_port(self.port)
        datastreams(self)


def port_of(settings: NmeaSettings) -> str:
    """Return the port's path."""
    return settings.port


def datastreams(settings: NmeaSettings) -> tuple[tuple[str, str], ...]:
    """Return the (property, unit) pairs that the device gives."""
    return settings.chosen(_OFFERED)
