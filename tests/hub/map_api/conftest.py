"""A small zone with everything on the map: an area, a station of each kind of place, readings, a lead and a ticket."""

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from shapely import box

from hub.checks import Alarm, Calibration, Checks, StandingFault
from hub.hourly import HOUR_MS, Hour, Judged
from hub.map_api import LiveView, Site, Sources, Zone, create_app
from hub.map_api.aqi import aqi_router
from hub.map_api.blind_spots import blind_spots_router
from hub.map_api.checks import checks_router
from hub.map_api.feedback import feedback_router
from hub.map_api.replays import replay_router
from hub.map_api.routes import Desk, router
from hub.model import (
    Anomaly,
    Area,
    AreaStatus,
    Cause,
    Columns,
    Datastream,
    Freshness,
    LeadOpening,
    Level,
    Snapshot,
    Station,
    TicketOpening,
)
from hub.registry import Registry
from hub.replay.orders import OrderBook
from hub.store import DuckStore
from hub.store.hours import HOURS, HourReader, HourStore
from wire.clock import Clock, ScaledClock

NOW_MS = 1_380_873_600_000
MINUTE_MS = 60_000
CAUSE = Cause("pm10", "local_excess")
SEEN = Anomaly(
    NOW_MS,
    "micro-1",
    "micro-1/micro-1-pm/pm10",
    "site-1",
    CAUSE,
    Level.RED,
    412.0,
    80.0,
    150.0,
    "local_excess/1",
    116.5,
    39.8,
)
STATIONS = (
    Station("micro-1", "micro_station", "微站一", "Micro 1", 116.5, 39.8, "gw-east"),
    Station("patrol-1", "vehicle", "巡查车一", "Patrol 1", math.nan, math.nan, "gw-patrol"),
    Station("patrol-2", "vehicle", "巡查车二", "Patrol 2", math.nan, math.nan, "gw-patrol"),
)
STREAMS = (
    Datastream("micro-1/micro-1-pm/pm10", 0, "micro-1", "micro-1-pm", "pm10", "ug/m3", 60.0),
    Datastream("micro-1/micro-1-aqt/no2", 1, "micro-1", "micro-1-aqt", "no2", "ppb", 60.0),
    Datastream("patrol-1/patrol-1-air/nox", 2, "patrol-1", "patrol-1-air", "nox", "ug/m3", 10.0),
    Datastream("micro-1/micro-1-aqt/pm10", 3, "micro-1", "micro-1-aqt", "pm10", "ug/m3", 60.0),
)
AREAS = (
    Area("site-1", "construction_site", "工地一", "Site 1", ("d-1", "d-2"), box(116.49, 39.79, 116.51, 39.81)),
    Area("road-1", "road", "一路", "Road 1", ("d-1",), box(116.40, 39.70, 116.60, 39.71)),
)
DISTRICTS = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "id": "d-1",
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[116.3, 39.6], [116.7, 39.6], [116.7, 39.9], [116.3, 39.6]]],
            },
            "properties": {"id": "d-1", "name": "一区", "name_en": "First"},
        }
    ],
}
ZONE = Zone("开发区", "Zone", AREAS, DISTRICTS)
SNAPSHOT = Snapshot(
    minute_ms=NOW_MS,
    statuses={"site-1": AreaStatus("site-1", Level.RED, Freshness.FRESH, NOW_MS, (SEEN,))},
    stations=STATIONS,
    datastreams=STREAMS,
    latest_value=np.array([412.0, np.nan, 33.0, 400.0]),
    latest_ms=np.array([NOW_MS, NOW_MS - 5, NOW_MS, NOW_MS - MINUTE_MS]),
    latest_flag=np.array([1, 9, 1, 1], np.uint8),
    latest_longitude=np.array([np.nan, np.nan, 116.51, np.nan]),
    latest_latitude=np.array([np.nan, np.nan, 39.81, np.nan]),
    checks=Checks(
        Calibration("ab" * 32, NOW_MS - 864_000_000, NOW_MS - 10**10, NOW_MS - 864_000_000, 0.1, {"pm10": 0.09}),
        (StandingFault("micro-1", "micro-1-pm", "pm10", "drift", NOW_MS),),
    ),
)


