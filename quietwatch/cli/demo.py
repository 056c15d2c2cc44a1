"""`quietwatch demo`, and the broker that it starts."""

import asyncio
from argparse import Namespace

from quietwatch.cli.command import fail
from quietwatch.cli.serve import serve
from quietwatch.cli.sim_run import scene_of
from quietwatch.demo.processes import StartError
from quietwatch.demo.run import Options, run

SLOWEST, FASTEST = 1, 720


def demo(arguments: Namespace) -> int:
    """Run the whole line on this machine."""
    directory = arguments.directory
    if directory is not None and directory.exists() and any(directory.iterdir()):
        fail(f"{directory} is not empty: two runs in one place would be compared as one")
    if not SLOWEST <= arguments.speed <= FASTEST:
        fail(f"--speed {arguments.speed:g}: from {SLOWEST} to {FASTEST}")
    options = Options(
        scene_of(arguments.scene),
        arguments.seed,
        arguments.speed,
        arguments.http_port,
        directory,
        headless=arguments.headless,
        as_json=arguments.json,
    )
    try:
        return asyncio.run(run(options))
    except StartError as error:
        fail(error)


def broker(arguments: Namespace) -> int:
    """Run the demo's broker on loopback."""
    from quietwatch.demo.broker import run as run_broker  # noqa: PLC0415  # imports what only it needs

    return serve(run_broker(arguments.port), OSError)
