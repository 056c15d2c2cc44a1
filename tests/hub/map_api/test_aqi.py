"""GET /api/aqi: hours and days of the standard, at every breakpoint, with what is missing said."""

import asyncio
import dataclasses
from collections.abc import Sequence
from decimal import Decimal
from itertools import product
from typing import Any

import httpx
import numpy as np
import pytest

from hub.anomaly.air_report import DAY_H, day_of, day_report, hour_report
from hub.anomaly.aqi import POLLUTANTS, iaqi
from hub.hourly import Judged
from hub.map_api.aqi import air_index, aqi_answer
from hub.map_api.live import EMPTY
from hub.model import Station
from hub.store.hours import History
from wire.reading import Flag

INDEX = air_index()
# 2026-06-01 13:00 in Beijing is over.
LAST = 494_500 + (5 - 494_500 - 8) % 24 + 7
CLEAN = {"so2": 10.0, "no2": 20.0, "co": 0.5, "o3": 60.0, "pm10": 30.0, "pm2_5": 12.0}


def hour(**means: float) -> Any:
    """Return the index of an hour of clean air with other means."""
    return hour_report(INDEX, {name: (mean, 60) for name, mean in (CLEAN | means).items()}).air


@pytest.mark.parametrize("column", [c for c in INDEX.column if "1h" in (c.averaging, c.also)], ids=lambda c: c.property)
def test_an_hour_is_the_tables_at_every_breakpoint_and_beside_it(column: Any) -> None:
    """At the point, a step below and above, and half-way between; means are floats as the hub forms them."""
    step = Decimal(1).scaleb(-column.places)
    for point, beside in product(column.points[1:], (-step, -step / 2, Decimal(0), step / 2, step)):
        value = float(np.float32(point + beside))
        (found,) = hour_report(INDEX, {column.property: (value, 45)}).pollutants

        assert found.iaqi == iaqi(INDEX, column.property, "1h", point + beside), (column.property, point, beside)


def test_the_highest_makes_the_index_and_names_the_pollutant() -> None:
    """61 ug/m3 of PM2.5 in an hour is 101 by the column of the day; the class is its own."""
    found = hour(pm2_5=61.0)

    assert (101, ("pm2_5",), "轻度污染") == (found.value, found.primary, found.level.chinese)
    assert (30, ()) == hour()[:2]


def test_forty_four_minutes_are_no_hour() -> None:
    """Of a pollutant without a mean the index says nothing, unless the others are above 100 without it."""
    means = {name: (mean, 60) for name, mean in CLEAN.items()}
    short = hour_report(INDEX, means | {"co": (0.5, 44)})

    assert (None, 44) == next((one.iaqi, one.of) for one in short.pollutants if one.property == "co")
    assert short.air.value is None
    assert 101 == hour_report(INDEX, means | {"co": (0.5, 44), "pm2_5": (61.0, 45)}).air.value


def test_a_day_needs_twenty_hours_and_ozone_eight_that_have_six() -> None:
    """The mean of the day by its own columns; ozone by the highest of its windows within the day."""
    hours = {name: np.full(DAY_H, mean) for name, mean in CLEAN.items()}
    hours["o3"] = np.where(np.arange(DAY_H) >= 12, 170.0, 60.0)
    hours["pm10"] = np.where(np.arange(DAY_H) < 4, np.nan, 130.0)
    found = {one.property: one for one in day_report(INDEX, hours).pollutants}

    assert ("8h", Decimal(170), 17) == (found["o3"].averaging, found["o3"].mean, found["o3"].of)
    assert ("24h", 20, Decimal(130)) == (found["pm10"].averaging, found["pm10"].of, found["pm10"].mean)
    hours["pm10"][4] = np.nan
    assert None is next(one.iaqi for one in day_report(INDEX, hours).pollutants if one.property == "pm10")
    few = day_report(INDEX, {"o3": np.where(np.arange(DAY_H) % 4 < 2, 90.0, np.nan)})
    assert (None, 0) == (few.pollutants[0].iaqi, few.pollutants[0].of)


def test_the_last_day_is_that_of_beijing() -> None:
    """At 13:00 it is yesterday; the hour that ends at midnight ends a day of its own."""
    assert day_of(LAST) % 24 == 16
    assert [day_of(LAST) + 24, day_of(LAST)] == [day_of(day_of(LAST) + 47), day_of(day_of(LAST) + 46)]


def answer(flags: Sequence[int], kind: Any = "reference") -> Any:
    """Return the answer about one station of six devices, whose hours are those of clean air."""
    station = Station("one", kind, "一", "One", 116.5, 39.8, "gw")
    streams = [Judged(row, "one", f"d{row}", name, 116.5, 39.8, 60.0) for row, name in enumerate(POLLUTANTS)]
    first = day_of(LAST)
    count = LAST - first + 1
    means = np.tile(np.array([CLEAN[name] for name in POLLUTANTS], np.float32), (count, 1))
    snapshot = dataclasses.replace(EMPTY, stations=(station,), latest_flag=np.array(flags, np.uint8))
    return aqi_answer(INDEX, snapshot, streams, History(first, means, np.full(means.shape, 60, np.uint8)), LAST)


def test_a_station_says_hour_and_day_with_class_and_standard() -> None:
    """Names and colours are the standard's; a reference station is no screening."""
    said = answer([Flag.GOOD] * 6)
    (station,) = said["stations"]

    assert (True, "HJ 633-2026", 6) == (said["in_force"], said["standard"], len(said["classes"]))
    assert (30, 30, "优", "#00e400") == (
        station["hour"]["aqi"],
        station["day"]["aqi"],
        station["hour"]["level"]["chinese"],
        station["hour"]["level"]["colour"],
    )
    assert not station["screening"]
    assert answer([Flag.GOOD] * 6, "micro_station")["stations"][0]["screening"]


def test_a_device_that_is_doubted_has_no_part() -> None:
    """Then the pollutant is missing, and with it the index."""
    (station,) = answer([Flag.GOOD] * 5 + [Flag.SUSPECT])["stations"]

    assert (["pm2_5"], None) == (station["hour"]["missing"], station["hour"]["aqi"])


def test_the_endpoint_answers_from_the_hours_that_are_kept(hub: Any) -> None:
    """One pollutant at one station: its index, and none of the air; the year is before the standard's."""

    async def play() -> httpx.Response:
        transport = httpx.ASGITransport(app=hub.app())
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", trust_env=False) as client:
            return await client.get("/api/aqi")

    said = asyncio.run(play()).json()
    (station,) = said["stations"]

    assert not said["in_force"]
    assert [["pm10", 80.0, 72]] == [[p["property"], p["mean"], p["iaqi"]] for p in station["hour"]["pollutants"]]
    assert (None, 19) == (station["day"]["aqi"], station["day"]["pollutants"][0]["of"])
