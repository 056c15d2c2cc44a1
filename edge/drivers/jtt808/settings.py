"""What a [[device]] table of kind "jtt808" says."""

from typing import Annotated, Final, Literal

import msgspec

from edge.drivers.driver import DeviceSettings
from edge.drivers.serial_port import check_port

_OFFERED: Final = {"speed": "km/h"}


class Jtt808Settings(DeviceSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A vehicle terminal on a line of its own; its position goes to the other devices of its station.

    Attributes:
        period_s: how often it reports by itself.
        port: path of the serial port, best one of /dev/serial/by-id, or tcp://host:port of a serial server.
        baud: of a serial port.
    """

    port: str
    period_s: Annotated[float, msgspec.Meta(gt=0)] = 10.0
    model: Literal[""] = ""
    baud: Annotated[int, msgspec.Meta(gt=0)] = 115200

    def __post_init__(self) -> None:
        check_port(self.port)
        datastreams(self)


def port_of(settings: Jtt808Settings) -> str:
    """Return the port as it is written."""
    return settings.port


def datastreams(settings: Jtt808Settings) -> tuple[tuple[str, str], ...]:
    """Return the (property, unit) pairs that the device gives."""
    return settings.chosen(_OFFERED)


def sends_again(_settings: Jtt808Settings) -> bool:
    """Return True: a terminal repeats what nobody answered."""
    return True
