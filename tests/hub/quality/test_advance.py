"""Hour by hour and all at once: the same verdicts, whatever the calls, the gaps, the stations and the restarts."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.quality import Carried, Cause, Thresholds, Verdict, advance, begin, calibrate, replay, settled
from hub.state import leaves, rebuilt

pytestmark = pytest.mark.component

HISTORY, NOW, STATIONS = 60 * 24, 10 * 24, 6
START = np.datetime64("2025-01-01", "ms")
PARTS = ("alarm", "cause", "standing", "score", "kind")

Values = dict[str, np.ndarray]


class City(NamedTuple):
    """Six stations, two of them at one place, with devices that fail in many ways."""

    values: Values
    positions: np.ndarray
    thresholds: Thresholds
    whole: dict[str, Verdict]


def times(steps: int) -> np.ndarray:
    """Return hours."""
    return START + np.arange(steps) * np.timedelta64(3_600_000, "ms")


def air(steps: int) -> Values:
    """Return four properties of a haze, with noise of the place and of the device, and gaps."""
    chance = np.random.default_rng(7)
    haze = 3.5 + np.sin(np.arange(steps) / 31) + 0.5 * np.sin(np.arange(steps) / 7.3)
    values = {}
    for name, lift in {"no2": 0.2, "o3": 0.6, "pm10": 0.5, "pm2_5": 0.0}.items():
        own = 0.1 * chance.standard_normal((STATIONS, steps))
        values[name] = np.round(np.exp(haze + own + lift))
        values[name][chance.random((STATIONS, steps)) < 0.03] = np.nan
    return values


def fail(values: Values) -> None:
    """Break a device in each way, some beyond a week's border."""
    values["pm2_5"][1, 150:210] = 57.0
    values["pm2_5"][2, 100:] *= 1.6
    values["pm10"][3, 60:] += np.random.default_rng(2).normal(0, 60, NOW - 60)
    values["no2"][0, 40::17] += 400
    values["o3"][4, 190:220] = 1 + np.arange(30) % 2
    values["o3"][5] = np.minimum(values["o3"][5], 60.0)
    values["pm10"][5, 160:] = np.nan


@pytest.fixture(scope="module")
def city() -> City:
    """Return the city after its history."""
    every = air(HISTORY + NOW)
    positions = np.column_stack([116.3 + 0.05 * np.arange(STATIONS), np.full(STATIONS, 39.9)])
    positions[5] = positions[4]
    history = {name: value[:, :HISTORY] for name, value in every.items()}
    thresholds = calibrate(history, times(HISTORY), positions, false_alarms_per_sensor_month=1.0)
    values = {name: value[:, HISTORY:].copy() for name, value in every.items()}
    fail(values)
    return City(values, positions, thresholds, replay(values, times(NOW), positions, thresholds))


def cut(values: Values, begun: int, end: int) -> Values:
    """Return some steps."""
    return {name: value[:, begun:end] for name, value in values.items()}


def advanced(city: City, values: Values, ends: list[int], carried: Carried | None = None) -> dict[str, Verdict]:
    """Return the verdicts on values, judged up to each end in turn."""
    now = begin(city.thresholds, city.positions) if carried is None else carried
    found: dict[str, list[Verdict]] = {}
    begun = 0
    for end in ends:
        verdicts, now = advance(cut(values, begun, end), now, city.thresholds)
        for name, verdict in verdicts.items():
            found.setdefault(name, []).append(verdict)
        begun = end
    return {
        name: Verdict(*(np.hstack([getattr(part, of) for part in all_]) for of in PARTS))
        for name, all_ in found.items()
    }


def differing(one: dict[str, Verdict], other: dict[str, Verdict]) -> list[str]:
    """Return the arrays in which verdicts are not the same, bit by bit."""
    return [
        f"{name}.{part}"
        for name in one
        for part in PARTS
        if not np.array_equal(getattr(one[name], part), getattr(other[name], part))
    ]


