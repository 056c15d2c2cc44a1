"""Is a source still found in the middle of a haze? Plumes of chance in recorded air, one every few hours.

python bench/haze/sources.py [--every HOURS] [--seed N]
"""

import argparse
import math
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))

import numpy as np
from zone import (
    BEGIN_MIN,
    HOUR_MIN,
    NOTHING,
    POLLUTANTS,
    SPELLS,
    Floats,
    Hour,
    Town,
    hourly,
    hours_of,
    judged,
    network,
)

from firmware_sim.plane import Point
from firmware_sim.plume import Source, Wind
from hub.model import MINUTE_MS
from hub.network import Network

# ug/m3 over the patch; its size; how far it lies from some station.
STRENGTH: Final = (300.0, 2_000.0)
RADIUS_M: Final = (60.0, 250.0)
AWAY_M: Final = 600.0
LASTS_MIN: Final = 60
# What a local excess needs (rules of the program), and how far from its source a red area is about it.
NEEDED, RELATIVE = 50.0, 0.6
ABOUT_M: Final = 3_000.0
PER_STATION: Final = len(POLLUTANTS) + 2


class Plume(NamedTuple):
    """A source and the wind that it has, which is not quite the one that is told."""

    source: Source
    wind: Wind


def main(words: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=3, help="hours from one source to the next")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(words)
    print("| spell | sources whose plume passes the threshold at a station | red within the hour | other leads |")
    print("|---|---|---|---|")
    for name, span in SPELLS.items():
        print(f"| {name} | {_row(np.random.default_rng(asked.seed), *hours_of(span), asked.every)} |", flush=True)


def _row(chance: np.random.Generator, first: int, last: int, every: int) -> str:
    town = Town()
    zone, told = network(town), hourly(town)
    begun = {hour: _drawn(chance, zone, told, hour) for hour in range(first, last, every)}
    adds = {hour: _excess(zone, plume) for hour, plume in begun.items()}
    hours = list(judged(town, first, last, lambda minute: adds.get((minute - BEGIN_MIN) // HOUR_MIN, NOTHING)))
    seen = {hour: plume for hour, plume in begun.items() if _passes(zone, told, hour, plume)}
    found = [hour for hour, plume in seen.items() if any(_near(zone, plume, hours[hour - first].red))]
    return f"{len(seen)} of {len(begun)} | {len(found)} | {sum(_others(zone, begun, hours))}"


def _drawn(chance: np.random.Generator, zone: Network, told: Floats, hour: int) -> Plume:
    station, away, bearing = chance.integers(len(zone.stations)), AWAY_M * chance.random(), math.tau * chance.random()
    row = int(station) * PER_STATION
    place = Point(zone.east_m[row] + away * math.sin(bearing), zone.north_m[row] + away * math.cos(bearing))
    strength, radius_m = (math.exp(chance.uniform(*np.log(span))) for span in (STRENGTH, RADIUS_M))
    begin_ms = (BEGIN_MIN + hour * HOUR_MIN) * MINUTE_MS
    source = Source(place, radius_m, 25.0, {"pm2_5": strength}, begin_ms, begin_ms + LASTS_MIN * MINUTE_MS)
    speed = told[row + PER_STATION - 2, hour] * chance.lognormal(0.0, 0.2)
    turn = math.radians(told[row + PER_STATION - 1, hour] + 15.0 * chance.standard_normal())
    return Plume(source, Wind(speed * math.sin(turn), speed * math.cos(turn)))


def _excess(zone: Network, plume: Plume) -> Floats:
    """Return float64 (streams,): what a plume of smoke adds while it lasts: to PM2.5, so to PM10."""
    found = np.zeros(len(zone))
    for row in range(0, len(zone), PER_STATION):
        at = Point(float(zone.east_m[row]), float(zone.north_m[row]))
        found[row : row + 2] = plume.source.excess("pm2_5", at, plume.wind, plume.source.onset_ms)
    return found


def _passes(zone: Network, told: Floats, hour: int, plume: Plume) -> bool:
    """Return whether it is above what a local excess needs over the air of its hour, at some station by a tenth."""
    air = told[::PER_STATION, hour]
    return bool((_excess(zone, plume)[::PER_STATION] > 1.1 * np.maximum(NEEDED, RELATIVE * air)).any())


def _near(zone: Network, plume: Plume, names: Sequence[str]) -> Iterator[bool]:
    for area, shape in zip(zone.areas, zone.shapes, strict=True):
        at = Point(shape.centroid.x, shape.centroid.y)
        yield area.id in names and at.distance_m(plume.source.centre) < ABOUT_M


def _others(zone: Network, begun: dict[int, Plume], hours: Sequence[Hour]) -> Iterator[int]:
    """Yield for each hour how many leads were about no source that was at work then or in the three hours before."""
    for one in hours:
        late = [begun[hour] for hour in range(one.hour - 3, one.hour + 1) if hour in begun]
        leads = [lead.area for outcome in one.outcomes for lead in outcome.leads]
        yield sum(not any(any(_near(zone, plume, [area])) for plume in late) for area in leads)


if __name__ == "__main__":
    main()
