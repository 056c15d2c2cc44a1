"""What a [[device]] table of kind "sps30" says."""

from typing import Annotated, Final, Literal

import msgspec

from edge.drivers.driver import DeviceSettings
from edge.drivers.serial_port import check_port

_PARTICLES: Final = {"pm1": "ug/m3", "pm2_5": "ug/m3", "pm4": "ug/m3", "pm10": "ug/m3"}


class Sps30Settings(DeviceSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Sensirion SPS30 on a line of its own.

    Attributes:
        period_s: how often it is asked; it has a new value every second.
        timeout_s: real seconds that it has for an answer.
        port: path of the serial port, best one of /dev/serial/by-id, or a serial server's tcp://host:port.
    """

    port: str
    model: Literal["", "sps30"] = ""
    period_s: Annotated[float, msgspec.Meta(gt=0)] = 10.0
    timeout_s: Annotated[float, msgspec.Meta(gt=0)] = 0.5
    baud: Annotated[int, msgspec.Meta(gt=0)] = 115_200

    def __post_init__(self) -> None:
        check_port(self.port)
        datastreams(self)


def port_of(settings: Sps30Settings) -> str:
    """Return the port's path."""
    return settings.port


def datastreams(settings: Sps30Settings) -> tuple[tuple[str, str], ...]:
    """Return the (property, unit) pairs that the device gives."""
    return settings.chosen(_PARTICLES)
