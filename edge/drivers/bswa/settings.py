"""What a [[device]] table of kind "bswa" says."""

from typing import Annotated, Final, Literal

import msgspec

from edge.drivers.driver import DeviceSettings
from edge.drivers.serial_port import check_port

LEVELS: Final = {"noise": "dB(A)", "noise_c": "dB(C)", "noise_z": "dB(Z)"}
STATISTICS: Final = {"noise_l10": "dB(A)", "noise_l50": "dB(A)", "noise_l90": "dB(A)"}


class BswaSettings(DeviceSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A BSWA 308 or 309; meters that share a line share its baud rate.

    Attributes:
        port: path of the serial port, best one of /dev/serial/by-id, or tcp://host:port of a serial server.
        address: the meter's own, "ID" in its menu.
        baud: as in its menu.
        timeout_s: real seconds to wait for an answer; the maker grants 2.
    """

    port: str
    address: Annotated[int, msgspec.Meta(ge=1, le=255)] = 1
    baud: Literal[4800, 9600, 19200] = 9600
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=60)] = 2.0

    def __post_init__(self) -> None:
        check_port(self.port)
        datastreams(self)


def port_of(settings: BswaSettings) -> str:
    """Return the port as it is written."""
    return settings.port


def datastreams(settings: BswaSettings) -> tuple[tuple[str, str], ...]:
    """Return the (property, unit) pairs that the device gives."""
    return settings.chosen(LEVELS | STATISTICS)