def test_the_city_is_worth_judging(city: City) -> None:
    """Every cause is announced, so that equality says something."""
    causes = {Cause(cause) for verdict in city.whole.values() for cause in np.unique(verdict.cause)}

    assert causes >= {Cause.DRIFT, Cause.STUCK, Cause.SPIKE, Cause.NOISE, Cause.DROPOUT}


def test_hour_by_hour_is_as_all_at_once(city: City) -> None:
    """One step a call at the beginning and across a week's end: bit by bit the same."""
    assert not differing(city.whole, advanced(city, city.values, [*range(1, 12), *range(150, 190), NOW]))


@settings(max_examples=8)
@given(
    st.lists(st.integers(1, NOW - 1), max_size=12, unique=True),
    st.sets(st.sampled_from(["no2", "o3", "pm10"])),
    st.integers(0, 99),
)
def test_cuts_and_gaps_change_nothing(city: City, borders: list[int], lost: set[str], seed: int) -> None:
    """Any borders, any values missing, any properties missing throughout."""
    chance = np.random.default_rng(seed)
    values = {name: np.where(chance.random(value.shape) < 0.2, np.nan, value) for name, value in city.values.items()}
    values = {name: np.full_like(value, np.nan) if name in lost else value for name, value in values.items()}
    known = {name: value for name, value in values.items() if name not in lost}

    at_once = advanced(city, values, [NOW])
    assert not differing(at_once, advanced(city, known, [*sorted(borders), NOW]))


def test_what_is_carried_outlives_a_restart(city: City) -> None:
    """Its arrays, written and read, give the same verdicts; nothing of it is changed in place."""
    _, carried = advance(cut(city.values, 0, 99), begin(city.thresholds, city.positions), city.thresholds)
    written = {path: array.copy() for path, array in leaves(carried)}
    at_once, _ = advance(cut(city.values, 99, NOW), carried, city.thresholds)
    restored = rebuilt(begin(city.thresholds, np.zeros((0, 2))), written)
    again, _ = advance(cut(city.values, 99, NOW), restored, city.thresholds)

    assert not differing(at_once, again)
    assert all(
        np.array_equal(array, written[path], equal_nan=array.dtype.kind == "f") for path, array in leaves(carried)
    )


def test_a_fault_stands_until_it_is_released(city: City) -> None:
    """From its alarm on, under its name; a value that moves again is trusted again, a gain that stays is not."""
    stuck, gain = (city.whole["pm2_5"].standing[row] for row in (1, 2))
    alarm = 150 + int(city.whole["pm2_5"].alarm[1, 150:].argmax())

    assert (stuck[alarm:210] == Cause.STUCK).all()
    assert not (stuck[:alarm] == Cause.STUCK).any()
    assert stuck[-1] != Cause.STUCK
    assert gain[-1] == Cause.DRIFT
    for verdict in city.whole.values():
        assert np.array_equal(verdict.standing[verdict.alarm], verdict.cause[verdict.alarm])
        assert (verdict.score[verdict.alarm] > 0).all()


def test_the_rate_that_is_to_be_expected_is_kept(city: City) -> None:
    """At most the budget."""
    again = city.thresholds.rate

    assert set(again) == set(city.values)
    assert all(0 < rate <= 1.0 for rate in again.values())


def settle_after(city: City, steps: int, positions: np.ndarray) -> tuple[Carried, Carried]:
    """Return what is carried after so many steps, and the same settled at other positions."""
    _, carried = advance(cut(city.values, 0, steps), begin(city.thresholds, city.positions), city.thresholds)
    return carried, settled(carried, city.thresholds, positions)


def rows(carried: Carried, row: int) -> list[np.ndarray]:
    """Return what is carried of one station, beside the network's."""
    return [array[row] for _, array in leaves((carried.plume, carried.bank, carried.episodes))]


@pytest.mark.parametrize("steps", [99, 168])
def test_stations_in_another_order_are_the_same_stations(city: City, steps: int) -> None:
    """In the midst of a week and at its end; the two at one place keep theirs."""
    order = np.array([3, 4, 0, 5, 2, 1])
    _, moved = settle_after(city, steps, city.positions[order])
    verdicts, _ = advance({k: v[order, steps:] for k, v in city.values.items()}, moved, city.thresholds)
    straight = {k: Verdict(*(getattr(v, part)[order, steps:] for part in PARTS)) for k, v in city.whole.items()}

    assert not differing(straight, verdicts)