@dataclass(frozen=True, slots=True)
class Hub:
    """What stands behind the interface."""

    live: LiveView
    registry: Registry
    store: DuckStore
    clock: Clock
    hours: HourReader
    orders: OrderBook

    def sources(self) -> Sources:
        """Return where the interface reads from."""
        return Sources(ZONE, self.live, self.registry, self.clock, self.hours, self.orders)

    def app(self, **site: Any) -> FastAPI:
        """Return the application over this hub."""
        return create_app(self.sources(), self.store, site=Site(**site))

    def described(self) -> list[APIRoute]:
        """Return the endpoints of the interface's description."""
        routers = (checks_router, aqi_router, feedback_router, replay_router)
        routes = [
            *router(Desk(self.sources(), self.store)).routes,
            *(route for one in routers for route in one(self.sources()).routes),
            *blind_spots_router(self.sources(), self.store).routes,
        ]
        return [route for route in routes if isinstance(route, APIRoute) and route.include_in_schema]


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """Return a hub that has judged one minute, for reading only: opening all that is what takes the time."""
    directory = tmp_path_factory.mktemp("hub")
    live, store = LiveView(), DuckStore(directory / "hot.duckdb")
    _fill_store(store)
    live.publish(SNAPSHOT)
    with Registry.open(directory / "registry.sqlite", ("duty",)) as registry:
        _fill_registry(registry)
        orders = OrderBook(directory / "hub.toml", directory)
        (directory / "replays" / "000001").mkdir(parents=True)
        (directory / "replays" / "000001" / "wanted.json").write_bytes(b'[{"more.toml": ""}, 90.0, null]')
        yield Hub(live, registry, store, ScaledClock(NOW_MS + 90_000, 0, 1e-9), _hours(directory), orders)
    live.close()
    store.close()


@pytest.fixture
def own_hub(hub: Hub, tmp_path: Path) -> Iterator[Hub]:
    """Return the same with a live view and a registry that the test may change."""
    live = LiveView()
    live.publish(SNAPSHOT)
    with Registry.open(tmp_path / "registry.sqlite") as registry:
        _fill_registry(registry)
        yield dataclasses.replace(hub, live=live, registry=registry)
    live.close()


@pytest.fixture(scope="session")
def app(hub: Hub) -> FastAPI:
    """Return the application over the hub that is only read."""
    return hub.app()


def _fill_store(store: DuckStore) -> None:
    store.datastreams(STREAMS)
    store.insert(
        Columns(
            np.array([0, 0, 3, 1, 1, 2, 2, 2], np.int32),
            np.array([0, 120_000, 60_000, 0, 60_000, 0, 60_000, 60_000], np.int64) + NOW_MS - 600_000,
            np.array([100.0, 300.0, 200.0, 10.0, np.nan, 1.0, 2.0, 3.0]),
            np.array([1, 1, 1, 1, 9, 1, 1, 1], np.uint8),
            np.array([np.nan] * 5 + [116.50, 116.51, 116.51]),
            np.array([np.nan] * 5 + [39.80, 39.81, 39.81]),
        ),
        1,
    )


def _hours(directory: Path) -> HourReader:
    """Return the last 36 hours of one stream; its drift was announced in the newest."""
    store, last = HourStore(directory / HOURS), NOW_MS // HOUR_MS
    streams = (Judged(0, "micro-1", "micro-1-pm", "pm10", 116.5, 39.8, 60.0),)
    for hour in range(last - 35, last + 1):
        alarms = [Alarm(hour, 0, "drift", 80.0, 60.0, 80.0, 60.0, 1.5, 1.25)] if hour == last else []
        store.keep(Hour(hour, np.array([80.0], np.float32), np.array([60], np.uint8)), streams, alarms, 1)
    store.close()
    return HourReader(directory / HOURS)


def _fill_registry(registry: Registry) -> None:
    registry.open_lead(LeadOpening("site-1", CAUSE, NOW_MS, NOW_MS + 90_000, False, (SEEN,), "扬尘", "Dust"))  # noqa: FBT003
    registry.open_ticket(
        TicketOpening("micro-2/micro-2-pm/pm10", "flat_line", NOW_MS, NOW_MS + 90_000, "卡死", "Stuck")
    )
    registry.record_levels(list(SNAPSHOT.statuses.values()), NOW_MS + 90_000)
