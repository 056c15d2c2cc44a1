"""Zones, winds and sources drawn by chance, played by the simulator: whose plume it is, is known."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from zones import drawn_zone, patrolled

from firmware_sim.draw import gaussian, seed_of
from firmware_sim.layout import HALF_M, Area
from firmware_sim.plane import Point, contains
from firmware_sim.plume import Source, Wind
from firmware_sim.recorded import HOUR_MS, RecordedAir, load_air
from firmware_sim.scenes import MINUTE_MS, Scene
from firmware_sim.world import World
from firmware_sim.zone import Zone, build_zone

Chance = np.random.Generator

# Of all sources: outside of every area; and how often each kind emits, an area each.
OUTSIDE: Final = 0.12
KINDS: Final = {"enterprise": 1.0, "construction_site": 1.0, "road": 0.6}
# How many of a kind's sources are dust; not the shares that the hub assumes.
DUST: Final = {"enterprise": 0.35, "construction_site": 0.8, "road": 0.5, "": 0.5}
# How far the wind that the hub is told is off: degrees, and logarithm of the speed.
TURNED_DEG, LOUDER = 20.0, 0.2


@dataclass(frozen=True)
class Patchy(Source):
    """A source whose plume spreads as the air of its day would have it, in patches that change every few minutes.

    Attributes:
        widens, deepens: metres a metre.
        patches: deviation of the logarithm of what a place gets.
        seed: of the patches.
    """

    widens: float = 0.11
    deepens: float = 0.10
    patches: float = 0.0
    seed: int = 0

    def excess(self, property_name: str, point: Point, wind: Wind, time_ms: int) -> float:
        """Return what it adds at a point, ug/m3."""
        value = super().excess(property_name, point, wind, time_ms)
        if not value or not self.patches:
            return value
        cell = seed_of(self.seed, point.east_m // 300, point.north_m // 300)
        return value * math.exp(self.patches * gaussian(cell, time_ms // (3 * MINUTE_MS)))

    def spread(self, point: Point, wind: Wind) -> float:
        """Return the share of the concentration over the patch that reaches a point."""
        east, north = point.east_m - self.centre.east_m, point.north_m - self.centre.north_m
        downwind_m = -(east * wind.east + north * wind.north) / wind.speed
        across_m = (east * wind.north - north * wind.east) / wind.speed
        reach_m, upwind_m = max(downwind_m, 0.0), min(downwind_m, 0.0)
        width_m, depth_m = self.radius_m + self.widens * reach_m, self.depth_m + self.deepens * reach_m
        bell = math.exp(-0.5 * ((across_m / width_m) ** 2 + (upwind_m / self.radius_m) ** 2))
        return bell * self.radius_m * self.depth_m / (width_m * depth_m)


@dataclass(frozen=True)
class Case:
    """One source at work in one zone.

    Attributes:
        culprit: id of the area that emits, None for a source outside of all.
        source: what it is.
        world: the air.
        told: the wind that the hub is told: the true one, wrong by chance.
        onset_ms: when it begins, a whole minute.
    """

    zone: Zone
    culprit: str | None
    source: Source
    world: World
    told: Wind
    onset_ms: int


@dataclass(frozen=True)
class Setting:
    """Under which circumstances sources are drawn.

    Attributes:
        demo: in the demo's zone, its stations shifted each time, or in a zone of chance.
        vehicles: whether two patrol.
        outside: of all sources, those in no area.
        patches: see `Patchy`.
    """

    demo: bool
    vehicles: bool
    outside: float = OUTSIDE
    patches: float = 0.3


def plumes(seed: int, numbers: Iterable[int], setting: Setting) -> Iterator[Case]:
    """Yield sources by chance: of one seed, number and setting always the same."""
    air = load_air()
    for number in numbers:
        chance = np.random.default_rng([20261122, seed, number, setting.demo, setting.vehicles])
        zone = build_zone(int(chance.integers(1_000_000))) if setting.demo else drawn_zone(chance)
        yield _case(patrolled(zone, chance, vehicles=setting.vehicles), chance, air, setting)


def _case(zone: Zone, chance: Chance, air: RecordedAir, setting: Setting) -> Case:
    hour = int(chance.integers(2, air.hours - 4))
    onset_ms = air.start_ms + hour * HOUR_MS + int(chance.integers(60)) * MINUTE_MS
    speed, angle = chance.uniform(0.8, 5.0), chance.uniform(0, math.tau)
    blown = _blown(air, speed, [angle + math.radians(chance.normal(0, 8)) * (n - hour) for n in range(air.hours)])
    area = None if chance.random() < setting.outside else _culprit(zone, chance)
    source = _source(zone, area, chance, onset_ms, setting.patches)
    scene = Scene("chance", onset_ms, {"culprit": source}, (), ())
    world = World(zone, scene, int(chance.integers(1 << 31)), blown)
    turn, louder = math.radians(chance.normal(0, TURNED_DEG)), math.exp(chance.normal(0, LOUDER))
    true = world.wind(source.centre, onset_ms)
    east = louder * (true.east * math.cos(turn) - true.north * math.sin(turn))
    north = louder * (true.north * math.cos(turn) + true.east * math.sin(turn))
    return Case(zone, None if area is None else area.id, source, world, Wind(east, north), onset_ms)


def _blown(air: RecordedAir, speed: float, angles: list[float]) -> RecordedAir:
    """Return the record under a wind of its own, the same everywhere, by the hour."""
    winds = {
        "wind_east": tuple(speed * math.sin(angle) for angle in angles),
        "wind_north": tuple(speed * math.cos(angle) for angle in angles),
    }
    return replace(air, series={(name, part): winds.get(part, value) for (name, part), value in air.series.items()})


def _culprit(zone: Zone, chance: Chance) -> Area:
    weight = np.array([KINDS[area.kind] for area in zone.areas])
    return zone.areas[int(chance.choice(len(weight), p=weight / weight.sum()))]


def _source(zone: Zone, area: Area | None, chance: Chance, onset_ms: int, patches: float) -> Patchy:
    dust = chance.random() < DUST[area.kind if area else ""]
    strong = (1_200.0 if dust else 700.0) * math.exp(chance.normal(0, 0.6))
    fine = strong * chance.uniform(0.04, 0.25) if dust else strong
    return Patchy(
        centre=_spot(zone, area, chance),
        radius_m=chance.uniform(60, 250),
        depth_m=chance.uniform(12, 30),
        strength={"pm10": strong if dust else fine * chance.uniform(1.0, 1.5), "pm2_5": fine},
        onset_ms=onset_ms,
        end_ms=onset_ms + HOUR_MS,
        widens=chance.uniform(0.07, 0.17),
        deepens=chance.uniform(0.06, 0.14),
        patches=patches,
        seed=int(chance.integers(1 << 31)),
    )


def _spot(zone: Zone, area: Area | None, chance: Chance) -> Point:
    """Return a place in an area, or outside of all."""
    rings = [area.ring] if area else [one.ring for one in zone.areas]
    corners = np.array(area.ring if area else [(-HALF_M, -HALF_M), (HALF_M, HALF_M)])
    while True:
        spot = Point(*chance.uniform(corners.min(axis=0), corners.max(axis=0)).tolist())
        if any(contains(ring, spot) for ring in rings) == (area is not None):
            return spot
