"""The offline judgement of a network: faults planted in synthetic air, causality, order, gaps, and refusals."""

from typing import Any, NamedTuple

import numpy as np
import pytest

from hub.quality import Cause, Thresholds, Verdict, calibrate, replay

pytestmark = pytest.mark.component

HISTORY, NOW, ONSET = 120 * 24, 50 * 24, 30 * 24
HOUR = np.timedelta64(3_600_000, "ms")
BROKEN = 2

Values = dict[str, np.ndarray]


class Zone(NamedTuple):
    """A network with calibrated thresholds and its values afterwards, (8, NOW)."""

    history: Values
    values: Values
    positions: np.ndarray
    thresholds: Thresholds


def times(steps: int) -> np.ndarray:
    """Return hours from a new year on."""
    return np.datetime64("2025-01-01", "ms") + np.arange(steps) * HOUR


def fading_noise(chance: np.random.Generator, shape: tuple[int, ...], hours: float) -> np.ndarray:
    """Return autocorrelated noise of unit variance along the last axis."""
    white, kept = chance.standard_normal(shape), np.exp(-1 / hours)
    for step in range(1, shape[-1]):
        white[..., step] = kept * white[..., step - 1] + np.sqrt(1 - kept**2) * white[..., step]
    return white


def air(steps: int, seed: int, stations: int = 8) -> tuple[Values, np.ndarray]:
    """Return (PM2.5 and PM10 of stations under one haze that comes and goes, positions)."""
    chance = np.random.default_rng(seed)
    haze = 4.0 + 0.8 * fading_noise(chance, (steps,), 40)
    place = 0.1 * fading_noise(chance, (stations, steps), 5)
    own = {name: 0.05 * chance.standard_normal((stations, steps)) for name in ("pm2_5", "pm10")}
    lift = {"pm2_5": 0.0, "pm10": 0.4}
    values = {name: np.maximum(np.round(np.exp(haze + place + own[name] + lift[name])), 2.0) for name in own}
    for value in values.values():
        value[chance.random(value.shape) < 0.02] = np.nan
    return values, np.column_stack([116.3 + 0.05 * np.arange(stations), 39.9 + 0.03 * (np.arange(stations) % 3)])


@pytest.fixture(scope="module")
def zone() -> Zone:
    """Return a network after its history."""
    values, positions = air(HISTORY + NOW, 1)
    history = {name: value[:, :HISTORY] for name, value in values.items()}
    return Zone(
        history,
        {name: value[:, HISTORY:] for name, value in values.items()},
        positions,
        calibrate(history, times(HISTORY), positions),
    )


def judged(zone: Zone, values: Values) -> dict[str, Verdict]:
    """Return the verdicts on values of a zone."""
    return replay(values, times(NOW), zone.positions, zone.thresholds)


def broken(zone: Zone, pm2_5: Any) -> Values:
    """Return the values with one station's PM2.5 changed from the onset on by a function of (value, hours since)."""
    changed = {name: value.copy() for name, value in zone.values.items()}
    row = changed["pm2_5"][BROKEN]
    row[ONSET:] = np.where(np.isnan(row[ONSET:]), np.nan, np.maximum(np.round(pm2_5(row[ONSET:])), 2.0))
    return changed


