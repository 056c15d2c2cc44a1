"""What a [[device]] table of kind "modbus" says."""

import re
from typing import Annotated, Final, Literal

import msgspec

from edge.drivers.driver import DeviceSettings
from edge.drivers.modbus.profile import load_profile

NETWORK: Final = re.compile(
    r"(?P<scheme>tcp|rtu\+tcp)://(?P<host>\[[0-9a-fA-F:.]+\]|[^/:\[\]]+):(?P<number>[0-9]{1,5})"
)


class ModbusSettings(DeviceSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An instrument on a Modbus line; devices that share a port share its line settings.

    Attributes:
        port: "/dev/ttyUSB0" (RTU), "tcp://host:502" (Modbus TCP) or "rtu+tcp://host:4001" (RTU frames through a
            serial server).
        unit: the instrument's address on the line.
        profile: a name of the folder `profiles`, or the path of a file of one's own.
        offset: added to every address of the profile, for a logger that keeps many stations in one unit.
        baud, parity, stop_bits: of a serial line; the standard asks for 8E1, instruments in the field mostly have 8N1.
        timeout_s: real seconds to wait for an answer.
    """

    port: str
    unit: Annotated[int, msgspec.Meta(ge=1, le=255)]
    profile: str
    offset: Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)] = 0
    baud: Annotated[int, msgspec.Meta(gt=0)] = 9600
    parity: Literal["N", "E", "O"] = "N"
    stop_bits: Literal[1, 2] = 1
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=60)] = 1.0

    def __post_init__(self) -> None:
        if "://" in self.port and not _is_network(self.port):
            raise ValueError(f"port: {self.port!r} is neither a path nor tcp://host:502 nor rtu+tcp://host:4001")
        datastreams(self)


def _is_network(port: str) -> bool:
    match = NETWORK.fullmatch(port)
    return match is not None and 0 < int(match["number"]) < 1 << 16


def port_of(settings: ModbusSettings) -> str:
    """Return the port as it is written."""
    return settings.port


def datastreams(settings: ModbusSettings) -> tuple[tuple[str, str], ...]:
    """Return the (property, unit) pairs that the device gives."""
    return settings.chosen(load_profile(settings.profile).datastreams)
