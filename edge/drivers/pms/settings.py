"""What a [[device]] table of kind "pms" says."""

from typing import Annotated, Final, Literal

import msgspec

from edge.drivers.driver import DeviceSettings
from edge.drivers.serial_port import check_port

Model = Literal["", "pmsx003", "pms3003", "pms5003t"]

_PARTICLES: Final = {"pm1": "ug/m3", "pm2_5": "ug/m3", "pm10": "ug/m3"}
_CLIMATE: Final = {"temperature": "degC", "humidity": "%"}


class PmsSettings(DeviceSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Plantower PMS on a serial port of its own.

    Attributes:
        period_s: how often it sends by itself: about a second in active mode.
        model: "pmsx003" (PMS5003, PMS7003, PMSA003), "pms3003", or "pms5003t" with temperature and humidity.
        port: path of the serial port, best one of /dev/serial/by-id, or a serial server's tcp://host:port.
    """

    port: str
    period_s: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    model: Model = ""
    baud: Annotated[int, msgspec.Meta(gt=0)] = 9600

    def __post_init__(self) -> None:
        check_port(self.port)
        datastreams(self)


def port_of(settings: PmsSettings) -> str:
    """Return the port's path."""
    return settings.port


def datastreams(settings: PmsSettings) -> tuple[tuple[str, str], ...]:
    """Return the (property, unit) pairs that the device gives."""
    return settings.chosen(_PARTICLES | _CLIMATE if settings.model == "pms5003t" else _PARTICLES)
