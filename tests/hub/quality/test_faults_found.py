"""The faults that each check is there for, and what only looks like them."""

from typing import Any

import numpy as np
import pytest

from hub.errors import ConfigError
from hub.quality import FlatLine, Gain, Range, Series
from hub.quality.settings import default_checks, read_checks
from wire.reading import Flag

MINUTE_MS = 60_000
# Twelve hours that rise from clean air to haze, each minute.
DAY = 30 + 90 / (1 + np.exp(-(np.arange(720) - 350) / 30))


def air(value: np.ndarray, background: np.ndarray | None = None) -> Series:
    """Return one stream's minutes."""
    k = len(value)
    return Series(
        np.arange(k, dtype=np.int64)[None, :] * MINUTE_MS,
        value[None, :],
        (DAY[:k] if background is None else background)[None, :],
    )


def noisy(seed: int = 1) -> np.ndarray:
    """Return an honest device's day: 5 % of noise, whole micrograms."""
    return np.round(DAY * (1 + 0.05 * np.random.default_rng(seed).standard_normal(len(DAY))))


FLAT = FlatLine(moved=8.0, moved_share=0.25, suspect=8, fail=40, fail_ms=45 * MINUTE_MS)
GAIN = Gain(floor=12.0)


def flags(check: FlatLine | Gain | Range, series: Series) -> np.ndarray:
    """Return the flags of one stream."""
    method: Any = check
    found: np.ndarray = method(series, method.start(1))[0]
    first: np.ndarray = found[0]
    return first


@pytest.mark.parametrize(
    ("value", "flag"),
    [
        (-0.1, Flag.FAIL),
        (0.0, Flag.GOOD),
        (400.0, Flag.GOOD),
        (400.1, Flag.FAIL),
        (np.inf, Flag.FAIL),
        (np.nan, Flag.MISSING),
    ],
)
def test_values_outside_the_plausible_range_fail(value: float, flag: Flag) -> None:
    """Both ends of the range are inside."""
    assert flags(Range(0.0, 400.0), air(np.array([value]))).tolist() == [flag]


def test_a_threshold_of_zero_is_honoured() -> None:
    """Zero is a number like others."""
    assert flags(Range(0.0, 0.0), air(np.array([0.0, 1.0]))).tolist() == [Flag.GOOD, Flag.FAIL]


def test_a_stuck_device_is_found_when_the_air_moves() -> None:
    """Stuck in clean air it is unsuspected; once the neighbours have risen by a quarter it fails."""
    stuck = noisy()
    stuck[150:] = stuck[150]
    found = flags(FLAT, air(stuck))

    assert (found[:150] <= Flag.UNKNOWN).all()
    first = int(np.argmax(found == Flag.FAIL))
    assert DAY[first] - DAY[150] == pytest.approx(8.0, abs=2.0)
    assert (found[first:] == Flag.FAIL).all()


def test_still_air_is_no_stuck_device() -> None:
    """Hours at the limit of detection, with neighbours that do not move, are left alone."""
    calm = np.full(600, 3.0)

    assert not (flags(FLAT, air(calm, np.full(600, 3.2))) >= Flag.SUSPECT).any()


def test_a_value_held_for_an_hour_is_no_stuck_device_without_neighbours() -> None:
    """A reference station far from all others has no witness: nothing is judged."""
    held = np.repeat([20.0, 60.0, 180.0], 60)

    assert (flags(FLAT, air(held, np.full(180, np.nan))) == Flag.UNKNOWN).all()


def test_a_device_that_moves_again_is_trusted_again() -> None:
    """The flag falls with the first new value."""
    stuck = noisy()
    stuck[250:450] = stuck[250]
    found = flags(FLAT, air(stuck))

    assert found[449] == Flag.FAIL
    assert found[450] == Flag.GOOD


@pytest.mark.parametrize("factor", [1.4, 0.7])
def test_a_gain_is_found_within_two_hours(factor: float) -> None:
    """40 % too high, and 30 % too low, from one minute to the next."""
    wrong = noisy()
    wrong[300:] *= factor
    found = flags(GAIN, air(wrong))

    assert not (found[:300] >= Flag.SUSPECT).any()
    assert 0 < int(np.argmax(found >= Flag.SUSPECT)) - 300 < 120
    assert found[-1] == Flag.SUSPECT


def test_a_device_that_reads_a_tenth_high_is_within_the_tolerance() -> None:
    """What the devices' makers promise is no fault."""
    assert not (flags(GAIN, air(1.1 * noisy())) >= Flag.SUSPECT).any()


def test_a_gain_is_cleared_when_the_device_was_repaired() -> None:
    """The flag falls once the ratio is inside the narrower band."""
    repaired = noisy()
    repaired[100:400] *= 1.4
    found = flags(GAIN, air(repaired))

    assert found[399] == Flag.SUSPECT
    assert found[-1] == Flag.GOOD


def test_a_plume_is_no_gain() -> None:
    """Three hours of an excess that comes and goes with the wind are not called a fault."""
    chance, plume = np.random.default_rng(4), noisy()
    plume[300:480] += 60 * np.abs(np.sin(np.arange(180) / 9)) * chance.uniform(0.5, 2, 180)

    assert not (flags(GAIN, air(plume)) >= Flag.SUSPECT).any()


def test_values_every_ten_minutes_do_as_well() -> None:
    """The check counts values, not minutes: history that is thinner by ten says the same, later."""
    sparse = np.full(720, np.nan)
    sparse[::10] = 1.4 * noisy()[::10]
    found = flags(Gain(floor=12.0, memory=60, enough=45), air(sparse))

    assert found[::10][-1] == Flag.SUSPECT


def test_parameters_that_contradict_each_other_are_refused() -> None:
    """At construction, with the reason."""
    with pytest.raises(ValueError, match="low must not be above high"):
        Range(1.0, 0.0)
    with pytest.raises(ValueError, match="moved must be above zero"):
        FlatLine(0.0)
    with pytest.raises(ValueError, match="two values"):
        FlatLine(1.0, suspect=1)
    with pytest.raises(ValueError, match="fail must not come before"):
        FlatLine(1.0, suspect=5, fail=4)
    with pytest.raises(ValueError, match="release <= factor"):
        Gain(1.0, factor=1.1, release=1.2)
    with pytest.raises(ValueError, match="band"):
        Gain(1.0, factor=1.5, band=1.4)
    with pytest.raises(ValueError, match="floor"):
        Gain(-1.0)
    with pytest.raises(ValueError, match="memory"):
        Gain(1.0, memory=0)


def test_the_programs_own_settings_can_be_used() -> None:
    """They load, and particulates have both checks."""
    checks = default_checks()

    assert {"pm2_5", "pm10"} == set(checks.gain)
    assert {"pm2_5", "pm10"} <= set(checks.flat_line)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('version = "1"\n[flatline]\n', "flatline"),
        (
            'version = "1"\n[gain]\npm25 = {floor=1.0,factor=2.0,release=1.5,band=3.0,scatter=1.0,memory=9,enough=9}',
            "pm25",
        ),
        ('version = "1"\n[gain]\npm10 = {flor=1.0}', "flor"),
        ("version = ", "Invalid"),
    ],
)
def test_settings_with_an_unknown_name_are_refused_by_name(text: str, said: str) -> None:
    """A misspelt check, property or parameter is an error, never a silent absence."""
    with pytest.raises(ConfigError, match=said):
        read_checks("checks.toml", text)
