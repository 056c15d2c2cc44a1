"""The edge's errors.

EdgeError
├── ConfigError        a file, table or key that cannot be used
├── DriverError        a port or the device on it
│   ├── PortError      the port cannot be opened, or went away
│   ├── DeviceSilent   no answer in time
│   └── BadFrame       bytes came that are not a valid answer
├── OutboxError        the outbox's files cannot be used
│   └── OutboxFull     no room for another block
└── UplinkError        the broker or the hub behind it
"""


class EdgeError(Exception):
    """Anything that goes wrong on a gateway and has a name."""


class ConfigError(EdgeError):
    """A configuration that cannot be used.

    Attributes:
        file: path of the file.
        table: the TOML table as a person finds it, for example "device[3] (pm-003)".
        key: the key, or "" when the whole table is meant.
        reason: what is wrong and what would do.
    """

    def __init__(self, file: str, table: str, key: str, reason: str) -> None:
        place = f"[{table}] {key}" if key else f"[{table}]"
        super().__init__(f"{file}: {place}: {reason}")
        self.file = file
        self.table = table
        self.key = key
        self.reason = reason


class DriverError(EdgeError):
    """A port or a device on it.

    Attributes:
        port: path or address of the port.
        device: the device's id, or "" when the whole port is meant.
        reason: what was seen and what to try.
    """

    def __init__(self, port: str, device: str, reason: str) -> None:
        super().__init__(f"{port}: {device}: {reason}" if device else f"{port}: {reason}")
        self.port = port
        self.device = device
        self.reason = reason


class PortError(DriverError):
    """The port cannot be opened, or went away."""


class DeviceSilent(DriverError):
    """No answer in time."""


class BadFrame(DriverError):
    """Bytes came that are not a valid answer."""


class OutboxError(EdgeError):
    """The outbox's files cannot be used."""


class OutboxFull(OutboxError):
    """No room for another block."""


class UplinkError(EdgeError):
    """The broker cannot be reached or turned us away."""
