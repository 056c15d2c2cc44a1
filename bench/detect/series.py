"""The series that all are timed on: minutes of a day with gaps, flat runs, spikes and steps; NumPy only.

The same in every interpreter: a block is made of its number alone.
"""

import numpy as np
from numpy.typing import NDArray

STREAMS, STEPS = 500, 1_440
STEP_S = 60
# QARTOD's tests as all of them make them, in ug/m3 and seconds.
FAIL_SPAN, SUSPECT_SPAN = (0.0, 900.0), (1.0, 500.0)
SPIKE = (40.0, 90.0)
RATE = (0.5, 2.0)
FLAT_S, FLAT = (1_800, 3_600), 0.05


def times() -> NDArray[np.datetime64]:
    """Return datetime64[s] (STEPS,)."""
    return np.datetime64("2026-06-01T00:00:00") + STEP_S * np.arange(STEPS).astype("timedelta64[s]")


def block(number: int) -> NDArray[np.float64]:
    """Return float64 (STREAMS, STEPS) of a block, NaN where missing."""
    chance = np.random.default_rng([20260601, number])
    level = 60 + 40 * np.sin(np.arange(STEPS) / 200 + 6.3 * chance.random((STREAMS, 1)))
    values = np.round(level + 4 * chance.standard_normal((STREAMS, STEPS), np.float32), 1)
    for row in np.flatnonzero(chance.random(STREAMS) < 0.2):
        first = chance.integers(0, STEPS - 240)
        values[row, first : first + chance.integers(20, 240)] = np.nan
    for row in np.flatnonzero(chance.random(STREAMS) < 0.1):
        first = chance.integers(0, STEPS - 240)
        values[row, first : first + chance.integers(20, 240)] = values[row, first]
    cells = chance.integers(0, values.size, values.size // 2_000)
    values.reshape(-1)[cells] *= chance.choice([-1.0, 4.0, 12.0], len(cells))
    values.reshape(-1)[chance.integers(0, values.size, values.size // 500)] = np.nan
    return values
