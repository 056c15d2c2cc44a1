"""The MQTT topics between gateway and hub: `qw/1/{shard}/{gateway}/{channel}`."""

import hashlib
import re
from typing import Literal, NamedTuple

Channel = Literal["batch", "ack", "status", "reading", "config"]

SHARDS = 64
_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_TOPIC = re.compile(r"qw/1/(?P<shard>\d\d)/(?P<gateway>[^/+#]+)/(?P<channel>batch|ack|status|reading|config)")


class Address(NamedTuple):
    """What a topic says."""

    gateway: str
    channel: Channel


def is_identifier(text: str) -> bool:
    """Return whether `text` can be the id of a gateway, station or device: 1 to 64 of a-z, 0-9 and inner hyphens."""
    return _ID.fullmatch(text) is not None


def shard(gateway: str) -> str:
    """Return the gateway's shard, "00" to "63": a stable hash, so that hubs can later share the load."""
    return f"{int.from_bytes(hashlib.sha256(gateway.encode()).digest()[:8], 'big') % SHARDS:02d}"


def topic(gateway: str, channel: Channel) -> str:
    """Return the topic of one gateway's channel."""
    return f"qw/1/{shard(gateway)}/{gateway}/{channel}"


def subscription(channel: Channel, shard: str = "+") -> str:
    """Return the filter that receives one channel of all gateways, or of one shard of them."""
    return f"qw/1/{shard}/+/{channel}"


def parse_topic(text: str) -> Address | None:
    """Return what a topic says, or None when it is not ours or its shard is not its gateway's."""
    match = _TOPIC.fullmatch(text)
    if match is None or not is_identifier(match["gateway"]) or shard(match["gateway"]) != match["shard"]:
        return None
    return Address(match["gateway"], match["channel"])  # type: ignore[arg-type]  # the pattern admits these channels only
