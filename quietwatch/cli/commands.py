"""Every command there is: what it is called, what it takes, where it is done."""

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from quietwatch.cli.arguments import as_json, clock, config, served
from quietwatch.cli.command import Command
from quietwatch.cli.hub_commands import HUB

GROUPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "edge": "The gateway in the field: reads instruments, keeps everything, sends it to the hub.",
        "hub": "The hub: receives, judges, draws the map, opens leads.",
        "sim": "Instruments simulated at byte level, on ptys, TCP and MQTT.",
    }
)


def _key(parser: ArgumentParser) -> None:
    parser.add_argument("path", type=Path, metavar="FILE", help="the key file")


def _check(parser: ArgumentParser) -> None:
    config(parser)
    as_json(parser)


def _probe(parser: ArgumentParser) -> None:
    config(parser)
    parser.add_argument("--device", action="append", metavar="ID", help="only this one; may be said several times")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long to wait at most (default: 20)")
    _lang(parser)
    as_json(parser)


def _lang(parser: ArgumentParser) -> None:
    parser.add_argument("--lang", choices=["zh", "en"], help="Chinese or English (default: as LANG says)")


def _scan(parser: ArgumentParser) -> None:
    parser.add_argument("port", metavar="PORT", help="/dev/ttyUSB0, tcp://host:502 or rtu+tcp://host:4001")
    parser.add_argument("--ids", type=ids, metavar="1-16,30", help="only these unit numbers (default: all)")
    parser.add_argument("--baud", type=int, action="append", metavar="N", help="only this speed; repeat for several")
    parser.add_argument("--parity", choices=["N", "E", "O"], help="only this parity")
    parser.add_argument(
        "--timeout", type=float, default=0.15, metavar="S", help="seconds that a unit has to answer (default: 0.15)"
    )
    parser.add_argument(
        "--no-listen", action="store_true", help="do not listen first for devices that talk by themselves"
    )
    _lang(parser)
    as_json(parser)


def ids(text: str) -> list[int]:
    """Return the unit numbers of a text such as "1-16,100".

    Raises:
        ArgumentTypeError: there are no such numbers.
    """
    numbers: set[int] = set()
    try:
        for part in text.split(","):
            first, _, last = part.partition("-")
            numbers.update(range(int(first), int(last or first) + 1))
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r}: write 1-16,100") from error
    if not numbers or not numbers <= set(range(1, 256)):
        raise ArgumentTypeError(f"{text!r}: from 1 to 255")
    return sorted(numbers)


def _init(parser: ArgumentParser) -> None:
    parser.add_argument("config", type=Path, metavar="CONFIG", help="the TOML file to write")
    parser.add_argument("--answers", type=Path, metavar="FILE", help="a TOML file with the tables; no questions")
    parser.add_argument("--piped", action="store_true", help="take the answers from stdin, a line each")
    parser.add_argument("--force", action="store_true", help="replace a file that is there")
    _lang(parser)


def _enrol(parser: ArgumentParser) -> None:
    config(parser)
    parser.add_argument("--no-connect", action="store_true", help="do not try the broker and the hub")
    parser.add_argument("--patience", type=float, default=10.0, metavar="S", help="seconds for the hub (default: 10)")
    _lang(parser)
    as_json(parser)


def _sim_bus(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--directory", type=Path, default=Path("bus"), help="of its port and its edge.toml (default: bus)"
    )
    parser.add_argument("--echo", action="store_true", help="the adapter hears what it sends")


def _status(parser: ArgumentParser) -> None:
    parser.add_argument("config", type=Path, metavar="CONFIG", nargs="?", help="whose agent; default: the service")
    parser.add_argument("--socket", type=Path, metavar="PATH", help="of the agent, in place of CONFIG")
    as_json(parser)


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
    clock(parser)


def _scene(parser: ArgumentParser) -> None:
    parser.add_argument("--scene", default="full", help="full, haze, dust, stuck or none (default: full)")
    parser.add_argument("--seed", type=int, default=1, help="device noise and faults follow from it")


def _demo(parser: ArgumentParser) -> None:
    _scene(parser)
    parser.add_argument("--speed", type=float, default=360.0, help="field seconds per second, 1 to 720 (default: 360)")
    parser.add_argument("--http-port", type=int, default=0, help="of the map on loopback; 0 takes a free one")
    parser.add_argument("--directory", type=Path, help="keep everything here instead of a temporary place")
    parser.add_argument("--headless", action="store_true", help="end by itself; no map to look at afterwards")
    as_json(parser)


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
        ("edge", "init"),
        "Ask what is connected and write the configuration.",
        "quietwatch edge init edge.toml",
        "quietwatch.cli.edge_init:init",
        _init,
    ),
    Command(
        ("edge", "check"),
        "Check a configuration without touching any device.",
        "quietwatch edge check edge.toml",
        "quietwatch.cli.edge_check:check",
        _check,
    ),
    Command(
        ("edge", "probe"),
        "Talk to every device once and say what to try for those that do not answer.",
        "quietwatch edge probe edge.toml --device lab-dust",
        "quietwatch.cli.edge_probe:run_probe",
        _probe,
    ),
    Command(
        ("edge", "scan"),
        "Find out what is on a line: unit numbers, speed, parity, and the profiles that fit. It only reads.",
        "quietwatch edge scan /dev/ttyUSB0 --baud 9600 --ids 1-32",
        "quietwatch.cli.edge_scan:run_scan",
        _scan,
    ),
    Command(
        ("edge", "enrol"),
        "Show the gateway's public key as a QR code, and say in one line whether all is well.",
        "quietwatch edge enrol /etc/quietwatch/edge.toml",
        "quietwatch.cli.edge_enrol:enrol",
        _enrol,
    ),
    Command(
        ("edge", "run"),
        "Run the agent until it is told to end.",
        "quietwatch edge run /etc/quietwatch/edge.toml",
        "quietwatch.cli.edge_run:run_agent",
        served,
    ),
    Command(
        ("edge", "status"),
        "Show how the running agent, its devices and its link to the hub are.",
        "quietwatch edge status",
        "quietwatch.cli.edge_status:status",
        _status,
    ),
    Command(
        ("edge", "key"),
        "Create a gateway's key unless it is there, and print the public half for the hub's configuration.",
        "quietwatch edge key /var/lib/quietwatch/key.pem",
        "quietwatch.cli.edge_key:print_key",
        _key,
    ),
    *HUB,
    Command(
        ("sim", "run"),
        "Run the simulated field until it is told to end.",
        "quietwatch sim run --directory ./field --scene dust",
        "quietwatch.cli.sim_run:run_field",
        _sim_run,
    ),
    Command(
        ("sim", "bus"),
        "Run a simulated RS-485 bus with good and bad units, to try edge probe and edge scan on.",
        "quietwatch sim bus",
        "quietwatch.cli.sim_bus:run_bus",
        _sim_bus,
    ),
    Command(("broker",), "", "quietwatch broker 1883", "quietwatch.cli.demo:broker", _broker),
)
