"""What an hour of a live network costs, and what has to be kept between two hours.

python bench/faults/live.py [--stations N] [--hours N]
"""

import argparse
import time
from collections.abc import Sequence
from typing import Final

import numpy as np
from air import HOURS, POSITIONS, TIMES, Floats, load

from hub.quality import advance, begin, calibrate
from hub.state import leaves

YEAR: Final = HOURS // 2
SEED: Final = 20260102
PART: Final = 720


def main(words: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench faults/live", description=__doc__)
    parser.add_argument("--stations", type=int, default=833)
    parser.add_argument("--hours", type=int, default=400)
    asked = parser.parse_args(words)
    air = load()
    thresholds = calibrate({name: value[:, :YEAR] for name, value in air.items()}, TIMES[:YEAR], POSITIONS)
    values, positions = _city(air, asked.stations, asked.hours + PART)
    carried, took = begin(thresholds, positions), []
    for hour in range(asked.hours):
        step = {name: value[:, hour : hour + 1] for name, value in values.items()}
        begun = time.process_time()
        _, carried = advance(step, carried, thresholds)
        took.append(time.process_time() - begun)
    streams = asked.stations * len(values)
    kept = sum(array.nbytes for _, array in leaves(carried))
    late = " ".join(f"{1e3 * np.quantile(took, rank):.0f}" for rank in (0.5, 0.9, 1.0))
    print(f"{streams} streams: an hour takes {late} ms of one processor (median, 90 %, greatest of {asked.hours})")
    print(f"carried: {kept / streams:.0f} bytes a stream, {kept / 1e6:.1f} MB")
    begun = time.process_time()
    advance({name: value[:, asked.hours :] for name, value in values.items()}, carried, thresholds)
    spent = time.process_time() - begun
    print(f"{PART} hours at once: {spent:.1f} s of it, {streams * PART / spent / 1e6:.1f} million values a second")


def _city(air: dict[str, Floats], stations: int, hours: int) -> tuple[dict[str, Floats], Floats]:
    """Return the second year's air at so many invented stations, each with a tenth of noise of its own."""
    chance = np.random.default_rng(SEED)
    like = chance.integers(0, len(POSITIONS), stations)
    values = {
        name: value[like, YEAR : YEAR + hours] * np.exp(0.1 * chance.standard_normal((stations, hours)))
        for name, value in air.items()
    }
    return values, POSITIONS.mean(axis=0) + chance.uniform(-0.5, 0.5, (stations, 2))


if __name__ == "__main__":
    main()
