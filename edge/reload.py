"""What a configuration that is read anew changes. Pure."""

import dataclasses
from typing import Any, Final, NamedTuple

import msgspec

from edge.config import Config

# They name what a process is born with.
AT_START: Final = ("id", "key_file", "outbox_dir", "outbox_mb", "grace_days", "socket")


class Changes(NamedTuple):
    """What another configuration asks for, beside the ports.

    Attributes:
        config: the new one, with what only a start can change as it was.
        later: the [gateway] keys that hold from the next start on.
        hub, page, health: whether the uplink, the page, the reading of the gateway's health have to be made anew.
    """

    config: Config
    later: tuple[str, ...]
    hub: bool
    page: bool
    health: bool


def changes(old: Config, new: Config) -> Changes:
    """Return what changes from one configuration to another."""
    later = tuple(key for key in AT_START if getattr(old.gateway, key) != getattr(new.gateway, key))
    gateway = msgspec.structs.replace(new.gateway, **{key: getattr(old.gateway, key) for key in AT_START})
    kept: dict[str, Any] = {"key_file": old.key_file, "outbox_dir": old.outbox_dir, "socket": old.socket}
    certified = new.page is not None and bool(new.page.tls_cert)
    return Changes(
        config=dataclasses.replace(new, gateway=gateway, **kept),
        later=later,
        hub=(old.hub, old.ca_file) != (new.hub, new.ca_file),
        page=old.page != new.page or certified,  # a certificate is renewed under its old name
        health=old.gateway.health_period_s != new.gateway.health_period_s,
    )
