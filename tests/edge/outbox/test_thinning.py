"""Minute means: each property in the domain in which it averages, and every reading accounted for."""

import cmath
import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.outbox.tail import Row, columns_of
from edge.outbox.thinning import thin
from wire.batch import ReadingsBody, encode_body, read_readings
from wire.reading import Flag

pytestmark = pytest.mark.component

MINUTE = 60_000
AVERAGING = {0: "arithmetic", 1: "energy", 2: "vector"}
NOWHERE = (math.nan, math.nan)


def body(rows: list[Row]) -> bytes:
    """Return the block that rows make."""
    cut = columns_of(rows)
    return encode_body(ReadingsBody(bytes(16), 1, cut.origin_ms, cut.columns))


def thinned(rows: list[Row], offset_ms: int = 0) -> list[tuple[int, int, float, int, int]]:
    """Return (stream, monotonic ms, value, flag, readings merged) of each row after thinning."""
    block = read_readings(thin(body(rows), AVERAGING, offset_ms).body)  # type: ignore[arg-type]  # literals
    columns = block.columns
    times = (block.origin_ms + offset for offset in memoryview(columns.offset_ms).cast("I"))
    streams, values = memoryview(columns.stream).cast("H"), memoryview(columns.value).cast("d")
    return list(zip(streams, times, values, columns.flag, memoryview(columns.merged).cast("H"), strict=True))


def row(stream: int, at_ms: int, value: float, flag: Flag = Flag.UNKNOWN) -> Row:
    """Return a reading of a fixed station."""
    return Row(stream, at_ms, value, flag, *NOWHERE)


LEVELS = st.lists(st.floats(20, 120).map(lambda value: round(value, 1)), min_size=2, max_size=30)


@given(LEVELS)
def test_concentrations_are_averaged_as_they_are(values: list[float]) -> None:
    """The arithmetic mean, to six digits."""
    [(_, _, mean, _, merged)] = thinned([row(0, at, value) for at, value in enumerate(values)])

    assert mean == pytest.approx(statistics.fmean(values), rel=1e-5)
    assert merged == len(values)


@given(LEVELS)
def test_sound_levels_are_averaged_by_their_power(values: list[float]) -> None:
    """The level of the mean power: what an integrating sound level meter shows."""
    [(_, _, mean, _, _)] = thinned([row(1, at, value) for at, value in enumerate(values)])

    assert 10 ** (mean / 10) == pytest.approx(statistics.fmean(10 ** (value / 10) for value in values), rel=1e-3)


@given(st.lists(st.integers(-40, 40), min_size=2, max_size=30))
def test_wind_is_averaged_as_a_direction(turns: list[int]) -> None:
    """Around north, too, where 350 and 10 degrees are 0, not 180."""
    values = [float(turn % 360) for turn in turns]
    [(_, _, mean, _, _)] = thinned([row(2, at, value) for at, value in enumerate(values)])
    expected = sum(cmath.rect(1, math.radians(value)) for value in values)

    assert abs(cmath.phase(cmath.rect(1, math.radians(mean)) / expected)) < 1e-3


def test_worst_flag_is_kept_and_what_is_missing_has_no_part() -> None:
    """A mean is as doubtful as its worst reading; a reading that is no value is no zero; an infinite one is none."""
    rows = [
        row(0, 0, 10.0, Flag.GOOD),
        row(0, 10, math.nan, Flag.MISSING),
        row(0, 20, 20.0, Flag.SUSPECT),
        row(0, 30, math.inf, Flag.UNKNOWN),
    ]

    assert thinned(rows) == [(0, 10, 15.0, Flag.SUSPECT, 4)]


def test_minute_in_which_all_is_missing_says_so() -> None:
    """Once, and for how many readings."""
    [(_, _, value, flag, merged)] = thinned([row(0, at, math.nan, Flag.MISSING) for at in range(3)])

    assert math.isnan(value)
    assert (flag, merged) == (Flag.MISSING, 3)


def test_minutes_are_those_of_the_clock_and_a_lone_reading_stays_as_it_is() -> None:
    """The offset of the boot puts the border where UTC has it; datastreams do not mix."""
    rows = [row(0, 10_000, 1.0), row(1, 11_000, 50.5), row(0, 20_000, 3.0), row(0, 45_000, 7.25)]

    assert thinned(rows, offset_ms=30_000) == [
        (0, 15_000, 2.0, 2, 2),
        (1, 11_000, 50.5, 2, 1),
        (0, 45_000, 7.25, 2, 1),
    ]


def test_position_of_a_mean_is_the_mean_position() -> None:
    """A vehicle's minute lies where it drove."""
    rows = [Row(0, 0, 1.0, 2, 116.5, 39.8), Row(0, 1000, 3.0, 2, 116.7, 39.6), Row(0, 70_000, 3.0, 2, 116.7, 39.6)]
    columns = read_readings(thin(body(rows), {}, 0).body).columns

    assert memoryview(columns.longitude).cast("d").tolist() == [116.6, 116.7]
    assert memoryview(columns.latitude).cast("d").tolist() == [39.7, 39.6]


@given(st.lists(st.builds(row, st.integers(0, 2), st.integers(0, 5 * MINUTE), st.floats(0, 100)), min_size=1))
def test_every_reading_is_accounted_for(rows: list[Row]) -> None:
    """What the rows stand for adds up to what there was, in the same minutes; only what is merged is counted so."""
    after = thinned(rows)
    minutes = {(each.stream, each.monotonic_ms // MINUTE) for each in rows}

    assert sum(merged for *_, merged in after) == len(rows)
    assert sorted((stream, at // MINUTE) for stream, at, *_ in after) == sorted(minutes)
    assert thin(body(rows), {}, 0).merged == sum(merged for *_, merged in after if merged > 1)
