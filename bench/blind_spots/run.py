"""Whether what is said to be seen is seen: sources of the simulator's physics, through the whole judgement.

python bench/blind_spots/run.py [--first SEED] [--settings N] [--trials N] [--mixing simulator|briggs]

A setting is a zone of 30 stations, two of them silent, that has been judged for a day, under one wind and one haze;
each trial puts one source into it. The plume is the simulator's (`firmware_sim.plume`), which knows nothing of the
hub's, or spreads as Briggs has it in full, by the ground and the air; the true wind is off the measured one, and gusts
turn it every minute.
"""

import argparse
import copy
import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from setting import (
    BRIGGS,
    GUST_DEG,
    LASTS_MIN,
    SIDE_M,
    WARM_MIN,
    Setting,
    active,
    added_by,
    eyes_of,
    judged,
    setting_of,
    source_in,
)

from firmware_sim.plume import Source
from hub.area.blind_spots import PROBABILITY, Cells, Eyes, probability_of, required, strength_of
from hub.area.possible import deviation_rad

Floats = NDArray[np.float64]
BINS: Final = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
# A station could see a source when it adds this share of what the station needs, under the true wind without gusts.
COULD: Final = 0.5


class Trial(NamedTuple):
    """One source.

    Attributes:
        said: how likely it was said to be that it is seen.
        exact: whether it has the stated strength.
        seen: whether it was seen.
        away_m: from the middle of its cell to the nearest station that works.
        spacing_m, speed: of its setting.
        could: how many stations could see it.
        figure: the stated strength, g/s.
        mixing: how the air mixed.
    """

    said: float
    exact: bool
    seen: bool
    away_m: float
    spacing_m: float
    speed: float
    could: int
    figure: float
    mixing: str


def main(words: Sequence[str] | None = None) -> None:
    """Print the table of reliability, and what is seen of sources of the stated strength, by their circumstances."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--first", type=int, default=5_000, help="seed of the first setting")
    parser.add_argument("--settings", type=int, default=16)
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--mixing", choices=("simulator", "briggs"), default="simulator")
    chosen = parser.parse_args(words)
    mixings = tuple(BRIGGS) if chosen.mixing == "briggs" else ("simulator",)
    seeds = range(chosen.first, chosen.first + chosen.settings)
    found = [trial for seed in seeds for trial in _trials(setting_of(seed), chosen.trials, mixings)]
    print_reliability(np.array([one.said for one in found]), np.array([one.seen for one in found]))
    _circumstances([trial for trial in found if trial.exact])


def print_reliability(said: Floats, seen: NDArray[np.bool_]) -> None:
    """Print what is seen of sources by what was said of them."""
    print("| said to be seen with | sources | said | seen |\n|---|---|---|---|")
    for low, high in pairwise(BINS):
        inside = (said >= low) & ((said < high) | (high == 1.0))
        if inside.any():
            print(
                f"| {low:.1f} to {high:.1f} | {inside.sum()} | {said[inside].mean():.2f} | {seen[inside].mean():.2f} |"
            )


def _circumstances(found: Sequence[Trial]) -> None:
    parts = {
        "m to the nearest station": (np.array([one.away_m for one in found]), (0, 200, 400, 600, 800, np.inf)),
        "m between stations": (np.array([one.spacing_m for one in found]), (700, 900, 1_100, 1_400)),
        "m/s of wind": (np.array([one.speed for one in found]), (1, 2, 3, 4, 5)),
        "stations that could see it": (np.array([one.could for one in found]), (0, 1, 2, 3, np.inf)),
        "g/s stated": (np.array([one.figure for one in found]), (0, 5, 10, 20, np.inf)),
    }
    seen = np.array([one.seen for one in found])
    print("\n| at the stated strength | sources | seen | +- |\n|---|---|---|---|")
    print_row("all", seen)
    for name, (value, bounds) in parts.items():
        for low, high in pairwise(bounds):
            beyond = f"{low:g} or more" if math.isinf(high) else f"{low:g} to {high:g}"
            print_row(f"{beyond} {name}", seen[(value >= low) & (value < high)])
    for mixing in dict.fromkeys(one.mixing for one in found):
        print_row(f"mixing: {mixing}", seen[[one.mixing == mixing for one in found]])


def print_row(name: str, seen: NDArray[np.bool_]) -> None:
    """Print a row of how much is seen."""
    if seen.size:
        print(f"| {name} | {seen.size} | {seen.mean():.2f} | {math.sqrt(0.16 / seen.size):.2f} |")


def _trials(setting: Setting, count: int, mixings: Sequence[str]) -> Iterator[Trial]:
    eyes, chance = eyes_of(setting), setting.chance
    turn = math.radians(setting.direction)
    wind = setting.speed * math.sin(turn), setting.speed * math.cos(turn)
    while count:
        spans = 3.0 * setting.spacing, 2.5 * setting.spacing
        east, north = (SIDE_M * np.round(chance.uniform(-span, span) / SIDE_M) for span in spans)
        cell = Cells(*(np.array([float(one)]) for one in (east, north, *wind)), SIDE_M)
        found = required(cell, eyes)
        figure = float(strength_of(found, PROBABILITY)[0])
        if math.isfinite(figure):
            ratio = 1.0 if count % 2 else float(np.exp(chance.uniform(-2.5, 1.0)))
            said = float(probability_of(found, np.array([figure * ratio]))[0])
            mixing = mixings[int(chance.integers(len(mixings)))]
            seen, could = _is_seen(
                setting, source_in(setting, (float(east), float(north)), figure * ratio, mixing), eyes
            )
            away = float(np.hypot(eyes.east_m - east, eyes.north_m - north)[eyes.worth == 1].min())
            yield Trial(said, ratio == 1.0, seen, away, setting.spacing, setting.speed, could, figure, mixing)
            count -= 1


def _is_seen(setting: Setting, source: Source, eyes: Eyes) -> tuple[bool, int]:
    """Return whether a detector finds a source in half an hour that nothing found before, and how many could."""
    chance = setting.chance
    turn = math.radians(setting.direction) + deviation_rad(setting.speed) * chance.standard_normal()
    could = int(
        np.count_nonzero((eyes.worth == 1) & (added_by(setting, source, turn, WARM_MIN)[:30] >= COULD * eyes.needed))
    )
    now = setting._replace(panel=copy.deepcopy(setting.panel))
    before = active(now)
    for minute in range(WARM_MIN, WARM_MIN + LASTS_MIN):
        gust = math.radians(GUST_DEG) * chance.standard_normal()
        now = judged(now, minute, added_by(setting, source, turn + gust, minute))
        if (active(now) & ~before).any():
            return True, could
    return False, could


if __name__ == "__main__":
    main()
