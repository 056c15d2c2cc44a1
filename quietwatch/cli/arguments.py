"""What several commands take."""

from argparse import ArgumentParser
from pathlib import Path


def config(parser: ArgumentParser) -> None:
    """Take the configuration."""
    parser.add_argument("config", type=Path, metavar="CONFIG", help="the TOML file")


def served(parser: ArgumentParser) -> None:
    """Take the configuration and the clock of a program that runs."""
    config(parser)
    clock(parser)


def clock(parser: ArgumentParser) -> None:
    """Take the clock."""
    parser.add_argument(
        "--clock", default="system", help="'system', or ORIGIN@SPEED/ANCHOR[/LIMIT] for a demo (default: system)"
    )


def as_json(parser: ArgumentParser) -> None:
    """Take whether JSON is wanted."""
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
