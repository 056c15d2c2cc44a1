"""How steady the rate of false alarms is: calibrated on some stations and one year, run on others and the other year.

python bench/faults/swaps.py [--property NAME] [--budget RATE]
"""

import argparse
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from air import POSITIONS, PROPERTIES, STATIONS, TIMES, Floats, load
from protocol import WARM_UP, WINDOW, YEAR

from hub.quality import Thresholds, calibrate, replay

ALL: Final = tuple(range(len(STATIONS)))
EVEN, ODD = ALL[::2], ALL[1::2]
# Halves by lot, drawn twice.
_CHANCE: Final = np.random.default_rng(7)
_ONE, _OTHER = (_CHANCE.permutation(len(ALL)).tolist() for _ in range(2))
HEADS, TAILS = tuple(sorted(_ONE[:6])), tuple(sorted(_ONE[6:]))
LEFT, RIGHT = tuple(sorted(_OTHER[:6])), tuple(sorted(_OTHER[6:]))
EVERY: Final = tuple(PROPERTIES)
DUST: Final = ("pm2_5", "pm10")
MONTH: Final = 720
STRIDE: Final = 45 * 24


class Swap(NamedTuple):
    """Stations and year (0 or 1) of the history, then of the test; what is measured."""

    name: str
    history: tuple[int, ...]
    history_year: int
    test: tuple[int, ...]
    test_year: int
    properties: tuple[str, ...] = EVERY


SWAPS: Final = (
    Swap("all, year 1 -> 2", ALL, 0, ALL, 1),
    Swap("all, year 2 -> 1", ALL, 1, ALL, 0),
    Swap("odd -> even, 1 -> 2", ODD, 0, EVEN, 1),
    Swap("even -> odd, 1 -> 2", EVEN, 0, ODD, 1),
    Swap("half by lot, 1 -> 2", HEADS, 0, TAILS, 1),
    Swap("other half, 1 -> 2", TAILS, 0, HEADS, 1),
    Swap("half by lot, 2 -> 1", LEFT, 1, RIGHT, 0),
    Swap("other half, 2 -> 1", RIGHT, 1, LEFT, 0),
    Swap("all, dust only, 1 -> 2", ALL, 0, ALL, 1, DUST),
    Swap("odd -> even, dust only", ODD, 0, EVEN, 1, DUST),
    Swap("eight -> four, 1 -> 2", (0, 1, 3, 4, 6, 7, 9, 10), 0, (2, 5, 8, 11), 1),
)


def main(words: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench/faults/swaps.py", description=__doc__)
    parser.add_argument("--property", choices=PROPERTIES, default="pm2_5")
    parser.add_argument("--budget", type=float, default=0.1, help="false alarms a device and month")
    asked = parser.parse_args(words)
    air, rates = load(), []
    print(f"{asked.property}, budget {asked.budget}: false alarms a device and month on the test part")
    print(f"{'history -> test':24} {'one replay':>10} {'cold starts':>11} {'expected':>9}")
    for swap in SWAPS:
        if asked.property not in swap.properties:
            continue
        thresholds = calibrate(
            _cut(air, swap, swap.history, swap.history_year * YEAR, YEAR),
            TIMES[swap.history_year * YEAR :][:YEAR],
            POSITIONS[list(swap.history)],
            false_alarms_per_sensor_month=asked.budget,
        )
        begin = swap.test_year * YEAR
        whole = _rate(air, swap, thresholds, (begin, YEAR), asked.property)
        starts = range(begin, begin + YEAR - WINDOW + 1, STRIDE)
        cold = float(np.mean([_rate(air, swap, thresholds, (at, WINDOW), asked.property) for at in starts]))
        rates.append((whole, cold))
        print(f"{swap.name:24} {whole:10.3f} {cold:11.3f} {thresholds.rate[asked.property]:9.3f}")
    print(f"{'mean':24} {np.mean(rates, axis=0)[0]:10.3f} {np.mean(rates, axis=0)[1]:11.3f}")


def _cut(air: dict[str, Floats], swap: Swap, stations: tuple[int, ...], begin: int, steps: int) -> dict[str, Floats]:
    return {name: air[name][list(stations), begin : begin + steps] for name in swap.properties}


def _rate(air: dict[str, Floats], swap: Swap, thresholds: Thresholds, span: tuple[int, int], judged: str) -> float:
    """Return the alarms a device and month of a replay after its warm-up."""
    begin, steps = span
    values = _cut(air, swap, swap.test, begin, steps)
    verdict = replay(values, TIMES[begin : begin + steps], POSITIONS[list(swap.test)], thresholds)[judged]
    return float(verdict.alarm[:, WARM_UP:].sum() / (len(swap.test) * (steps - WARM_UP) / MONTH))


if __name__ == "__main__":
    main()
