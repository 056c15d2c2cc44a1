"""The commands about what the hub has judged: its past by other rules, how right it was."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Final

from quietwatch.cli.arguments import as_json, config
from quietwatch.cli.command import Command


def _replay(parser: ArgumentParser) -> None:
    config(parser)
    parser.add_argument(
        "--rules",
        type=Path,
        action="append",
        metavar="NEW.toml",
        help="in place of the file of that name, or beside all; may be said several times",
    )
    parser.add_argument("--days", type=float, default=90.0, metavar="N", help="how many (default: 90)")
    parser.add_argument("--to", metavar="DATE", help="up to 2026-05-17 or 2026-05-17T08:00 (default: now)")
    parser.add_argument("--verify", action="store_true", help="compare every stored lead with the rules as they were")
    _lang(parser)
    as_json(parser)


def _precision(parser: ArgumentParser) -> None:
    config(parser)
    _lang(parser)
    as_json(parser)


def _lang(parser: ArgumentParser) -> None:
    parser.add_argument("--lang", choices=["zh", "en"], help="Chinese or English (default: as LANG says)")


JUDGEMENT_COMMANDS: Final = (
    Command(
        ("hub", "replay"),
        "Judge the past again by other rules: what would have been red, which leads would have opened.",
        "quietwatch hub replay hub.toml --rules local_excess.toml --days 90",
        "quietwatch.cli.hub_replay:run_replay",
        _replay,
    ),
    Command(
        ("hub", "precision"),
        "Show how often each detector, rule and check was right, as people have labelled leads and tickets.",
        "quietwatch hub precision hub.toml",
        "quietwatch.cli.hub_precision:precision",
        _precision,
    ),
)
