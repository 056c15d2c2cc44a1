"""The hub's commands: what they are called, what they take, where they are done."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Final

from quietwatch.cli.arguments import as_json, config, served
from quietwatch.cli.command import Command
from quietwatch.cli.judgement_commands import JUDGEMENT_COMMANDS


def _hub_enrol(parser: ArgumentParser) -> None:
    parser.add_argument("line", metavar="LINE", help="what the gateway printed, qw1:GATEWAY:KEY")


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument("hub", type=Path, metavar="HUB", help="the hub's TOML file")
    parser.add_argument("file", type=Path, metavar="FILE", help="the gateway's new TOML file, whole")
    parser.add_argument(
        "--key", type=Path, required=True, metavar="PEM", help="the operator's key; its public half is config_key"
    )


def _rules(parser: ArgumentParser) -> None:
    parser.add_argument("action", choices=["check"], help="look for holes, overlaps and missing sources")
    parser.add_argument("directory", type=Path, metavar="DIR", nargs="?", help="of a site's own rules, beside ours")
    as_json(parser)


def _calibrate(parser: ArgumentParser) -> None:
    config(parser)
    parser.add_argument("--days", type=int, default=365, metavar="N", help="of history, at most (default: 365)")
    parser.add_argument(
        "--false-alarms",
        type=float,
        default=0.1,
        metavar="N",
        help="accepted for each property of a station and month of 30 days (default: 0.1)",
    )
    as_json(parser)


HUB: Final = (
    Command(
        ("hub", "run"),
        "Run the hub until it is told to end.",
        "quietwatch hub run /etc/quietwatch/hub.toml",
        "quietwatch.cli.hub_run:run_hub",
        served,
    ),
    Command(
        ("hub", "enrol"),
        "Print what to add to hub.toml for a gateway that `quietwatch edge enrol` has introduced.",
        "quietwatch hub enrol qw1:gw-east:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "quietwatch.cli.hub_enrol:enrol",
        _hub_enrol,
    ),
    Command(
        ("hub", "configure"),
        "Sign a gateway's new configuration; the hub sends it, the gateway tries it, and goes back if it must.",
        "quietwatch hub configure hub.toml gw-east.toml --key operator.pem",
        "quietwatch.cli.hub_configure:configure",
        _configure,
    ),
    Command(
        ("hub", "rules"),
        "Check the rules by which the hub judges, with those of a site if there are any.",
        "quietwatch hub rules check /etc/quietwatch/rules",
        "quietwatch.cli.hub_rules:check",
        _rules,
    ),
    Command(
        ("hub", "calibrate"),
        "Learn from the hub's own hours by which thresholds neighbours judge a device; a running hub takes them.",
        "quietwatch hub calibrate /etc/quietwatch/hub.toml --false-alarms 0.1",
        "quietwatch.cli.hub_calibrate:calibrate",
        _calibrate,
    ),
    *JUDGEMENT_COMMANDS,
)
