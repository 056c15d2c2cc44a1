"""What a [[device]] table of kind "sds011" says."""

from typing import Annotated, Literal

import msgspec

from edge.drivers.driver import DeviceSettings
from edge.drivers.serial_port import check_port

Model = Literal["", "sds011", "sds198"]


class NovaSettings(DeviceSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Nova SDS011 or SDS198 on a line of its own.

    Attributes:
        period_s: how often it sends by itself: 1 s, or its working period (1 to 30 minutes) when it has been given one.
        model: "sds011" or "sds198".
        port: path of the serial port, best one of /dev/serial/by-id, or a serial server's tcp://host:port.
    """

    port: str
    period_s: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    model: Model = ""
    baud: Annotated[int, msgspec.Meta(gt=0)] = 9600

    def __post_init__(self) -> None:
        check_port(self.port)
        datastreams(self)


def port_of(settings: NovaSettings) -> str:
    """Return the port's path."""
    return settings.port


def datastreams(settings: NovaSettings) -> tuple[tuple[str, str], ...]:
    """Return the (property, unit) pairs that the device gives."""
    return settings.chosen({"tsp": "ug/m3"} if settings.model == "sds198" else {"pm2_5": "ug/m3", "pm10": "ug/m3"})
