"""`quietwatch edge check`."""

import json
from argparse import Namespace
from pathlib import Path
from typing import Any, Final

from edge.clock import GatewayClock
from edge.config import Config, load
from edge.drivers import DRIVERS
from edge.errors import EdgeError
from edge.ports import open_ports
from quietwatch.cli.command import fail
from quietwatch.cli.table import columns, table
from wire.clock import SystemClock

# A blank at which no line is broken.
_TOGETHER: Final = "\u00a0"


def check(arguments: Namespace) -> int:
    """Check a configuration without touching any device, and show what it says."""
    config = loaded(arguments.config)
    if arguments.json:
        print(json.dumps(summary(config), ensure_ascii=False))
        return 0
    print(f"{arguments.config}: usable")
    print(f"gateway {config.gateway.id}, hub behind {config.hub.host}:{config.hub.port}", end="")
    print(f" with TLS ({config.ca_file.name})" if config.ca_file else " on this machine")
    for heads, rows in _tables(summary(config)):
        print()
        print(table(heads, rows, columns()))
    return 0


def loaded(path: Path) -> Config:
    """Return a configuration whose ports can be opened together, or end the program."""
    try:
        config = load(path)
        open_ports(config.devices, GatewayClock(SystemClock()))
    except EdgeError as error:
        fail(error)
    return config


def summary(config: Config) -> dict[str, Any]:
    """Return what a configuration says, for JSON."""
    return {
        "gateway": config.gateway.id,
        "hub": {"host": config.hub.host, "port": config.hub.port, "tls": config.ca_file is not None},
        "stations": [
            {key: getattr(each, key) for key in ("id", "kind", "name", "longitude", "latitude")}
            for each in config.stations
        ],
        "devices": [
            {
                "id": each.id,
                "station": each.station,
                "driver": each.driver,
                "port": DRIVERS[each.driver].port_of(each),
                "period_s": each.period_s,
                "datastreams": [
                    {"property": name, "unit": unit} for name, unit in DRIVERS[each.driver].datastreams(each)
                ],
            }
            for each in config.devices
        ],
    }


def _tables(said: dict[str, Any]) -> list[tuple[list[str], list[list[str]]]]:
    stations = [
        [each["id"], each["name"], each["kind"], _place(each["longitude"], each["latitude"])]
        for each in said["stations"]
    ]
    devices = [
        [
            each["id"],
            each["station"],
            each["driver"],
            each["port"],
            f"{each['period_s']:g} s",
            ", ".join(f"{one['property']}{_TOGETHER}{one['unit']}" for one in each["datastreams"]),
        ]
        for each in said["devices"]
    ]
    return [
        (["station", "name", "kind", "place"], stations),
        (["device", "station", "driver", "port", "every", "datastreams"], devices),
    ]


def _place(longitude: float | None, latitude: float | None) -> str:
    return "moves" if longitude is None or latitude is None else f"{longitude:.5f} {latitude:.5f}"
