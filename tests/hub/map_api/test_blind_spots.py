"""GET /api/blind_spots: a grid over the zone, and what each figure hangs on."""

import asyncio
import dataclasses
from typing import Any

import httpx
import numpy as np
import pytest
from shapely import box

from hub.map_api import Zone
from hub.map_api.blind_spots import WORDS, View, blind_spots_answer
from hub.map_api.live import EMPTY
from hub.model import MINUTE_MS, Area, Columns, Datastream, Snapshot, Station
from wire.reading import Flag

NOW_MS = 1_380_873_600_000
ZONE = Zone("区", "Zone", (Area("a", "enterprise", "a", "a", (), box(116.49, 39.79, 116.51, 39.81)),))
PLACES = [(x, y) for y in (39.793, 39.8, 39.807) for x in (116.493, 116.5, 116.507)]


def snapshot(wind: float = 2.0, flag: Flag = Flag.GOOD, late_ms: int = 0) -> Snapshot:
    """Return nine stations on a square, the middle one as it is said, a wind from the west, and a vehicle."""
    stations = [Station(f"s{i}", "micro_station", "", "", x, y, "gw") for i, (x, y) in enumerate(PLACES)]
    stations.append(Station("car", "vehicle", "", "", float("nan"), float("nan"), "gw"))
    listed = [(s.id, "pm2_5") for s in stations] + [("s0", "wind_speed"), ("s0", "wind_direction")]
    streams = [Datastream(f"{s}/d/{p}", row, s, f"{s}-d", p, "ug/m3", 60.0) for row, (s, p) in enumerate(listed)]
    n, middle = len(streams), np.arange(len(streams)) == 4
    return dataclasses.replace(
        EMPTY,
        minute_ms=NOW_MS,
        stations=tuple(stations),
        datastreams=tuple(streams),
        latest_value=np.array([30.0] * (n - 2) + [wind, 270.0]),
        latest_ms=np.where(middle, NOW_MS - late_ms, NOW_MS),
        latest_flag=np.where(middle, flag, Flag.GOOD).astype(np.uint8),
        noticed=np.full(n, 35.0),
    )


def passes(age_min: float) -> Columns:
    """Return one place of the vehicle, east of everything, so long ago."""
    time_ms = np.array([NOW_MS - int(age_min * MINUTE_MS)])
    at = np.array([116.5145]), np.array([39.8035])
    return Columns(np.array([9], np.int32), time_ms, np.array([30.0]), np.ones(1, np.uint8), *at)


_NONE = np.zeros(0)
NOBODY = Columns(_NONE.astype(np.int32), _NONE.astype(np.int64), _NONE, _NONE.astype(np.uint8), _NONE, _NONE)


def told(seen: Snapshot, met: Columns = NOBODY) -> list[dict[str, Any]]:
    """Return the properties of all cells."""
    return [dict(one["properties"]) for one in blind_spots_answer(ZONE, View(seen, "pm2_5", met))["features"]]


def test_cells_upwind_of_stations_are_seen_and_the_rim_downwind_is_blind() -> None:
    """Squares of 250 m over the areas and half a kilometre around; each reason has words in both languages."""
    said = blind_spots_answer(ZONE, View(snapshot(), "pm2_5", NOBODY))

    assert (250.0, 2.0, 270.0, 0.8) == (
        said["cell_m"],
        said["wind_speed_m_s"],
        said["wind_direction_deg"],
        said["probability"],
    )
    assert set(said["words"]) == set(WORDS)
    assert {"no_station"} == {
        one["properties"]["reason"]
        for one in said["features"]
        if one["geometry"]["coordinates"][0][0][0] > 116.511 and one["properties"]["strength_g_s"] is None
    }
    assert {5} == {len(one["geometry"]["coordinates"][0]) for one in said["features"]}


@pytest.mark.parametrize(
    ("reason", "seen"),
    [("silent", snapshot(late_ms=3_600_000)), ("doubted", snapshot(flag=Flag.SUSPECT))],
)
def test_a_station_that_does_not_see_is_named_where_it_matters(reason: str, seen: Snapshot) -> None:
    """Its neighbours do not make up for it upwind of where it stands."""
    named = {(one["reason"], one["station"]) for one in told(seen) if one["station"]}

    assert {(reason, "s4")} == named
    assert sum(one["strength_g_s"] or 99 for one in told(seen)) > sum(
        one["strength_g_s"] or 99 for one in told(snapshot())
    )


def test_a_vehicle_that_has_just_passed_opens_what_was_blind() -> None:
    """Eastward of all stations; an hour later it is the reason that nothing is seen there."""
    blind, fresh, old = (told(snapshot(), met) for met in (NOBODY, passes(1), passes(60)))

    assert sum(one["strength_g_s"] is None for one in fresh) < sum(one["strength_g_s"] is None for one in blind)
    assert "old_pass" in {one["reason"] for one in old}


def test_in_calm_air_the_reason_is_the_calm() -> None:
    """And nothing has a direction."""
    assert {"calm"} == {one["reason"] for one in told(snapshot(wind=0.1))}


def asked(hub: Any, query: str) -> httpx.Response:
    """Return the interface's answer."""

    async def play() -> httpx.Response:
        transport = httpx.ASGITransport(app=hub.app())
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", trust_env=False) as client:
            return await client.get("/api/blind_spots", params=query)

    return asyncio.run(play())


def test_the_endpoint_answers_for_pollutants_only(hub: Any) -> None:
    """A hub that knows no wind says so; a temperature has no source."""
    said = asked(hub, "property=pm10").json()

    assert (None, "FeatureCollection") == (said["wind_speed_m_s"], said["type"])
    assert all(one["properties"]["strength_g_s"] is None for one in said["features"])
    assert 404 == asked(hub, "property=temperature").status_code
