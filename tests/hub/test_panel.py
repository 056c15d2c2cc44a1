"""The last day by minute, in whatever order readings come."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.panel import ARITHMETIC, ENERGY, VECTOR, Newest, Panel, Readings
from wire.reading import Flag

MINUTE_MS = 60_000
NOW = 30_000_000


def readings(
    *rows: tuple[int, float, float], flag: int = Flag.GOOD, place: tuple[float, float] | None = None
) -> Readings:
    """Return readings from (row, minutes after NOW, value)."""
    row, after, value = (np.array(column) for column in zip(*rows, strict=True))
    longitude, latitude = place or (np.nan, np.nan)
    k = len(rows)
    return Readings(
        row.astype(np.int32),
        ((NOW + after) * MINUTE_MS).astype(np.int64),
        value.astype(np.float64),
        np.full(k, flag, np.uint8),
        np.full(k, longitude),
        np.full(k, latitude),
    )


def panel(*averaging: int, moving: tuple[int, ...] = (), minutes: int = 1440) -> Panel:
    """Return an empty panel."""
    made = Panel(minutes)
    made.grow(np.array(averaging, np.int8), np.isin(np.arange(len(averaging)), moving))
    return made


def newest(made: Panel, *minutes: int) -> Newest:
    """Return the newest values after some minutes."""
    return made.advanced(Newest.never(len(made)), np.array([NOW + minute for minute in minutes]))


def test_a_minute_is_the_mean_of_its_readings() -> None:
    """Of usable ones: what is FAIL or SUSPECT does not enter."""
    made = panel(ARITHMETIC)
    made.add(readings((0, 0.1, 10), (0, 0.5, 20), (0, 1.0, 99)), NOW + 5)
    made.add(readings((0, 0.6, 5000), flag=Flag.FAIL), NOW + 5)

    assert newest(made, 0).value.tolist() == [15.0]


def test_noise_averages_as_energy() -> None:
    """Ten decibels more for one of two minutes' halves are 7.4 dB more, not 5."""
    made = panel(ENERGY)
    made.add(readings((0, 0, 50), (0, 0.5, 60)), NOW)

    assert newest(made, 0).value[0] == pytest.approx(57.4, abs=0.01)


def test_directions_average_as_vectors() -> None:
    """Between 350 and 10 degrees lies north."""
    made = panel(VECTOR)
    made.add(readings((0, 0, 350)), NOW)
    made.add(readings((0, 0.5, 10)), NOW)

    assert newest(made, 0).value[0] % 360 == pytest.approx(0.0, abs=1e-3)


