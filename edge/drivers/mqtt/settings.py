"""What a [[device]] table of kind "mqtt" says."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from edge.drivers.driver import DeviceSettings
from edge.drivers.mqtt.mapping import load_mapping
from edge.loopback import is_loopback


class MqttSettings(DeviceSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A device that publishes JSON at a broker.

    Attributes:
        host, port: the broker.
        topic: where the device publishes, without wildcards; one that is acknowledged is so at "{topic}/ack".
        mapping: a name of the folder `mappings`, or the path of a file of one's own.
        identity: the device's own name in the JSON, for topics that several share; "" takes all that comes.
        username: "" for a broker that asks for none.
        password_env: name of the environment variable that holds the password.
        ca_file: whole path of the authority that signed the broker's certificate; needed beyond this machine.
    """

    host: str
    topic: Annotated[str, msgspec.Meta(min_length=1, max_length=256, pattern=r"^[^+#\x00]+$")]
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 1883
    model: Literal[""] = ""
    mapping: str = "vehicle"
    identity: str = ""
    username: str = ""
    password_env: str = ""
    ca_file: str = ""

    def __post_init__(self) -> None:
        if not (self.ca_file or is_loopback(self.host)):
            raise ValueError(f"ca_file: {self.host} is not this machine: only TLS goes there, name its CA")
        if self.ca_file and not (Path(self.ca_file).is_absolute() and Path(self.ca_file).is_file()):
            raise ValueError(f"ca_file: {self.ca_file}: no such file; write its whole path")
        mapping = load_mapping(self.mapping)
        if self.identity and not mapping.identity and mapping.layout != "senml":
            raise ValueError(f"identity: JSON of {self.mapping!r} does not say which device it is from")
        datastreams(self)


def port_of(settings: MqttSettings) -> str:
    """Return the broker as one user sees it: devices that share it share one connection."""
    user = f"{settings.username}@" if settings.username else ""
    return f"{'mqtts' if settings.ca_file else 'mqtt'}://{user}{settings.host}:{settings.port}"


def sends_again(settings: MqttSettings) -> bool:
    """Return whether the device repeats what was not acknowledged."""
    return bool(load_mapping(settings.mapping).acknowledge)


def datastreams(settings: MqttSettings) -> tuple[tuple[str, str], ...]:
    """Return the (property, unit) pairs that the device gives."""
    return settings.chosen(load_mapping(settings.mapping).datastreams)
