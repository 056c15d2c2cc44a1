"""The checks of spikes, rates, ends of the scale, damping and of what goes together: faults found, air left alone."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.quality import Attenuated, Bottom, Clipping, Consistency, Oxidant, RateOfChange, Series, Spike
from wire.reading import Flag

MINUTE_MS = 60_000
CHANCE = np.random.default_rng(4)
# A day of samples every five minutes: clean in the morning, haze towards the evening.
HAZE = 30 + 120 / (1 + np.exp(-(np.arange(288) - 150) / 25))
NOISY = HAZE * (1 + 0.05 * CHANCE.standard_normal(288))


def flags(check: Any, value: Any, background: Any = HAZE, step_min: int = 5) -> list[int]:
    """Return the flags of one stream."""
    k = len(value)
    times = np.arange(k, dtype=np.int64)[None, :] * step_min * MINUTE_MS
    series = Series(times, np.asarray(value, float)[None, :], np.asarray(background, float)[None, :k])
    found: list[int] = check(series, check.start(1))[0][0].tolist()
    return found


def test_a_spike_is_known_one_value_later() -> None:
    """The value behind it bears the verdict; a step up, or a slope, is none; the third one fails the device."""
    spike = Spike(50.0, 0.5, fail=2)

    assert flags(spike, [10, 10, 90, 10, 10], np.zeros(5)) == [2, 2, 1, 3, 1]
    assert flags(spike, [10, 10, 90, 90, 170, 250], np.zeros(6)) == [2, 2, 1, 1, 1, 1]
    assert flags(spike, [10, 90, 10, 10, 90, 10, 10], np.zeros(7))[-2:] == [4, 4]


def test_a_gap_hides_no_spike() -> None:
    """The values beside the spike count, however long ago."""
    nan = np.nan

    assert flags(Spike(50.0), [10, nan, 90, nan, nan, 10], np.zeros(6)) == [2, 9, 2, 9, 9, 3]


def test_a_rate_is_by_the_minute_also_across_a_gap() -> None:
    """3 degrees in a minute are too much, 9 in five are not."""
    nan = np.nan

    assert flags(RateOfChange(3.0), [20, 23.5, 23.5, nan, nan, nan, nan, 30], np.zeros(8), 1) == [
        2,
        3,
        1,
        9,
        9,
        9,
        9,
        1,
    ]


def test_many_jumps_are_a_fault_and_are_forgotten() -> None:
    """FAIL from the third on, until a few hours have passed."""
    value = np.array([20.0, 30.0, 20.0, 30.0, 30.0] + [30.0] * 40)
    found = flags(RateOfChange(1.0, fail=3, memory_ms=60 * MINUTE_MS), value, np.zeros(45))

    assert found[:5] == [2, 3, 3, 4, 4]
    assert found[-1] == Flag.GOOD


@st.composite
def jumps(draw: st.DrawFn) -> Series:
    """Draw a few streams with gaps and jumps."""
    n, k, chance = draw(st.integers(1, 4)), draw(st.integers(1, 14)), np.random.default_rng(draw(st.integers(0, 10**6)))
    value = np.array([np.nan, 10.0, 10.0, 11.0, 12.0, 80.0])[chance.integers(0, 6, (n, k))]
    time_ms = np.cumsum(chance.choice([1, 1, 5], (n, k)), axis=1) * MINUTE_MS
    return Series(time_ms.astype(np.int64), value, np.full((n, k), np.nan))


@given(series=jumps())
@settings(max_examples=40)
@pytest.mark.parametrize("check", [Spike(20.0, 0.1, 2), RateOfChange(8.0, 2)], ids=["spike", "rate_of_change"])
def test_calm_streams_are_passed_over_without_a_difference(check: Any, series: Series) -> None:
    """Following every stream value by value gives the same flags."""
    n = len(series.value)
    found, state = check(series, check.start(n))
    slow, followed = check.stepped(series, check.start(n))

    assert np.array_equal(found, slow)
    assert np.array_equal(state.last, followed.last, equal_nan=True)


ATTENUATED = Attenuated(15.0, 0.3, 0.15, 0.1, memory=144, enough=60)


def test_a_damped_device_is_found() -> None:
    """It moves a twentieth of what the neighbours do; half of it is another fault's matter."""
    assert flags(ATTENUATED, 60 + 0.05 * (NOISY - 60))[-1] == Flag.FAIL
    assert max(flags(ATTENUATED, 0.5 * NOISY)) < Flag.SUSPECT
    assert max(flags(ATTENUATED, NOISY)) < Flag.SUSPECT


def test_still_air_is_no_damping() -> None:
    """Where the neighbours do not move either nothing is said of a device."""
    assert max(flags(ATTENUATED, np.full(288, 30.0), 30 + CHANCE.standard_normal(288))) < Flag.SUSPECT


