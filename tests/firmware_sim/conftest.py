"""What the tests of the simulator share: public frames, and the worlds of the scenes."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from firmware_sim.recorded import RecordedAir, load_air
from firmware_sim.scenes import Scene, build_scene
from firmware_sim.world import World
from firmware_sim.zone import Zone, build_zone

VECTORS = Path(__file__).parents[1] / "vectors" / "device_vectors.json"


class Played(NamedTuple):
    """A scene in its zone."""

    zone: Zone
    scene: Scene
    world: World


@pytest.fixture(scope="session")
def vectors() -> list[dict[str, Any]]:
    """Return the public frames that are marked as to be accepted."""
    return [vector for vector in json.loads(VECTORS.read_text("utf-8")) if vector["expect_accept"]]


@pytest.fixture(scope="session")
def air() -> RecordedAir:
    """Return the shipped record."""
    return load_air()


@pytest.fixture(scope="session")
def zone() -> Zone:
    """Return the zone of seed 1."""
    return build_zone(1)


@pytest.fixture(scope="session")
def full(zone: Zone, air: RecordedAir) -> Played:
    """Return the scene in which everything happens."""
    scene = build_scene("full", zone)
    return Played(zone, scene, World(zone, scene, 1, air))


@pytest.fixture(scope="session")
def calm(zone: Zone, air: RecordedAir) -> Played:
    """Return the scene in which nothing happens."""
    scene = build_scene("none", zone)
    return Played(zone, scene, World(zone, scene, 1, air))


@pytest.fixture
def run_now() -> Callable[[Coroutine[Any, Any, None]], None]:
    """Return what runs a coroutine to its end."""
    return asyncio.run