@given(order=st.permutations(range(8)), cut=st.integers(1, 7))
@settings(max_examples=20)
def test_the_order_in_which_readings_come_makes_no_difference(order: list[int], cut: int) -> None:
    """In one batch or two, early or late."""
    rows = [(i % 2, i // 4, 10.0 * i) for i in range(8)]
    straight, mixed = panel(ARITHMETIC, ARITHMETIC), panel(ARITHMETIC, ARITHMETIC)
    straight.add(readings(*rows), NOW + 9)
    mixed.add(readings(*(rows[i] for i in order[:cut])), NOW + 9)
    mixed.head = NOW
    mixed.add(readings(*(rows[i] for i in order[cut:])), NOW + 9)

    assert np.allclose(newest(straight, 0, 1).value, newest(mixed, 0, 1).value, rtol=1e-6)


def test_late_cells_are_named_and_an_older_minute_never_replaces_a_newer_one() -> None:
    """What comes behind the head is late; the newest value stays the newest."""
    made = panel(ARITHMETIC)
    made.add(readings((0, 3, 30.0)), NOW + 3)
    made.head = NOW + 3
    seen = newest(made, 3)
    row, minute = made.add(readings((0, 1, 10.0), (0, 4, 40.0)), NOW + 4)
    after = made.advanced(seen, np.array([NOW + 1]))

    assert (row.tolist(), minute.tolist()) == ([0], [NOW + 1])
    assert after.value.tolist() == [30.0]
    assert made.cells(np.array([0], np.int32), np.array([NOW + 1])).tolist() == [10.0]


def test_a_clock_that_is_ahead_does_not_erase_the_day() -> None:
    """Readings from the future, or older than the ring, are left out."""
    made = panel(ARITHMETIC, minutes=10)
    made.add(readings((0, 0, 7.0)), NOW)
    made.add(readings((0, 10, 1.0), (0, -10, 2.0)), NOW)

    assert newest(made, 0).value.tolist() == [7.0]
    assert np.isnan(newest(made, 10).value).all()


def test_the_ring_forgets_what_is_a_ring_old() -> None:
    """A column that is used again is empty first."""
    made = panel(ARITHMETIC, ARITHMETIC, minutes=10)
    made.add(readings((0, 0, 7.0), (1, 0, 8.0)), NOW)
    made.add(readings((0, 10, 1.0)), NOW + 10)

    assert np.isnan(newest(made, 10).value[1])
    assert np.isnan(made.cells(np.array([1], np.int32), np.array([NOW]))).all()


def test_an_average_needs_enough_minutes() -> None:
    """Three of four minutes have values: enough for three, not for four."""
    made = panel(ARITHMETIC)
    made.add(readings((0, 0, 10), (0, 1, 20), (0, 3, 60)), NOW + 3)

    assert made.average(NOW + 3, 4, 3).tolist() == [30.0]
    assert np.isnan(made.average(NOW + 3, 4, 4)).all()


def test_a_vehicle_keeps_where_it_was_each_minute() -> None:
    """Positions come with its readings only."""
    made = panel(ARITHMETIC, ARITHMETIC, moving=(1,))
    made.add(readings((1, 0, 5.0), place=(116.5, 39.8)), NOW)
    made.add(readings((1, 1, 6.0), place=(116.6, 39.9)), NOW + 1)
    _, value, longitude, latitude = made.tail(np.array([0, 1]), NOW + 1, 2)

    assert newest(made, 0, 1).longitude[1] == 116.6
    assert value[1].tolist() == [5.0, 6.0]
    assert (longitude[1].tolist(), latitude[1].tolist()) == ([116.5, 116.6], [39.8, 39.9])
    assert np.isnan(longitude[0]).all()


def test_minutes_of_nothing_but_lies_are_counted() -> None:
    """Until a usable value comes."""
    made = panel(ARITHMETIC)
    made.add(readings((0, 0, 1e6), (0, 1, 1e6), flag=Flag.FAIL), NOW + 1)

    assert newest(made, 0, 1).bad.tolist() == [2]
    made.add(readings((0, 2, 5.0)), NOW + 2)
    assert newest(made, 0, 1, 2).bad.tolist() == [0]


def test_new_streams_leave_known_ones_as_they_are() -> None:
    """Also the tracks of vehicles."""
    made = panel(ARITHMETIC, moving=(0,))
    made.add(readings((0, 0, 5.0), place=(116.5, 39.8)), NOW)
    made.grow(np.zeros(3, np.int8), np.array([True, False, True]))
    made.add(readings((2, 0, 6.0), place=(1.0, 2.0)), NOW)
    after = newest(made, 0)

    assert after.value[[0, 2]].tolist() == [5.0, 6.0]
    assert after.longitude[[0, 2]].tolist() == [116.5, 1.0]


def test_a_restored_panel_goes_on_as_the_kept_one() -> None:
    """`restore` takes back what `arrays` gave."""
    made, other = panel(ARITHMETIC), panel(ARITHMETIC)
    made.add(readings((0, 0, 5.0)), NOW)
    made.head = NOW
    other.restore({name: array.copy() for name, array in made.arrays().items()})

    assert other.head == NOW
    assert newest(other, 0).value.tolist() == [5.0]


def test_a_panel_of_another_size_is_refused() -> None:
    """It says which."""
    with pytest.raises(ValueError, match="shape"):
        panel(ARITHMETIC, minutes=10).restore(panel(ARITHMETIC, minutes=20).arrays())


def test_nothing_is_no_trouble() -> None:
    """No stream and no reading."""
    made = panel()
    empty = np.zeros(0)
    made.add(Readings(empty.astype(np.int32), empty.astype(np.int64), empty, empty.astype(np.uint8), empty, empty), NOW)

    assert len(newest(made, 0).value) == 0
    assert made.average(NOW, 60, 45).shape == (0,)


def test_a_cell_takes_seven_bytes() -> None:
    """A day of 100 streams."""
    made = panel(*[ARITHMETIC] * 100)

    assert made.nbytes == 100 * 1440 * 7
