"""The tables of the gateway's configuration."""

import base64
import binascii
from typing import Annotated, Final, Literal

import msgspec

Positive = Annotated[float, msgspec.Meta(gt=0)]
KEY_LENGTH: Final = 32
PortNumber = Annotated[int, msgspec.Meta(ge=1, le=65535)]


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file."""


class GatewayTable(_Table, frozen=True, kw_only=True):
    """[gateway].

    Attributes:
        id: the gateway's id, as the hub knows it.
        key_file: its private key; created when it is not there.
        outbox_dir: where readings wait for the hub.
        flush_s: field seconds after which what was read survives a power cut, and is sent.
        outbox_mb: megabytes that the outbox may take, as long as a tenth of the disk stays free.
        grace_days: days for which it keeps what the hub already has, in case the hub is restored from a backup.
        health_period_s: field seconds between two readings of the gateway's own health, 0 for none.
        socket: path of the Unix socket on which it says how it is; "" for none.
    """

    id: str
    key_file: str = "key.pem"
    outbox_dir: str = "outbox"
    flush_s: Positive = 5.0
    outbox_mb: Annotated[int, msgspec.Meta(ge=16)] = 256
    grace_days: Annotated[float, msgspec.Meta(ge=0)] = 7.0
    health_period_s: Annotated[float, msgspec.Meta(ge=0)] = 60.0
    socket: str = "agent.sock"


class HubTable(_Table, frozen=True, kw_only=True):
    """[hub].

    Attributes:
        host, port: the broker behind which the hub is.
        username: "" when the broker asks for none.
        password_env: name of the environment variable that holds the password.
        ca_file: the authority that signed the broker's certificate; needed beyond loopback.
        timeout_s: real seconds to wait for an acknowledgement before sending again.
        config_key: the operator's public key, 32 bytes in base64; only what it has signed can change this
            configuration from afar, and "" lets nobody.
    """

    host: str
    port: PortNumber = 1883
    username: str = ""
    password_env: str = ""
    ca_file: str = ""
    timeout_s: Positive = 5.0
    config_key: str = ""

    def __post_init__(self) -> None:
        if self.config_key:
            operator_key(self.config_key)


def operator_key(text: str) -> bytes:
    """Return the 32 bytes of a public key.

    Raises:
        ValueError: they are not; the text begins with the key at fault.
    """
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f"config_key: no base64: {error}") from error
    if len(key) != KEY_LENGTH:
        raise ValueError(f"config_key: {len(key)} bytes: a public key has {KEY_LENGTH}")
    return key


class PageTable(_Table, frozen=True, kw_only=True):
    """[page].

    Attributes:
        host, port: where the gateway's own page is served.
        tls_cert, tls_key: PEM files; needed beyond loopback.
        username, password_env: of HTTP Basic authentication; a password is needed beyond loopback.
    """

    host: str = "127.0.0.1"
    port: PortNumber = 8066
    tls_cert: str = ""
    tls_key: str = ""
    username: str = "quietwatch"
    password_env: str = ""


class StationTable(_Table, frozen=True, kw_only=True):
    """[[station]].

    Attributes:
        id: unique in the zone.
        name, name_en: what people read.
        longitude, latitude: degrees WGS-84; both left out when it moves.
    """

    id: str
    kind: Literal["reference", "micro_station", "lab", "vehicle"]
    name: str
    name_en: str = ""
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)] | None = None
    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)] | None = None

    @property
    def moving(self) -> bool:
        """Whether its position comes with the readings."""
        return self.longitude is None
