"""The gateways as the interface shows them. Pure."""

from collections import Counter

from hub.map_api.answers import GatewayAnswer
from hub.map_api.live import GatewayStatus, LiveView


def gateway_answers(live: LiveView) -> list[GatewayAnswer]:
    """Return the gateways that were heard or whose stations are known, by id."""
    heard = live.gateways()
    stations = [station for station in live.latest().stations if station.signed]
    hosted = Counter({station.gateway: 0 for station in stations})
    hosted.update(station.gateway for station in stations if station.kind != "gateway")
    return [_gateway(gateway, hosted[gateway], heard.get(gateway)) for gateway in sorted(heard.keys() | hosted.keys())]


def _gateway(gateway: str, stations: int, heard: GatewayStatus | None) -> GatewayAnswer:
    said = heard.status if heard else None
    return {
        "id": gateway,
        "stations": stations,
        "online": said.online if said else None,
        "seen_ms": heard.seen_ms if heard else None,
        "version": said.version if said else "",
        "clock": said.clock if said else "unset",
        "epoch": said.epoch if said else 0,
        "seq": said.seq if said else 0,
        "outbox_blocks": said.outbox_blocks if said else 0,
        "dropped": said.dropped if said else 0,
        "config": said.config if said else "",
        "config_version": said.config_version if said else 0,
        "config_seen": said.config_seen if said else 0,
        "config_fault": said.config_fault if said else "",
    }
