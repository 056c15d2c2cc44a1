"""The record: what is shipped, how gaps are filled, how the wind carries."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim import cut
from firmware_sim.draw import gaussian, seed_of, uniform
from firmware_sim.plane import Point
from firmware_sim.plume import Source, Wind
from firmware_sim.recorded import HOUR_MS, RecordedAir, without_gaps
from firmware_sim.scenes import SCENE_HOURS, SCENES, scene_start_ms
from firmware_sim.zone import REFERENCE_PROPERTIES

HISTORY_HOURS = 72
PUFF = Source(Point(0, 0), 200.0, 20.0, {"pm10": 1_000.0}, 60_000, 120_000)


def test_every_station_has_every_property_for_every_hour(air: RecordedAir) -> None:
    """12 stations, four pollutants, the wind as speed and as vector, no hole."""
    names = {*REFERENCE_PROPERTIES[:5], "wind_east", "wind_north"}

    assert {(s, n) for s in air.stations() for n in names} == set(air.series)
    assert {len(series) for series in air.series.values()} == {air.hours}
    assert len(air.stations()) == 12


@pytest.mark.parametrize("scene", SCENES)
def test_three_days_lie_before_each_scene(air: RecordedAir, scene: str) -> None:
    """And the scene itself lies inside the record."""
    start_ms = scene_start_ms(scene)

    assert air.start_ms <= start_ms - HISTORY_HOURS * HOUR_MS
    assert start_ms + SCENE_HOURS * HOUR_MS <= air.start_ms + (air.hours - 1) * HOUR_MS


def test_values_are_linear_between_the_hours(air: RecordedAir) -> None:
    """At the whole hour exactly what was recorded; half an hour later the mean of two."""
    first, second = air.series["Tiantan", "pm2_5"][:2]

    assert air.at("Tiantan", "pm2_5", air.start_ms) == first
    assert air.at("Tiantan", "pm2_5", air.start_ms + HOUR_MS // 2) == pytest.approx((first + second) / 2)


def test_the_record_repeats_itself_beyond_its_span(air: RecordedAir) -> None:
    """A field that runs in real time has air for ever."""
    span_ms = (air.hours - 1) * HOUR_MS

    assert air.at("Dongsi", "o3", air.start_ms + 7 * span_ms + HOUR_MS) == air.series["Dongsi", "o3"][1]


def test_the_slice_is_cut_in_order_with_gaps_left_empty(tmp_path: Path) -> None:
    """Rows outside the days go, NA becomes empty, stations of one hour stand together."""
    head = "No,year,month,day,hour,PM2.5,PM10,NO2,O3,wd,WSPM,station\n"
    for name, rows in (
        ("B", "1,2015,1,6,0,9,NA,3,4,NW,2.5,B\n2,2015,3,1,0,9,9,9,9,N,1,B\n"),
        ("A", "1,2015,1,6,0,1,2,3,4,N,1,A\n"),
    ):
        (tmp_path / f"PRSA_Data_{name}_x.csv").write_text(head + rows)

    assert cut.rows(tmp_path) == [
        ["2015-01-06T00", "A", "1", "2", "3", "4", "1", "N"],
        ["2015-01-06T00", "B", "9", "", "3", "4", "2.5", "NW"],
    ]


def test_gaps_are_filled_between_their_neighbours() -> None:
    """Linear inside, held at the ends."""
    assert without_gaps([None, 2.0, None, None, 8.0, None]) == [2.0, 2.0, 4.0, 6.0, 8.0, 8.0]


def test_a_series_without_any_value_is_refused() -> None:
    """There is nothing to fill with."""
    with pytest.raises(ValueError, match="without any value"):
        without_gaps([None, None])


def test_the_plume_goes_where_the_wind_goes() -> None:
    """Wind from the west: more in the east than in the west, and nothing far across."""
    wind = Wind(-2.0, 0.0)
    east, west, north = (PUFF.excess("pm10", Point(*p), wind, 60_000) for p in ((900, 0), (-900, 0), (0, 900)))

    assert wind.direction_deg == 270.0
    assert east > 100
    assert west < 1
    assert north < 1


@pytest.mark.parametrize(
    ("time_ms", "expected"), [(59_999, 0.0), (60_000, 1_000.0), (119_999, 1_000.0), (120_000, 0.0)]
)
def test_a_source_starts_and_ends_sharply(time_ms: int, expected: float) -> None:
    """From its onset to before its end, in full."""
    assert PUFF.excess("pm10", Point(0, 0), Wind(0.0, 2.0), time_ms) == expected


@given(east=st.floats(-5e3, 5e3), north=st.floats(-5e3, 5e3), speed=st.floats(0, 20), angle=st.floats(0, math.tau))
def test_no_place_gets_more_than_the_source_has(east: float, north: float, speed: float, angle: float) -> None:
    """Between nothing and 1.25 times the strength, in any wind and in none."""
    wind = Wind(speed * math.cos(angle), speed * math.sin(angle))

    assert 0 <= PUFF.excess("pm10", Point(east, north), wind, 60_000) <= 1_250
    assert PUFF.excess("o3", Point(east, north), wind, 60_000) == 0


def test_chance_is_fair_and_has_no_tails() -> None:
    """Mean 0, deviation 1, nothing beyond 3.5; uniform numbers fill their interval."""
    seed = seed_of("a", 1)
    drawn = [gaussian(seed, n) for n in range(10_000)]
    flat = [uniform(seed, n) for n in range(10_000)]

    assert sum(drawn) / len(drawn) == pytest.approx(0, abs=0.03)
    assert sum(x * x for x in drawn) / len(drawn) == pytest.approx(1, abs=0.03)
    assert max(map(abs, drawn)) < 3.5
    assert min(flat) == pytest.approx(0, abs=1e-3)
    assert max(flat) == pytest.approx(1, abs=1e-3)
