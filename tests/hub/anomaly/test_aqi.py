"""The air quality index against the standard's table, public vectors, and the formula in fractions."""

import json
import math
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.anomaly.aqi import POLLUTANTS, aqi, iaqi, rounded
from hub.anomaly.standard import AirIndex, Column, NoSuchLimit, default_standards

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[2] / "vectors" / "aqi_hj633_2026.json").read_text("utf-8"))
NAMES = {"SO2": "so2", "NO2": "no2", "CO": "co", "O3": "o3", "PM10": "pm10", "PM25": "pm2_5", "PM2.5": "pm2_5"}
TABLE = VECTORS["table3_hj633_2026"]


@pytest.fixture(scope="module", name="index")
def hj633() -> AirIndex:
    """Return the index that comes with the program."""
    found = default_standards()["HJ 633-2026"]
    assert isinstance(found, AirIndex)
    return found


def test_the_table_is_the_published_one(index: AirIndex) -> None:
    """Every breakpoint of every column, and nothing else."""
    mine = {
        (column.property, column.averaging.upper()): [Decimal(point) for point in column.points]
        for column in index.column
    }
    published = {
        (NAMES[name.split("_")[0]], name.split("_")[1]): [Decimal(point) for point in points]
        for name, points in TABLE["breakpoints"].items()
    }

    assert published == mine
    assert tuple(TABLE["IAQI"]) == index.iaqi


@pytest.mark.parametrize("row", VECTORS["public_iaqi_vectors"]["rows"])
def test_public_vectors_hold(index: AirIndex, row: list[Any]) -> None:
    """Those of a third party's tests; the daily highest 8 h of ozone is its 8 h column."""
    name, period, value, expected = row
    averaging = "8h" if period == "daily_max_8h" else period

    assert expected == iaqi(index, NAMES[name], averaging, Decimal(str(value)))


def by_formula(index: AirIndex, column: Column, value: Decimal) -> int:
    """Return the index of a rounded value by the standard's formula in fractions, the first segment that holds it."""
    for low, high, below, above in zip(
        column.points, column.points[1:], index.iaqi, index.iaqi[1 : len(column.points)], strict=False
    ):
        if low <= value <= high:
            return math.ceil(Fraction(above - below) * Fraction(value - low) / Fraction(high - low) + below)
    return index.iaqi[len(column.points) - 1]


def test_every_breakpoint_and_its_neighbours_are_the_tables(index: AirIndex) -> None:
    """At the point its index, one step below at most that, one step above the next whole number or more."""
    for column in index.column:
        step = Decimal(1).scaleb(-column.places)
        for at, point in enumerate(column.points):
            here = iaqi(index, column.property, column.averaging, point)
            assert index.iaqi[at] == here, (column, point)
            for value in (point - step, point + step):
                if value >= 0:
                    assert by_formula(index, column, value) == iaqi(index, column.property, column.averaging, value)
            last = at == len(column.points) - 1
            assert (here if last else here + 1) <= iaqi(index, column.property, column.averaging, point + step)


def test_halves_go_to_the_even_digit_before_anything_else(index: AirIndex) -> None:
    """At every breakpoint of whole numbers: half a step above an even one is it, above an odd one is the next."""
    for column in index.column:
        half = Decimal(1).scaleb(-column.places) / 2
        for point in column.points[:-1]:
            even = int(point.scaleb(column.places)) % 2 == 0
            expected = by_formula(index, column, point if even else point + 2 * half)
            assert expected == iaqi(index, column.property, column.averaging, point + half), (column, point)
    assert [Decimal(0), Decimal(2), Decimal(2)] == [rounded(Decimal(x), 0) for x in ("0.5", "1.5", "2.5")]
    assert Decimal("0.2") == rounded(Decimal("0.25"), 1)


@given(st.data())
def test_any_concentration_follows_the_formula(data: st.DataObject) -> None:
    """Tenths and hundredths, from zero to beyond the table; never falling."""
    index = default_standards()["HJ 633-2026"]
    assert isinstance(index, AirIndex)
    column = data.draw(st.sampled_from(index.column))
    value = data.draw(st.decimals(0, column.points[-1] * 2, places=2))
    found = iaqi(index, column.property, column.averaging, value)

    assert by_formula(index, column, rounded(value, column.places)) == found
    assert found <= iaqi(index, column.property, column.averaging, value + 1)


def test_known_traps_of_other_programs_are_not_ours(index: AirIndex) -> None:
    """Hourly points for the day's SO2, floats before the next whole number, no rounding first."""
    assert 55 == iaqi(index, "so2", "24h", Decimal(60))
    assert 55 == iaqi(index, "co", "24h", Decimal("2.2"))
    assert 100 == iaqi(index, "pm2_5", "1h", Decimal("60.5"))


def test_columns_that_end_early_end_at_their_own_index(index: AirIndex) -> None:
    """SO2 of an hour at 200, ozone of 8 hours at 300, the others at 500."""
    beyond = Decimal(100_000)

    assert (200, 300) == (iaqi(index, "so2", "1h", beyond), iaqi(index, "o3", "8h", beyond))
    assert {500} == {iaqi(index, name, "24h", beyond) for name in POLLUTANTS if name != "o3"}


@pytest.mark.parametrize(("name", "averaging"), [("nox", "1h"), ("o3", "24h"), ("co", "8h"), ("pm10", "")])
def test_what_has_no_index_is_refused(index: AirIndex, name: str, averaging: str) -> None:
    """Nitrogen oxides have none; ozone has none of a day."""
    with pytest.raises(NoSuchLimit):
        iaqi(index, name, averaging, Decimal(1))


def test_what_is_no_number_is_refused(index: AirIndex) -> None:
    """A missing value is missing, not an index."""
    with pytest.raises(ValueError, match="no concentration"):
        iaqi(index, "pm10", "24h", Decimal("nan"))
    assert 0 == iaqi(index, "pm10", "24h", Decimal("-0.4"))


CLEAN = dict.fromkeys(POLLUTANTS, 20)


def test_the_highest_index_is_that_of_the_air(index: AirIndex) -> None:
    """Named with all that share it, above 50."""
    found = aqi(index, CLEAN | {"o3": 120, "pm10": 120})

    assert (120, ("o3", "pm10"), "轻度污染") == (found.value, found.primary, found.level and found.level.chinese)
    assert (50, ()) == aqi(index, CLEAN | {"o3": 50})[:2]
    assert (51, ("o3",)) == aqi(index, CLEAN | {"o3": 51})[:2]


@pytest.mark.parametrize(("highest", "value"), [(100, None), (101, 101)])
def test_with_a_pollutant_missing_only_more_than_100_stands(index: AirIndex, highest: int, value: int | None) -> None:
    """Otherwise the missing one might have been the highest."""
    assert value == aqi(index, CLEAN | {"pm10": highest, "co": None}).value
    assert value == aqi(index, {"pm10": highest}).value


def test_each_value_has_its_level_and_colour(index: AirIndex) -> None:
    """Six levels, from each first value to its last."""
    limits = [0, 50, 51, 100, 101, 150, 151, 200, 201, 300, 301, 500]
    levels = [aqi(index, CLEAN | {"o3": v, **dict.fromkeys(POLLUTANTS, v)}).level for v in limits]

    assert ["#00e400", "#ffff00", "#ff7e00", "#ff0000", "#99004c", "#7e0023"] == [x.colour for x in levels[::2] if x]
    assert levels[::2] == levels[1::2]
