"""Means of hours and days against plain averages of what is in the panel."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.anomaly.means import Valid, day_hour, mean, mean_of_hours
from hub.model import MINUTE_MS
from hub.panel import ARITHMETIC, ENERGY, Panel, Readings

# 2026-06-02 00:00 in Beijing.
MIDNIGHT = int(datetime(2026, 6, 1, 16, tzinfo=UTC).timestamp()) // 60
DAY = Valid(45, 20)


def filled(value: np.ndarray, averaging: tuple[int, ...] = (ARITHMETIC,)) -> Panel:
    """Return a panel with the value of each stream at each minute of the day before MIDNIGHT, NaN for none."""
    panel = Panel()
    panel.grow(np.array(averaging, np.int8), np.zeros(len(averaging), np.bool_))
    row, minute = np.nonzero(~np.isnan(value))
    nan = np.full(len(row), np.nan)
    time_ms = (MIDNIGHT - value.shape[1] + minute) * MINUTE_MS
    panel.add(
        Readings(row.astype(np.int32), time_ms, value[row, minute], np.ones(len(row), np.uint8), nan, nan), MIDNIGHT
    )
    return panel


def day_mean(panel: Panel) -> float:
    """Return the first stream's mean of the day."""
    return float(mean_of_hours(panel, np.array([0]), MIDNIGHT - 1, 24, DAY)[0])


def test_a_day_is_the_mean_of_its_hours_not_of_its_minutes() -> None:
    """An hour with 45 minutes counts as much as one with 60."""
    value = np.full((1, 1440), 10.0)
    value[0, :60] = 250.0
    value[0, 45:60] = np.nan

    assert day_mean(filled(value)) == pytest.approx(20.0)


@pytest.mark.parametrize(("minutes", "expected"), [(45, 20.0), (44, 10.0)])
def test_an_hour_needs_45_minutes(minutes: int, expected: float) -> None:
    """With one less it is no hour, and the day does without it."""
    value = np.full((1, 1440), 10.0)
    value[0, :60] = np.where(np.arange(60) < minutes, 250.0, np.nan)

    assert day_mean(filled(value)) == pytest.approx(expected)


@pytest.mark.parametrize(("hours", "exists"), [(20, True), (19, False)])
def test_a_day_needs_20_hours(hours: int, exists: bool) -> None:  # noqa: FBT001
    """With one less there is no mean: nothing exceeds, nothing is clean."""
    value = np.full((1, 1440), 10.0)
    value[0, hours * 60 :] = np.nan

    assert np.isfinite(day_mean(filled(value))) is np.bool_(exists)


def test_decibels_average_by_energy_over_hours_too() -> None:
    """One hour at 80 dB and 23 at 50 dB: 66.3 dB, not 51.3."""
    value = np.full((2, 1440), 50.0)
    value[:, :60] = 80.0
    panel = filled(value, (ENERGY, ARITHMETIC))
    found = mean_of_hours(panel, np.array([0, 1]), MIDNIGHT - 1, 24, DAY)

    assert found == pytest.approx([10 * np.log10((1e8 + 23e5) / 24), 51.25], abs=1e-3)


def test_all_streams_at_once_are_each_alone() -> None:
    """With gaps, in any choice and order of rows."""
    chance = np.random.default_rng(4)
    value = chance.normal(60, 20, (40, 1440))
    value[chance.random((40, 1440)) < np.linspace(0, 0.5, 40)[:, None]] = np.nan
    panel = filled(value, (ARITHMETIC, ENERGY) * 20)
    rows = chance.permutation(40)[:25]
    together = mean_of_hours(panel, rows, MIDNIGHT - 1, 8, Valid(45, 6))

    for place, row in enumerate(rows.tolist()):
        hours = [panel.average(MIDNIGHT - 1 - 60 * back, 60, 45)[row] for back in range(8)]
        good = np.array([hour for hour in hours if not np.isnan(hour)])
        if row % 2:
            good = 10 ** (good / 10)
        alone = (good.mean() if row % 2 == 0 else 10 * np.log10(good.mean())) if len(good) >= 6 else np.nan
        assert together[place] == pytest.approx(alone, nan_ok=True)


@given(st.lists(st.one_of(st.floats(-50, 150), st.just(float("nan"))), min_size=1, max_size=24), st.integers(0, 24))
def test_a_mean_lies_among_its_values_or_does_not_exist(values: list[float], fewest: int) -> None:
    """Never from fewer than it needs; the energetic one is never below the arithmetic one."""
    rows = np.array([values, values])
    plain, loud = mean(rows, fewest, np.array([False, True])).tolist()
    good = [value for value in values if value == value]  # noqa: PLR0124  # NaN is not itself

    if len(good) < max(fewest, 1):
        assert np.isnan(plain)
        assert np.isnan(loud)
    else:
        assert min(good) - 1e-9 <= plain <= loud + 1e-9 <= max(good) + 2e-9


@pytest.mark.parametrize(("hours_after_midnight", "over"), [(0, 24), (1, 1), (8, 8), (23, 23), (24, 24)])
def test_hours_of_the_day_are_counted_in_beijing(hours_after_midnight: int, over: int) -> None:
    """At midnight the day's 24 are over."""
    assert over == day_hour(MIDNIGHT + 60 * hours_after_midnight)
