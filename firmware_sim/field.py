"""The field as a program: every instrument of the zone at work, on ptys, TCP and MQTT."""

import asyncio
import json
from pathlib import Path

from firmware_sim.beat import beat
from firmware_sim.describe import describe
from firmware_sim.ledger import Ledger
from firmware_sim.link import carry
from firmware_sim.play import Play
from firmware_sim.recorded import load_air
from firmware_sim.rim import Rim
from firmware_sim.scenes import build_scene, scene_start_ms
from firmware_sim.truth import truth
from firmware_sim.world import World
from firmware_sim.zone import build_zone
from wire.clock import Clock

__all__ = ["build_zone", "run", "scene_start_ms"]


async def run(  # noqa: PLR0913, PLR0917  # what a field is made of
    directory: Path, scene: str, seed: int, clock: Clock, until_ms: int, interval_s: float, broker: tuple[str, int]
) -> None:
    """Run the field until cancelled.

    Writes into `directory`: ledger.tsv (appended), truth.json, ports/ and, when all is open, field.json; then prints a
    line that begins with "field ready". From field time `until_ms` on nothing is measured or answered; the vehicles go
    on sending what was not acknowledged.

    Args:
        directory: exists or is created.
        scene: one of `firmware_sim.scenes.SCENES`.
        seed: places of the micro-stations, device noise.
        clock: field time.
        until_ms: UTC milliseconds.
        interval_s: field seconds between two frames of a device that sends by itself, at least 1; GPS: a quarter.
        broker: host and port of the broker to which the vehicles publish.

    Raises:
        ValueError: no such scene.
        OSError: a port or a file cannot be opened.
    """
    zone = build_zone(seed)
    played = build_scene(scene, zone)
    world = World(zone, played, seed, load_air())
    ports = _prepare(directory)
    _write_json(directory / "truth.json", truth(played, zone, world))
    with Ledger(directory / "ledger.tsv") as ledger:
        play = Play(world, ledger, clock, until_ms, played.faults)
        async with Rim(ports, zone, play, broker) as rim:
            senders = rim.senders(round(interval_s * 1000))
            _write_json(directory / "field.json", describe(zone, rim.addresses))
            print(f"field ready {directory}", flush=True)  # noqa: T201  # the line that a supervisor waits for
            await asyncio.gather(beat(senders, clock, until_ms), *(carry(broker, car) for car in rim.vehicles))


def _prepare(directory: Path) -> Path:
    """Return the directory of the ports; a description of an earlier field disappears, its ports are gone."""
    (directory / "field.json").unlink(missing_ok=True)
    ports = directory / "ports"
    ports.mkdir(parents=True, exist_ok=True)
    return ports


def _write_json(path: Path, content: object) -> None:
    """Write a file so that a reader finds the whole of it or nothing."""
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    fresh.replace(path)
