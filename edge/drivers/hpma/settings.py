"""What a [[device]] table of kind "hpma" says."""

from typing import Annotated, Final, Literal

import msgspec

from edge.drivers.driver import DeviceSettings
from edge.drivers.serial_port import check_port

Model = Literal["", "115s0", "115c0"]

_STANDARD: Final = {"pm2_5": "ug/m3", "pm10": "ug/m3"}
_COMPACT: Final = {"pm1": "ug/m3", "pm2_5": "ug/m3", "pm4": "ug/m3", "pm10": "ug/m3"}


class HpmaSettings(DeviceSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Honeywell HPM on a line of its own.

    Attributes:
        period_s: how often it sends by itself: once a second.
        model: "115s0" (standard), or "115c0" (compact) with PM1 and PM4.
        port: path of the serial port, best one of /dev/serial/by-id, or a serial server's tcp://host:port.
    """

    port: str
    period_s: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    model: Model = ""
    baud: Annotated[int, msgspec.Meta(gt=0)] = 9600

    def __post_init__(self) -> None:
        check_port(self.port)
        datastreams(self)


def port_of(settings: HpmaSettings) -> str:
    """Return the port's path."""
    return settings.port


def datastreams(settings: HpmaSettings) -> tuple[tuple[str, str], ...]:
    """Return the (property, unit) pairs that the device gives."""
    return settings.chosen(_COMPACT if settings.model == "115c0" else _STANDARD)
