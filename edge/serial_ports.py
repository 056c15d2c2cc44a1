"""Which serial ports this machine has."""

from collections.abc import Sequence
from pathlib import Path

from serial.tools import list_ports

BY_ID = Path("/dev/serial/by-id")


def serial_ports(by_id: Path = BY_ID) -> Sequence[str]:
    """Return the serial ports that are there, by the names that stay the same when adapters change their sockets.

    Args:
        by_id: the folder of such names; ports without one are listed by their device.
    """
    named = sorted(by_id.iterdir()) if by_id.is_dir() else []
    targets = {path.resolve() for path in named}
    others = sorted(port.device for port in list_ports.comports() if Path(port.device).resolve() not in targets)
    return [*map(str, named), *others]
