"""The standards' tables against public vectors."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from hub.anomaly.standard import AirStandard, NoiseStandard, NoSuchLimit, default_standards, read_standard
from hub.errors import ConfigError

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[2] / "vectors" / "aqi_hj633_2026.json").read_text("utf-8"))
LIMITS = VECTORS["public_limit_vectors"]
NAMES = {"SO2": "so2", "NO2": "no2", "CO": "co", "O3": "o3", "PM10": "pm10", "PM2.5": "pm2_5"}
STEPS = (date(2026, 3, 1), date(2030, 12, 31)), (date(2031, 1, 1), date(2099, 1, 1))
PERIODS = {"24h": "day", "annual": "year"}


@pytest.fixture(scope="module", name="air")
def gb3095() -> AirStandard:
    """Return GB 3095-2026."""
    found = default_standards()["GB 3095-2026"]
    assert isinstance(found, AirStandard)
    return found


@pytest.mark.parametrize("row", LIMITS["rows"], ids=lambda row: f"{row[0]}-{row[1]}")
def test_limits_are_the_published_ones_in_both_steps(air: AirStandard, row: list[Any]) -> None:
    """Both grades, on the first and the last day of each step."""
    name, period, *steps = row
    for grades, days in zip(steps, STEPS, strict=True):
        for day in days:
            found = [air.at(NAMES[name], PERIODS.get(period, period), grade, day) for grade in (1, 2)]
            assert grades == found


def test_the_main_table_has_no_limit_that_the_vectors_have_not(air: AirStandard) -> None:
    """Thirteen pairs of property and averaging period."""
    mine = {(cell.property, cell.averaging) for cell in air.limit if cell.table == 1}

    assert {(NAMES[row[0]], PERIODS.get(row[1], row[1])) for row in LIMITS["rows"]} == mine


@pytest.mark.parametrize(
    ("name", "averaging"), [("pm2_5", "1h"), ("pm10", "1h"), ("o3", "8h"), ("o3", "day"), ("pm10", "month")]
)
def test_what_the_standard_does_not_limit_is_refused(air: AirStandard, name: str, averaging: str) -> None:
    """No hour of particulates; of ozone's 8 hours only the day's highest."""
    with pytest.raises(NoSuchLimit):
        air.at(name, averaging, 2, date(2026, 6, 1))


def test_nothing_holds_before_the_standard_is_in_force(air: AirStandard) -> None:
    """Nor is there a third grade."""
    with pytest.raises(NoSuchLimit, match="2026-02-28"):
        air.at("pm2_5", "day", 2, date(2026, 2, 28))
    with pytest.raises(NoSuchLimit, match="grades"):
        air.at("pm2_5", "day", 3, date(2026, 6, 1))


def test_limits_that_need_a_decision_say_so(air: AirStandard) -> None:
    """Those of table 2: nitrogen oxides and suspended particles."""
    assert {"nox", "tsp"} == {cell.property for cell in air.limit if cell.by_decision}
    assert all(cell.by_decision == (cell.table == 2) for cell in air.limit)


def test_every_limit_says_what_its_mean_needs(air: AirStandard) -> None:
    """Table 4: 45 minutes, 6 of 8 hours, 20 of 24 hours (24 for suspended particles), 324 days of a year."""
    needs = [air.needs(cell.property, cell.averaging) for cell in air.limit]

    assert all(need.minutes or need.hours or need.days for need in needs)
    assert (45, 6, 20) == (
        air.needs("no2", "1h").minutes,
        air.needs("o3", "daily_max_8h").hours,
        air.needs("pm10", "day").hours,
    )
    assert (24, 324) == (air.needs("tsp", "day").hours, air.needs("pm2_5", "year").days)
    with pytest.raises(NoSuchLimit, match="does not say"):
        air.needs("pm10", "1h")


@pytest.mark.parametrize(
    ("standard", "classes"),
    [
        ("GB 3096-2008", {"0": (50, 40), "1": (55, 45), "2": (60, 50), "3": (65, 55), "4a": (70, 55), "4b": (70, 60)}),
        ("GB 12348-2008", {"0": (50, 40), "1": (55, 45), "2": (60, 50), "3": (65, 55), "4": (70, 55)}),
    ],
)
def test_noise_has_limits_by_class_day_and_night(standard: str, classes: dict[str, tuple[float, float]]) -> None:
    """Of places, and at the fences of enterprises."""
    noise = default_standards()[standard]

    assert isinstance(noise, NoiseStandard)
    assert classes == {zone.name: (zone.day, zone.night) for zone in noise.zone}
    with pytest.raises(NoSuchLimit, match="no class '5'"):
        noise.of("5")


def test_every_standard_is_cited() -> None:
    """Number, version, jurisdiction, source, confidence."""
    for number, one in default_standards().items():
        assert number in one.source
        assert one.version
        assert one.jurisdiction == "CN"
        assert one.confidence in "AB"


def test_a_table_that_is_none_is_refused_by_name() -> None:
    """Unknown kinds and keys, too."""
    for text in ("[[", 'kind = "water"', 'kind = "noise"\nstandard = "x"'):
        with pytest.raises(ConfigError, match=r"x\.toml"):
            read_standard("x.toml", text)
