"""What a [[device]] table of kind "mqtt" says."""

from typing import Annotated, Final, Literal

import msgspec

from edge.drivers.driver import DeviceSettings

_VEHICLE: Final = {"pm2_5": "ug/m3", "pm10": "ug/m3", "nox": "ug/m3", "o3": "ug/m3"}


class MqttSettings(DeviceSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A device that publishes JSON at a broker.

    Attributes:
        host, port: the broker.
        topic: where the device publishes, without wildcards; it is acknowledged at "{topic}/ack".
        feed: which mapping its JSON follows.
        username: "" for a broker that asks for none.
        password_env: name of the environment variable that holds the password.
    """

    host: str
    topic: Annotated[str, msgspec.Meta(min_length=1, max_length=256, pattern=r"^[^+#\x00]+$")]
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 1883
    model: Literal[""] = ""
    feed: Literal["vehicle"] = "vehicle"
    username: str = ""
    password_env: str = ""

    def __post_init__(self) -> None:
        datastreams(self)


def port_of(settings: MqttSettings) -> str:
    """Return the broker as one user sees it: devices that share it share one connection."""
    user = f"{settings.username}@" if settings.username else ""
    return f"mqtt://{user}{settings.host}:{settings.port}"


def sends_again(settings: MqttSettings) -> bool:
    """Return whether the device repeats what was not acknowledged."""
    return settings.feed == "vehicle"


def datastreams(settings: MqttSettings) -> tuple[tuple[str, str], ...]:
    """Return the (property, unit) pairs that the device gives."""
    return settings.chosen(_VEHICLE)
