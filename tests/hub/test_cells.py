"""Which cells readings fall into, and what the panel makes of them, against a dictionary filled reading by reading."""

import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.cells import Readings, cells_of
from hub.model import MINUTE_MS
from hub.panel import ARITHMETIC, ENERGY, Panel
from wire.reading import Flag

NOW = 30_000_000
STREAMS = 6
FLAGS = [int(flag) for flag in Flag]
reading = st.tuples(
    st.integers(0, STREAMS - 1), st.integers(0, 4), st.sampled_from([1.0, 2.5, 40.0, math.nan]), st.sampled_from(FLAGS)
)


def readings(*rows: tuple[int, int, float, int]) -> Readings:
    """Return readings from (row, minutes after NOW, value, flag)."""
    row, minute, value, flag = (np.array(column) for column in zip(*rows, strict=True))
    nowhere = np.full(len(rows), np.nan)
    time_ms = (NOW + minute.astype(np.int64)) * MINUTE_MS + 7
    return Readings(row.astype(np.int32), time_ms, value.astype(np.float64), flag.astype(np.uint8), nowhere, nowhere)


@pytest.mark.parametrize(
    ("row", "minute"),
    [
        ([3, 4, 9], [5, 5, 5]),
        ([9, 3, 4], [5, 5, 5]),
        ([3, 3, 4, 3], [5, 6, 6, 5]),
        ([0, 1_000_000, 0], [0, 900, 900]),
        ([7], [0]),
    ],
)
def test_cells_come_once_each_by_minute_and_row(row: list[int], minute: list[int]) -> None:
    """Streams in order, in any order, several readings a cell, cells far apart, a single reading."""
    cells = cells_of(np.array(row, np.int32), np.array(minute, np.int64))
    pairs = sorted(set(zip(minute, row, strict=True)))

    assert list(zip(cells.minute.tolist(), cells.row.tolist(), strict=True)) == pairs
    assert [pairs[of] for of in cells.of] == list(zip(minute, row, strict=True))


@given(batches=st.lists(st.lists(reading, min_size=1, max_size=30), max_size=4))
@settings(max_examples=60)
def test_cells_hold_what_a_dictionary_would(batches: list[list[tuple[int, int, float, int]]]) -> None:
    """Sums, counts and worst flags, decibels as energy, whatever the order and however often."""
    panel, sums, worst = Panel(minutes=10), defaultdict[tuple[int, int], list[float]](list), np.zeros((STREAMS, 5))
    panel.grow(np.array([ARITHMETIC, ENERGY] * (STREAMS // 2), np.int8), np.zeros(STREAMS, np.bool_))
    for batch in batches:
        panel.add(readings(*batch), NOW + 4)
        for row, minute, value, flag in batch:
            worst[row, minute] = max(worst[row, minute], flag if flag <= Flag.FAIL else 0)
            if flag <= Flag.UNKNOWN and not math.isnan(value):
                sums[row, minute].append(10 ** (value / 10) if row % 2 else value)
    kept, ring = panel.arrays(), (NOW + np.arange(5)) % 10
    expected = np.array([[np.mean(sums[row, at] or [0.0]) for at in range(5)] for row in range(STREAMS)])

    assert np.allclose(kept["mean"][:STREAMS, ring], expected, rtol=1e-6)
    assert kept["count"][:STREAMS, ring].tolist() == [[len(sums[r, at]) for at in range(5)] for r in range(STREAMS)]
    assert kept["worst"][:STREAMS, ring].tolist() == worst.tolist()