CHANCE = np.random.default_rng(9)
HOURS = np.arange(NOW - ONSET)
# What is done to the values, what it may be called (noise begins with a spike), hours in which it has to be found.
FAULTS = {
    "a gain that creeps": (lambda v: v * (1 + np.minimum(0.03 * HOURS / 24, 0.3)), {Cause.DRIFT}, 400),
    "a gain that is off at once": (lambda v: v * 0.7, {Cause.DRIFT}, 200),
    "an offset": (lambda v: v + 20, {Cause.DRIFT}, 200),
    "a value that stays": (lambda v: np.where(HOURS < 48, 57.0, v), {Cause.STUCK}, 20),
    "a value with a lid": (lambda v: np.minimum(v, 45.0), {Cause.STUCK}, 300),
    "single high hours": (lambda v: v + 250.0 * (HOURS % 11 == 5), {Cause.SPIKE}, 60),
    "noise": (lambda v: v + CHANCE.normal(0, 15, len(v)), {Cause.NOISE, Cause.SPIKE}, 100),
    "no signal": (lambda v: np.where(HOURS < 24, 2 + HOURS % 2, v), {Cause.DROPOUT}, 12),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_announced_and_named(zone: Zone, fault: str) -> None:
    """Within its hours, at its station, and of its kind; the neighbours are not blamed."""
    change, causes, hours = FAULTS[fault]
    verdict = judged(zone, broken(zone, change))["pm2_5"]
    found = np.flatnonzero(verdict.alarm[BROKEN, ONSET : ONSET + hours])

    assert found.size
    assert verdict.cause[BROKEN, ONSET + found[0]] in causes
    assert not np.delete(verdict.alarm & ~judged(zone, zone.values)["pm2_5"].alarm, BROKEN, axis=0).any()


def test_a_plume_is_pollution(zone: Zone) -> None:
    """Eight hours of more in PM2.5 and PM10 are named, and are no alarm."""
    changed = broken(zone, lambda v: v + 150.0 * (HOURS < 8))
    changed["pm10"][BROKEN, ONSET : ONSET + 8] += 180.0
    verdict = judged(zone, changed)["pm2_5"]

    assert Cause.POLLUTION in verdict.cause[BROKEN, ONSET : ONSET + 8]
    assert not verdict.alarm[BROKEN, ONSET:].any()


def test_honest_devices_keep_the_budget(zone: Zone) -> None:
    """The history itself has no more alarms than one in ten device months (of PM2.5 and of PM10)."""
    verdicts = replay(zone.history, times(HISTORY), zone.positions, zone.thresholds)

    assert all(verdict.alarm[:, 720:].sum() <= 0.1 * 8 * 3 for verdict in verdicts.values())


def test_a_larger_budget_allows_more(zone: Zone) -> None:
    """The operator's one knob turns the right way."""
    generous = calibrate(zone.history, times(HISTORY), zone.positions, false_alarms_per_sensor_month=1.0)

    assert all(generous.limits[name].limit < zone.thresholds.limits[name].limit for name in zone.values)


@pytest.mark.parametrize("steps", [2, ONSET + 11, 7 * 168 + 1])
def test_the_future_changes_no_verdict(zone: Zone, steps: int) -> None:
    """A replay of truncated input gives the beginning of the whole one's, across blocks of learning."""
    values = broken(zone, FAULTS["noise"][0])
    whole = judged(zone, values)
    begun = replay({k: v[:, :steps] for k, v in values.items()}, times(steps), zone.positions, zone.thresholds)

    for name in values:
        assert np.array_equal(whole[name].alarm[:, :steps], begun[name].alarm)
        assert np.array_equal(whole[name].cause[:, :steps], begun[name].cause)


def test_the_order_of_stations_does_not_matter(zone: Zone) -> None:
    """Shuffled rows give shuffled verdicts: stations are known by their positions."""
    values, order = broken(zone, FAULTS["an offset"][0]), np.random.default_rng(3).permutation(8)
    straight = judged(zone, values)
    shuffled = replay({k: v[order] for k, v in values.items()}, times(NOW), zone.positions[order], zone.thresholds)

    assert all(np.array_equal(straight[name].alarm[order], shuffled[name].alarm) for name in values)
    assert all(np.array_equal(straight[name].cause[order], shuffled[name].cause) for name in values)


def test_a_gap_neither_breaks_nor_lengthens_a_run(zone: Zone) -> None:
    """A value that stays is announced after as many values with gaps between them as without."""
    values = broken(zone, FAULTS["a value that stays"][0])
    values["pm2_5"][BROKEN, ONSET : ONSET + 48] = 57.0
    at_once = int(np.argmax(judged(zone, values)["pm2_5"].alarm[BROKEN, ONSET:]))
    values["pm2_5"][BROKEN, ONSET + 1 : ONSET + 96 : 2] = np.nan
    values["pm2_5"][BROKEN, ONSET : ONSET + 96 : 2] = 57.0
    with_gaps = int(np.argmax(judged(zone, values)["pm2_5"].alarm[BROKEN, ONSET:]))

    assert with_gaps == 2 * at_once


def test_nothing_is_said_of_nothing(zone: Zone) -> None:
    """A station that is silent throughout, and a network that is, raise no alarm."""
    values = {name: np.full_like(value, np.nan) for name, value in zone.values.items()}
    verdicts = judged(zone, values)

    assert not any(verdict.alarm.any() or verdict.cause.any() for verdict in verdicts.values())


def test_a_property_can_be_left_out(zone: Zone) -> None:
    """PM2.5 alone is judged by the neighbours alone."""
    values = {"pm2_5": broken(zone, FAULTS["an offset"][0])["pm2_5"]}

    assert judged(zone, values)["pm2_5"].alarm[BROKEN, ONSET:].any()


def test_a_gain_of_ozone_is_seen_in_its_sum_with_no2() -> None:
    """Where titration moves NO2 and O3 against each other, only their sum is smooth enough to show it."""
    values, positions = air(HISTORY + NOW, 4)
    share = 1 / (1 + np.exp(fading_noise(np.random.default_rng(5), values["pm10"].shape, 3)))
    gases = {"no2": np.round(values["pm10"] * share), "o3": np.round(values["pm10"] * (1 - share))}
    thresholds = calibrate({k: v[:, :HISTORY] for k, v in gases.items()}, times(HISTORY), positions)
    now = {name: value[:, HISTORY:].copy() for name, value in gases.items()}
    now["o3"][BROKEN, ONSET:] *= 1.5
    together = replay(now, times(NOW), positions, thresholds)["o3"].alarm[BROKEN, ONSET:]
    by_itself = replay({"o3": now["o3"]}, times(NOW), positions, thresholds)["o3"].alarm[BROKEN, ONSET:]

    assert together.any()
    assert not by_itself[: int(together.argmax()) + 1].any()


@pytest.mark.parametrize("rows", [[BROKEN], [BROKEN, 3], [0, 1, BROKEN, 5]])
def test_a_small_network_finds_what_needs_no_neighbours(zone: Zone, rows: list[int]) -> None:
    """One station, two or four: a value that stays is found."""
    values = {name: value[rows] for name, value in broken(zone, FAULTS["a value that stays"][0]).items()}
    verdict = replay(values, times(NOW), zone.positions[rows], zone.thresholds)["pm2_5"]

    assert verdict.alarm[rows.index(BROKEN), ONSET : ONSET + 48].any()


def test_stations_that_history_does_not_know_are_judged(zone: Zone) -> None:
    """Elsewhere the network is learnt as time passes."""
    values = broken(zone, FAULTS["noise"][0])
    verdict = replay(values, times(NOW), zone.positions + 1.0, zone.thresholds)["pm2_5"]

    assert verdict.alarm[BROKEN, ONSET : ONSET + 168].any()


def test_minutes_are_judged_as_hours_are() -> None:
    """The same calls serve another step; time constants are in hours."""
    values, positions = air(1600, 5, stations=3)
    minutes = np.datetime64("2025-01-01", "ms") + np.arange(1600) * 10 * np.timedelta64(60_000, "ms")
    verdict = replay(values, minutes, positions, calibrate(values, minutes, positions))["pm10"]

    assert verdict.alarm.shape == verdict.cause.shape == (3, 1600)
    assert [verdict.alarm.dtype.name, verdict.cause.dtype.name] == ["bool", "uint8"]


def test_input_is_left_as_it_was(zone: Zone) -> None:
    """A value is never overwritten."""
    before = {name: value.copy() for name, value in zone.values.items()}
    judged(zone, zone.values)

    assert all(np.array_equal(before[name], zone.values[name], equal_nan=True) for name in before)


HOURLY = times(300)
PLACES = np.array([[116.3, 39.9], [116.4, 39.9]])
LEVEL = np.full((2, 300), 20.0)


@pytest.mark.parametrize(
    ("values", "at", "positions", "reason"),
    [
        ({}, HOURLY, PLACES, "no property"),
        ({"pm10": LEVEL[:1]}, HOURLY, PLACES, "has shape"),
        ({"pm10": LEVEL}, HOURLY, PLACES[:, :1], "longitude and a latitude"),
        ({"pm10": LEVEL}, HOURLY, PLACES * np.nan, "finite"),
        ({"pm10": LEVEL}, HOURLY[::-1], PLACES, "even steps"),
        ({"pm10": LEVEL}, np.delete(times(301), 7), PLACES, "insert the missing"),
        ({"pm10": LEVEL}, HOURLY[0] + np.arange(300) * 48 * HOUR, PLACES, "more than a day"),
        ({"pm10": LEVEL[:, :1]}, HOURLY[:1], PLACES, "fewer than two"),
        ({"pm10": LEVEL[:, :100]}, HOURLY[:100], PLACES, "ten days"),
        ({"pm10": LEVEL * np.nan}, HOURLY, PLACES, "'pm10'.*no median above 0"),
    ],
)
def test_a_history_that_cannot_be_is_refused(
    values: Values, at: np.ndarray, positions: np.ndarray, reason: str
) -> None:
    """The text says what to do."""
    with pytest.raises(ValueError, match=reason):
        calibrate(values, at, positions)


def test_devices_that_read_below_zero_half_of_the_time_are_judged(zone: Zone) -> None:
    """A cell of NO2 in clean air does: that it stands still shows all the same, and nobody else is blamed."""
    history, values = ({"no2": air["pm2_5"] - 60.0} for air in (zone.history, zone.values))
    values["no2"][BROKEN, ONSET : ONSET + 72] = 25.0
    verdict = replay(values, times(NOW), zone.positions, calibrate(history, times(HISTORY), zone.positions))["no2"]
    told = verdict.cause[:, ONSET : ONSET + 72][verdict.alarm[:, ONSET : ONSET + 72]]

    assert np.nanmedian(history["no2"]) < 0
    assert verdict.alarm[BROKEN, ONSET : ONSET + 72].any()
    assert told.tolist() == [Cause.STUCK]


def test_a_budget_of_nothing_is_refused() -> None:
    """No limit is so high that it never errs."""
    with pytest.raises(ValueError, match="above 0"):
        calibrate({"pm10": LEVEL}, HOURLY, PLACES, false_alarms_per_sensor_month=0.0)


def test_what_was_not_calibrated_is_refused(zone: Zone) -> None:
    """Neither a property nor a step is guessed."""
    with pytest.raises(ValueError, match="not calibrated: no2"):
        replay({"no2": zone.values["pm10"]}, times(NOW), zone.positions, zone.thresholds)
    with pytest.raises(ValueError, match="calibrate for them"):
        replay(zone.values, HOURLY[0] + np.arange(NOW) * HOUR / 2, zone.positions, zone.thresholds)