def test_a_station_that_comes_begins_and_the_others_go_on(city: City) -> None:
    """A newcomer is as one of a network that begins; a station that left is gone; the known keep all of theirs."""
    place = np.array([[118.0, 40.0]])
    before, after = settle_after(city, 99, np.vstack([city.positions[[2, 4, 5]], place]))
    fresh = begin(city.thresholds, after.positions)

    for old, new in zip([2, 4, 5], [0, 1, 2], strict=True):
        assert all(
            np.array_equal(*pair, equal_nan=True) for pair in zip(rows(before, old), rows(after, new), strict=True)
        )
    assert all(np.array_equal(*pair, equal_nan=True) for pair in zip(rows(fresh, 3), rows(after, 3), strict=True))
    verdicts, _ = advance({"pm10": np.full((4, 200), 30.0)}, after, city.thresholds)
    assert verdicts["pm10"].alarm.shape == (4, 200)


def test_what_was_learnt_of_a_neighbour_stays_with_it(city: City) -> None:
    """The slope on each neighbour, and the moments, follow the neighbour to its new place in the row."""
    kept = [1, 2, 3, 4]
    before, after = settle_after(city, 99, city.positions[kept])
    old, new = before.residual.alone[3].regression, after.residual.alone[3].regression

    for row, station in enumerate(kept):
        others = [kept[other] for other in after.nearest[row]]
        slots = [0, 1, *(2 + before.nearest[station].tolist().index(other) for other in others)]
        assert np.array_equal(old.slope[station, slots], new.slope[row])
        assert np.array_equal(old.moments.cross[station][np.ix_(slots, slots)], new.moments.cross[row])
        assert np.array_equal(old.tail[station, slots], new.tail[row, : len(slots)])


def test_stations_where_they_were_carry_the_same(city: City) -> None:
    """Nothing is done."""
    carried, again = settle_after(city, 9, city.positions.copy())

    assert again is carried


def test_a_network_can_be_empty_and_fill(city: City) -> None:
    """No station is judged to nothing; the first to come begins."""
    nothing = begin(city.thresholds, np.zeros((0, 2)))
    verdicts, nothing = advance({"pm10": np.zeros((0, 3))}, nothing, city.thresholds)
    filled = settled(nothing, city.thresholds, city.positions)

    assert verdicts["pm2_5"].alarm.shape == (0, 3)
    assert not differing(city.whole, advanced(city, city.values, [NOW], filled))
    _, emptied = settle_after(city, 9, np.zeros((0, 2)))
    assert len(emptied.positions) == 0


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({}, "give 6 stations and one step or more"),
        ({"pm10": np.zeros((5, 1))}, "give 6 stations"),
        ({"pm10": np.zeros((6, 0))}, "one step or more"),
        ({"pm10": np.zeros(6)}, "give 6 stations"),
        ({"pm10": np.zeros((6, 1)), "o3": np.zeros((6, 2))}, "others have"),
        ({"co": np.zeros((6, 1))}, "not carried: co"),
    ],
)
def test_steps_that_cannot_be_are_refused(city: City, values: Values, reason: str) -> None:
    """The text says what to do."""
    with pytest.raises(ValueError, match=reason):
        advance(values, begin(city.thresholds, city.positions), city.thresholds)


def test_what_was_not_calibrated_is_refused(city: City) -> None:
    """At the beginning, and where the thresholds change under what is carried."""
    with pytest.raises(ValueError, match="not calibrated: co"):
        begin(city.thresholds, city.positions, ["pm10", "co"])
    fewer = calibrate({"o3": air(400)["o3"]}, times(400), city.positions)
    with pytest.raises(ValueError, match="begin again"):
        advance({"o3": np.zeros((6, 1))}, begin(city.thresholds, city.positions), fewer)
