"""`quietwatch sim run`."""

from argparse import Namespace
from datetime import datetime

from firmware_sim.field import run
from firmware_sim.scenes import SCENES
from quietwatch.cli.command import fail
from quietwatch.cli.serve import clock_of, serve


def run_field(arguments: Namespace) -> int:
    """Run the simulated field until it is told to end."""
    host, _, port = arguments.broker.rpartition(":")
    try:
        until_ms = int(datetime.fromisoformat(arguments.until).timestamp() * 1000)
        broker = (host, int(port))
    except ValueError as error:
        fail(error)
    field = run(
        arguments.directory,
        scene_of(arguments.scene),
        arguments.seed,
        clock_of(arguments.clock),
        until_ms,
        arguments.interval_s,
        broker,
    )
    return serve(field, OSError)


def scene_of(name: str) -> str:
    """Return the name of a scene that there is, or end the program."""
    if name not in SCENES:
        fail(f"scene {name!r}: one of {', '.join(SCENES)}")
    return name