BOTTOM = Bottom(3.0, 35.0, 3, 6, 30 * MINUTE_MS)


def test_a_device_at_the_bottom_of_its_scale_is_found() -> None:
    """As the neighbours have 35 and more: SUSPECT at the third, FAIL at the seventh, half an hour on."""
    found = flags(BOTTOM, np.where(np.arange(288) < 160, NOISY, 3 - np.arange(288) % 3))

    assert found[160:168] == [1, 1, 3, 3, 3, 3, 4, 4]


def test_clean_air_is_no_fault() -> None:
    """At the bottom with clean neighbours, or with none, nothing is said; nor does it end a run."""
    low = np.full(10, 2.0)

    assert max(flags(BOTTOM, low, np.full(10, 20.0))) == Flag.GOOD
    assert max(flags(BOTTOM, low, np.full(10, np.nan))) == Flag.GOOD
    assert flags(BOTTOM, low, [50, 50, 20, np.nan, 50, 50, 50, 50, 50, 50]) == [1, 1, 1, 1, 3, 3, 3, 4, 4, 4]


CLIPPING = Clipping(30.0, 0.15, 0.1, 4, 8)


def test_a_clipped_device_is_found_by_its_returns() -> None:
    """It comes back to 80 while the neighbours go on to 150; what it reads below is true."""
    clipped = np.minimum(np.round(HAZE * (1 + 0.2 * CHANCE.standard_normal(288))), 80.0)
    found = np.array(flags(CLIPPING, clipped))

    assert Flag.FAIL in found
    assert (found[clipped < 80] == Flag.GOOD).all()


def test_an_honest_peak_is_no_clipping() -> None:
    """Whole numbers come back by chance, and a device in cleaner air never reaches its neighbours."""
    chance = np.random.default_rng(9)
    wave = np.tile(HAZE[::-1], 20)[: 288 * 20]
    honest = np.round(0.6 * wave * (1 + 0.05 * chance.standard_normal(len(wave))))

    assert max(flags(CLIPPING, honest, wave)) == Flag.GOOD


def test_a_part_is_not_more_than_the_whole() -> None:
    """PM2.5 above 1.2 PM10 + 10, twice: SUSPECT; a value that can be ends it; one alone is nothing."""
    check = Consistency(1.2, 10.0, 2, 4, 15 * MINUTE_MS)

    assert flags(check, [71, 70, 71, 71, 71, np.nan, 71, 60], np.full(8, 50.0)) == [1, 1, 1, 3, 3, 9, 4, 1]
    assert max(flags(check, NOISY * 0.95, HAZE)) == Flag.GOOD


OXIDANT = Oxidant(30.0, 0.4, 3, 6, memory=60, enough=24)


def test_titration_is_left_alone_and_a_lying_gas_is_not() -> None:
    """A fresh plume turns O3 into NO2; a device that reads 60 ppb more makes their sum jump."""
    no2, o3, k = np.full(60, 20.0), np.full(60, 60.0), np.arange(60)
    plume = np.where(k >= 40, 50.0, 0.0)
    neighbours = no2 + o3

    assert max(flags(OXIDANT, (no2 + plume) + (o3 - plume), neighbours)) < Flag.SUSPECT
    assert flags(OXIDANT, (no2 + 1.2 * plume) + o3, neighbours)[40:47] == [1, 1, 3, 3, 3, 4, 4]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (lambda: Spike(0.0), "above zero"),
        (lambda: Spike(1.0, memory_ms=0), "memory"),
        (lambda: RateOfChange(-1.0), "above zero"),
        (lambda: RateOfChange(1.0, memory_ms=0), "memory"),
        (lambda: Attenuated(0.0), "moved"),
        (lambda: Attenuated(1.0, suspect=0.1, fail=0.2), "fail"),
        (lambda: Attenuated(1.0, memory=0), "memory"),
        (lambda: Bottom(5.0, 5.0), "high"),
        (lambda: Bottom(1.0, 5.0, 0), "count"),
        (lambda: Bottom(1.0, 5.0, 3, 2), "fail"),
        (lambda: Clipping(0.0), "above"),
        (lambda: Clipping(1.0, suspect=1), "two values"),
        (lambda: Clipping(1.0, suspect=5, fail=4), "fail"),
        (lambda: Consistency(0.0), "share"),
        (lambda: Consistency(1.0, -1.0), "slack"),
        (lambda: Consistency(1.0, 0.0, 0), "count"),
        (lambda: Consistency(1.0, 0.0, 3, 2), "fail"),
        (lambda: Oxidant(0.0), "off"),
        (lambda: Oxidant(1.0, suspect=0), "count"),
        (lambda: Oxidant(1.0, suspect=3, fail=2), "fail"),
        (lambda: Oxidant(1.0, memory=0), "memory"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(wrong: Any, why: str) -> None:
    """At once, with the reason."""
    with pytest.raises(ValueError, match=why):
        wrong()
