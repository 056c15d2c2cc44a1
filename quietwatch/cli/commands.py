"""Every command there is: what it is called, what it takes, where it is done."""

from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from quietwatch.cli.command import Command

GROUPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "edge": "The gateway in the field: reads instruments, keeps everything, sends it to the hub.",
        "hub": "The hub: receives, judges, draws the map, opens leads.",
        "sim": "Instruments simulated at byte level, on ptys, TCP and MQTT.",
    }
)


def _config(parser: ArgumentParser) -> None:
    parser.add_argument("config", type=Path, metavar="CONFIG", help="the TOML file")


def _served(parser: ArgumentParser) -> None:
    _config(parser)
    _clock(parser)


def _clock(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--clock", default="system", help="'system', or ORIGIN@SPEED/ANCHOR[/LIMIT] for a demo (default: system)"
    )


def _key(parser: ArgumentParser) -> None:
    parser.add_argument("path", type=Path, metavar="FILE", help="the key file")


def _check(parser: ArgumentParser) -> None:
    _config(parser)
    _json(parser)


def _json(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")


def _sim_run(parser: ArgumentParser) -> None:
    parser.add_argument("--directory", type=Path, required=True, help="ports, ledger and field.json appear here")
    parser.add_argument("--broker", default="127.0.0.1:1883", help="HOST:PORT where the vehicles publish")
    _scene(parser)
    parser.add_argument(
        "--until", default="2100-01-01T00:00:00Z", help="field time (ISO 8601) at which the field falls silent"
    )
    parser.add_argument(
        "--interval-s", type=float, default=60.0, help="field seconds between frames of devices that send by themselves"
    )
    _clock(parser)


def _scene(parser: ArgumentParser) -> None:
    parser.add_argument("--scene", default="full", help="full, haze, dust, stuck or none (default: full)")
    parser.add_argument("--seed", type=int, default=1, help="device noise and faults follow from it")


def _demo(parser: ArgumentParser) -> None:
    _scene(parser)
    parser.add_argument("--speed", type=float, default=360.0, help="field seconds per second, 1 to 720 (default: 360)")
    parser.add_argument("--http-port", type=int, default=0, help="of the map on loopback; 0 takes a free one")
    parser.add_argument("--directory", type=Path, help="keep everything here instead of a temporary place")
    parser.add_argument("--headless", action="store_true", help="end by itself; no map to look at afterwards")
    _json(parser)


def _broker(parser: ArgumentParser) -> None:
    parser.add_argument("port", type=int)


COMMANDS: Final = (
    Command(
        ("demo",),
        "Run the whole line on this machine: 12 hours of real Beijing air in two minutes.",
        "quietwatch demo --headless --json --scene dust",
        "quietwatch.cli.demo:demo",
        _demo,
    ),
    Command(
        ("edge", "run"),
        "Run the agent until it is told to end.",
        "quietwatch edge run /etc/quietwatch/edge.toml",
        "quietwatch.cli.edge_run:run_agent",
        _served,
    ),
    Command(
        ("edge", "check"),
        "Check a configuration without touching any device.",
        "quietwatch edge check edge.toml",
        "quietwatch.cli.edge_check:check",
        _check,
    ),
    Command(
        ("edge", "key"),
        "Create a gateway's key unless it is there, and print the public half for the hub's configuration.",
        "quietwatch edge key /var/lib/quietwatch/key.pem",
        "quietwatch.cli.edge_key:print_key",
        _key,
    ),
    Command(
        ("hub", "run"),
        "Run the hub until it is told to end.",
        "quietwatch hub run /etc/quietwatch/hub.toml",
        "quietwatch.cli.hub_run:run_hub",
        _served,
    ),
    Command(
        ("sim", "run"),
        "Run the simulated field until it is told to end.",
        "quietwatch sim run --directory ./field --scene dust",
        "quietwatch.cli.sim_run:run_field",
        _sim_run,
    ),
    Command(("broker",), "", "quietwatch broker 1883", "quietwatch.cli.demo:broker", _broker),
)
