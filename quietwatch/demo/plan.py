"""Turns what the field simulator says it hosts into configuration files, as gateways and hub in the field have them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Table = Mapping[str, object]

# A real link's time-outs do not shrink with the demo's clock, and its machine is busy.
MODBUS_TIMEOUT_S = 5.0
# One machine plays a whole zone: its gateways look at themselves less often than in life.
HEALTH_PERIOD_S = 300.0
_ALL_DRIVERS = ("id", "station", "driver")
_BY_DRIVER = {
    "pms": ("port",),
    "nmea": ("port",),
    "modbus": ("port", "unit", "profile"),
    "mqtt": ("host", "port", "topic"),
}


def write_gateway(
    path: Path, gateway: str, field: Mapping[str, Any], *, broker_port: int, period_s: float | None, flush_s: float
) -> None:
    """Write one gateway's configuration.

    Args:
        path: of the TOML file; key and outbox stand beside it.
        gateway: the gateway's id.
        field: the simulator's `field.json`.
        broker_port: of the broker on loopback, as this gateway reaches it.
        period_s: at which every device is read, or None for each kind's own period.
        flush_s: field seconds between two blocks.
    """
    stations = set(field["gateways"][gateway])
    tables: list[tuple[str, Table]] = [
        ("[gateway]", {"id": gateway, "flush_s": flush_s, "health_period_s": period_s or HEALTH_PERIOD_S}),
        ("[hub]", {"host": "127.0.0.1", "port": broker_port}),
    ]
    tables += [("[[station]]", station) for station in field["stations"] if station["id"] in stations]
    tables += [("[[device]]", _device(device, period_s)) for device in field["devices"] if device["gateway"] == gateway]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(toml(tables))


def _device(device: Mapping[str, Any], period_s: float | None) -> Table:
    table = {key: device[key] for key in (*_ALL_DRIVERS, *_BY_DRIVER[device["driver"]]) if device.get(key) is not None}
    table["properties"] = device["properties"]
    if device["driver"] == "modbus":
        table["timeout_s"] = MODBUS_TIMEOUT_S
    period = period_s or device.get("period_s")
    return table if period is None else table | {"period_s": period}


def write_hub(
    path: Path, *, broker_port: int, http_port: int, receiver_url: str, keys: Mapping[str, str], grace_s: float
) -> None:
    """Write the hub's configuration.

    Args:
        path: of the TOML file; the zone's GeoJSON and the hub's directory stand beside it.
        broker_port: on loopback.
        http_port: on loopback.
        receiver_url: where leads are pushed.
        keys: public key of each gateway, base64.
        grace_s: field seconds that a minute stays open after its end.
    """
    tables: list[tuple[str, Table]] = [
        ("[hub]", {"directory": "hub"}),
        ("[mqtt]", {"host": "127.0.0.1", "port": broker_port}),
        ("[http]", {"host": "127.0.0.1", "port": http_port}),
        ("[judge]", {"grace_s": grace_s}),
        (
            "[zone]",
            {
                "name": "开发区",
                "name_en": "Development zone",
                "areas": "areas.geojson",
                "districts": "districts.geojson",
            },
        ),
    ]
    tables += [("[[gateway]]", {"id": gateway, "public_key": key}) for gateway, key in keys.items()]
    tables.append(("[[receiver]]", {"name": "inspector", "url": receiver_url}))
    path.write_text(toml(tables))


def toml(tables: Sequence[tuple[str, Table]]) -> str:
    """Return TOML text of flat tables; strings, numbers, booleans and lists of them are written as JSON writes them."""
    blocks = []
    for header, table in tables:
        lines = [
            f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in table.items() if value is not None
        ]
        blocks.append("\n".join([header, *lines]))
    return "\n\n".join(blocks) + "\n"
