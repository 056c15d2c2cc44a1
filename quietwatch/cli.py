"""QuietWatch: instruments watch, so that inspectors visit only when there is something to see.

Each program is imported only when it is asked for, so that a gateway needs nothing of the hub's.
"""

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from wire.clock import Clock, parse_clock

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, rich_markup_mode=None)
edge = typer.Typer(
    no_args_is_help=True, help="The gateway in the field: reads instruments, keeps everything, sends it to the hub."
)
hub = typer.Typer(no_args_is_help=True, help="The hub: receives, judges, draws the map, opens leads.")
sim = typer.Typer(no_args_is_help=True, help="Instruments simulated at byte level, on ptys, TCP and MQTT.")
app.add_typer(edge, name="edge")
app.add_typer(hub, name="hub")
app.add_typer(sim, name="sim")

ClockOption = Annotated[str, typer.Option("--clock", help="'system', or ORIGIN@SPEED/ANCHOR[/LIMIT] for a demo.")]


@edge.command("run")
def edge_run(config: Path, clock: ClockOption = "system") -> None:
    """Run the agent until it is told to end.

    Example: quietwatch edge run /etc/quietwatch/edge.toml
    """
    from edge.agent import run  # noqa: PLC0415
    from edge.errors import EdgeError  # noqa: PLC0415

    _serve(run(config, _clock(clock)), EdgeError)


@edge.command("check")
def edge_check(config: Path) -> None:
    """Check a configuration without touching any device.

    Example: quietwatch edge check edge.toml
    """
    from edge.config import load  # noqa: PLC0415
    from edge.errors import EdgeError  # noqa: PLC0415

    try:
        loaded = load(config)
    except EdgeError as error:
        _fail(error)
    typer.echo(
        f"{config}: gateway {loaded.gateway.id}, {len(loaded.stations)} stations, {len(loaded.devices)} devices: usable"
    )


@edge.command("key")
def edge_key(path: Path) -> None:
    """Create a gateway's key unless it is there, and print the public half for the hub's configuration.

    Example: quietwatch edge key /var/lib/quietwatch/key.pem
    """
    from edge.key import load_or_create, public_text  # noqa: PLC0415

    typer.echo(public_text(load_or_create(path)))


@hub.command("run")
def hub_run(config: Path, clock: ClockOption = "system") -> None:
    """Run the hub until it is told to end.

    Example: quietwatch hub run /etc/quietwatch/hub.toml
    """
    from hub.app import run  # noqa: PLC0415
    from hub.errors import HubError  # noqa: PLC0415

    _serve(run(config, _clock(clock)), HubError)


@sim.command("run")
def sim_run(  # noqa: PLR0913, PLR0917  # each option is one thing to say about the field
    directory: Annotated[Path, typer.Option(help="Ports, ledger and field.json appear here.")],
    broker: Annotated[str, typer.Option(help="HOST:PORT where the vehicles publish.")] = "127.0.0.1:1883",
    scene: Annotated[str, typer.Option(help="full, haze, dust, stuck or none.")] = "full",
    seed: Annotated[int, typer.Option(help="Device noise and faults follow from it.")] = 1,
    until: Annotated[
        str, typer.Option(help="Field time (ISO 8601) at which the field falls silent.")
    ] = "2100-01-01T00:00:00Z",
    interval_s: Annotated[
        float, typer.Option(help="Field seconds between frames of devices that send by themselves.")
    ] = 60,
    clock: ClockOption = "system",
) -> None:
    """Run the simulated field until it is told to end.

    Example: quietwatch sim run --directory ./field --scene dust
    """
    from datetime import datetime  # noqa: PLC0415

    from firmware_sim.field import run  # noqa: PLC0415

    host, _, port = broker.rpartition(":")
    until_ms = int(datetime.fromisoformat(until).timestamp() * 1000)
    _serve(run(directory, _scene(scene), seed, _clock(clock), until_ms, interval_s, (host, int(port))), OSError)


@app.command("broker", hidden=True)
def broker_run(port: int) -> None:
    """Run the demo's broker on loopback."""
    from quietwatch.demo.broker import run  # noqa: PLC0415

    _serve(run(port), OSError)


@app.command()
def demo(  # noqa: PLR0913  # each option is one thing to say about the demo
    scene: Annotated[str, typer.Option(help="full, haze, dust, stuck or none.")] = "full",
    seed: Annotated[int, typer.Option(help="Device noise and faults follow from it.")] = 1,
    speed: Annotated[float, typer.Option(min=1, max=720, help="Field seconds per second.")] = 360,
    http_port: Annotated[int, typer.Option(help="Of the map on loopback; 0 takes a free one.")] = 0,
    directory: Annotated[Path | None, typer.Option(help="Keep everything here instead of a temporary place.")] = None,
    *,
    headless: Annotated[bool, typer.Option("--headless", help="End by itself; no map to look at afterwards.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Run the whole line on this machine: 12 hours of real Beijing air in two minutes.

    Example: quietwatch demo --headless --json --scene dust
    """
    from quietwatch.demo.processes import StartError  # noqa: PLC0415
    from quietwatch.demo.run import Options, run  # noqa: PLC0415

    if directory is not None and directory.exists() and any(directory.iterdir()):
        raise typer.BadParameter(f"{directory} is not empty: two runs in one place would be compared as one")
    options = Options(_scene(scene), seed, speed, http_port, directory, headless=headless, as_json=as_json)
    try:
        status = asyncio.run(run(options))
    except KeyboardInterrupt:
        status = 130
    except StartError as error:
        _fail(error)
    raise typer.Exit(status)


def main() -> None:
    """Run the command line."""
    try:
        app()
    except ModuleNotFoundError as error:
        # A gateway's install has no hub in it.
        typer.echo(
            f"quietwatch: {error}: install 'quietwatch[hub]' for the hub, 'quietwatch[demo]' for the demo", err=True
        )
        sys.exit(2)


def _clock(text: str) -> Clock:
    try:
        return parse_clock(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _scene(name: str) -> str:
    from firmware_sim.scenes import SCENES  # noqa: PLC0415

    if name not in SCENES:
        raise typer.BadParameter(f"scene {name!r}: one of {', '.join(SCENES)}")
    return name


def _serve(program: Coroutine[Any, Any, None], expected: type[Exception]) -> None:
    """Run a program; SIGTERM and SIGINT cancel it unless it listens for them itself."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)

    async def until_told() -> None:
        task = asyncio.ensure_future(program)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    try:
        asyncio.run(until_told())
    except expected as error:
        _fail(error)


def _fail(error: Exception) -> None:
    typer.echo(f"quietwatch: {error}", err=True)
    sys.exit(2)
