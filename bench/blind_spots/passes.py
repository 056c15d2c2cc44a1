"""Whether passes of a vehicle are worth what is said: sources that began a while ago, through the whole judgement.

python bench/blind_spots/passes.py [--first SEED] [--settings N] [--trials N] [--mean MINUTES]

The zones of run.py with a vehicle that drives from place to place at 20 km/h. A source began a random time ago (an hour
in the mean, as the hub takes it) and goes on for half an hour: a vehicle that passed before has not met it.
"""

import argparse
import copy
import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from run import print_reliability, print_row
from setting import (
    BEGIN,
    GUST_DEG,
    LASTS_MIN,
    SIDE_M,
    WARM_MIN,
    MixedSource,
    Setting,
    active,
    added_by,
    eyes_of,
    judged,
    setting_of,
    source_in,
)

from hub.area.blind_spots import (
    FORGOTTEN_MIN,
    PROBABILITY,
    Cells,
    Eyes,
    Required,
    probability_of,
    required,
    strength_of,
    worth_of,
)
from hub.area.possible import deviation_rad
from hub.pipeline import noticed

PACE_M: Final = 333.0
# How long a pass is looked back at, and how near to each other two are one (hub/map_api/blind_spots.py).
PASSES_MIN, SPOT_M = 90, 200.0
# A peak so near is of the source.
ABOUT_M: Final = 1_000.0


class Passed(NamedTuple):
    """One source: how likely it was said to be that it is seen, at all and by stations alone, and what was seen."""

    said: float
    by_stations: float
    seen: bool
    by_vehicle: bool


def main(words: Sequence[str] | None = None) -> None:
    """Print what is seen by what was said: of all sources, and of those where passes say something."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=6_000, help="seed of the first setting")
    parser.add_argument("--settings", type=int, default=30)
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--mean", type=float, default=FORGOTTEN_MIN, help="minutes since sources began")
    chosen = parser.parse_args(words)
    seeds = range(chosen.first, chosen.first + chosen.settings)
    found = [one for seed in seeds for one in _trials(seed, chosen.trials, chosen.mean)]
    said, by_stations, seen, met = (np.array(column) for column in zip(*found, strict=True))
    print_reliability(said, seen)
    print("\nwhere passes add a tenth or more to what stations would see:\n")
    told = said >= by_stations + 0.1
    print_reliability(said[told], seen[told])
    print(f"\nsaid {said[told].mean():.2f}, by stations alone {by_stations[told].mean():.2f}\n")
    print("| of these | sources | share | +- |\n|---|---|---|---|")
    print_row("seen", seen[told])
    print_row("met by the vehicle", met[told])


def _trials(seed: int, count: int, mean_min: float) -> Iterator[Passed]:
    early = setting_of(seed, WARM_MIN - PASSES_MIN, PACE_M)
    now = early._replace(panel=copy.deepcopy(early.panel))
    for minute in range(WARM_MIN - PASSES_MIN, WARM_MIN):
        now = judged(now, minute, np.zeros(31))
    eyes, chance, turn = _eyes(now), early.chance, math.radians(early.direction)
    wind = early.speed * math.sin(turn), early.speed * math.cos(turn)
    while count:
        spans = 3.0 * early.spacing, 2.5 * early.spacing
        place = [float(SIDE_M * np.round(chance.uniform(-span, span) / SIDE_M)) for span in spans]
        found = required(Cells(*(np.array([one]) for one in (*place, *wind)), SIDE_M), eyes)
        figure = float(strength_of(found, PROBABILITY)[0])
        if math.isfinite(figure):
            ratio = 1.0 if count % 2 else float(np.exp(chance.uniform(-2.5, 1.0)))
            source = source_in(early, (place[0], place[1]), figure * ratio, "simulator")
            yield _passed(early, source, found, figure * ratio, min(chance.exponential(mean_min), PASSES_MIN))
            count -= 1


def _passed(early: Setting, source: MixedSource, found: Required, strength: float, age_min: float) -> Passed:
    said = float(probability_of(found, np.array([strength]))[0])
    alone = found._replace(passed=np.full_like(found.passed, np.inf))
    stations, vehicle = _is_seen(early, source, WARM_MIN - age_min)
    return Passed(said, float(probability_of(alone, np.array([strength]))[0]), stations or vehicle, vehicle)


def _is_seen(early: Setting, source: MixedSource, begins: float) -> tuple[bool, bool]:
    """Return whether a station finds it until half an hour from now, and whether the vehicle met it until now."""
    chance = early.chance
    turn = math.radians(early.direction) + deviation_rad(early.speed) * chance.standard_normal()
    now, before, vehicle = early._replace(panel=copy.deepcopy(early.panel)), active(early), False
    for minute in range(WARM_MIN - PASSES_MIN, WARM_MIN + LASTS_MIN):
        gust = math.radians(GUST_DEG) * chance.standard_normal()
        at_work = minute >= begins
        now = judged(now, minute, added_by(now, source, turn + gust, minute) if at_work else np.zeros(31))
        if at_work and (active(now) & ~before)[:30].any():
            return True, vehicle
        vehicle = vehicle or (at_work and minute < WARM_MIN and _met(now, source, minute))
    return False, vehicle


def _met(setting: Setting, source: MixedSource, minute: int) -> bool:
    """Return whether the vehicle has a peak in this minute that is of the source."""
    peaks = setting.state.peaks
    away = np.hypot(peaks.east_m - source.centre.east_m, peaks.north_m - source.centre.north_m)
    return bool(((peaks.last == BEGIN + minute) & (away < ABOUT_M)).any())


def _eyes(setting: Setting) -> Eyes:
    """Return the stations, and the newest pass at each spot."""
    fixed, driven = eyes_of(setting), setting.drive[WARM_MIN - PASSES_MIN : WARM_MIN][::-1]
    _, first = np.unique(driven // SPOT_M, axis=0, return_index=True)
    k, needed = len(first), noticed(setting.bindings, setting.state)[32]
    east, north = driven[first].T
    wind = np.full(k, fixed.upwind_east[0]), np.full(k, fixed.upwind_north[0])
    passes = Eyes(east, north, *wind, np.full(k, needed), worth_of(first + 1.0), np.full(k, -1))
    return Eyes(*(np.concatenate(pair) for pair in zip(fixed, passes, strict=True)))


if __name__ == "__main__":
    main()
