"""Zones of chance: stations, areas and the rounds of vehicles."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from firmware_sim.layout import HALF_M, Area
from firmware_sim.plane import Point, Ring, rectangle, strip
from firmware_sim.route import Route, Stop
from firmware_sim.zone import Device, Station, Zone

Chance = np.random.Generator

SPACING_M: Final = (800.0, 2_000.0)
COUNTS: Final = {"enterprise": (10, 28), "construction_site": (3, 8), "road": (2, 7)}
_APART_M: Final = 650.0


def drawn_zone(chance: Chance) -> Zone:
    """Return a square of 165 km2: stations 0.8 to 2 km apart, 15 to 40 areas."""
    across = round(2 * HALF_M / chance.uniform(*SPACING_M))
    step = 2 * HALF_M / across
    cells = np.array([(n % across, n // across) for n in range(across**2)])
    places = (cells + 0.5 + chance.uniform(-0.35, 0.35, cells.shape)) * step - HALF_M
    stations = [_micro(f"m{n:03}", Point(*at)) for n, at in enumerate(places.tolist())]
    return Zone("zone", "zone", tuple(stations), (), tuple(_areas(chance)), (), {})


def patrolled(zone: Zone, chance: Chance, *, vehicles: bool) -> Zone:
    """Return a zone with two vehicles on rounds of chance, or with none."""
    fixed = tuple(station for station in zone.stations if station.kind != "vehicle")
    if not vehicles:
        return _fitted(replace(zone, stations=fixed, routes={}))
    names = ("patrol-1", "patrol-2")
    corners = chance.uniform(-HALF_M, HALF_M, (len(names), 5, 2)).tolist()
    routes = {
        name: Route(tuple(Stop(Point(*at)) for at in round_)) for name, round_ in zip(names, corners, strict=True)
    }
    cars = tuple(Station(name, "vehicle", name, name, "gw", None) for name in names)
    return _fitted(replace(zone, stations=(*fixed, *cars), routes=routes))


def _fitted(zone: Zone) -> Zone:
    """Return a zone with an instrument for particles on every micro-station and vehicle, and nothing else."""
    particles = ("pm2_5", "pm10")
    micro = [s.id for s in zone.stations if s.kind == "micro_station"]
    air = [
        *(Device(f"{name}-air", name, "gw", "aqt530", particles, "bus") for name in micro),
        *(Device(f"{name}-air", name, "gw", "vehicle", particles, "bus") for name in zone.routes),
    ]
    return replace(zone, devices=tuple(air))


def _micro(name: str, place: Point) -> Station:
    return Station(name, "micro_station", name, name, "gw", place)


def _areas(chance: Chance) -> Iterator[Area]:
    middles: list[Point] = []
    for kind, bounds in COUNTS.items():
        for number in range(int(chance.integers(*bounds))):
            ring = _road(chance) if kind == "road" else _premises(chance, middles)
            yield Area(f"{kind}-{number}", kind, kind, kind, (), ring)


def _road(chance: Chance) -> Ring:
    start, end = chance.uniform(-HALF_M, HALF_M, (2, 2)).tolist()
    return strip(Point(*start), Point(*end), 60.0)


def _premises(chance: Chance, middles: list[Point]) -> Ring:
    """Return a rectangle away from those before it."""
    while True:
        middle = Point(*chance.uniform(-HALF_M, HALF_M, 2).tolist())
        if all(middle.distance_m(other) > _APART_M for other in middles):
            middles.append(middle)
            return rectangle(middle, *chance.uniform(250, 600, 2).tolist(), float(chance.uniform(0, 90)))
