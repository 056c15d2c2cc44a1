"""`quietwatch edge check`."""

from argparse import Namespace

from edge.config import load
from edge.errors import EdgeError
from quietwatch.cli.command import fail


def check(arguments: Namespace) -> int:
    """Check a configuration without touching any device."""
    try:
        loaded = load(arguments.config)
    except EdgeError as error:
        fail(error)
    print(
        f"{arguments.config}: gateway {loaded.gateway.id}, {len(loaded.stations)} stations, "
        f"{len(loaded.devices)} devices: usable"
    )
    return 0
