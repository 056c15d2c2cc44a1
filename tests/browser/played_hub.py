"""The hub's real interface and page over a played scene, with no judge behind: for the page's tests and makers.

Run `python tests/browser/played_hub.py DIRECTORY PORT` from the root of the tree, then type a scene's name.
"""

import asyncio
import math
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import uvicorn
from shapely.geometry import shape

from firmware_sim.zone import Zone as Field
from firmware_sim.zone import build_zone
from hub.map_api import LiveView, Sources, Zone, create_app
from hub.model import (
    Anomaly,
    Area,
    AreaStatus,
    Basis,
    Cause,
    Columns,
    Datastream,
    Freshness,
    LeadOpening,
    Level,
    Snapshot,
    Station,
    StationKind,
    TicketOpening,
)
from hub.reasons import Candidate, Explanation, Neighbour, Past, Settle
from hub.registry import Registry
from hub.replay.orders import OrderBook
from hub.store.hours import HourReader
from wire.clock import Clock, ScaledClock

START_MS = 1_380_873_600_000  # 2013-10-04 16:00 in Beijing
SPEED = 10.0
MINUTE_MS = 60_000
SINCE_MS = START_MS - 35 * MINUTE_MS
SCENES = ("calm", "haze", "dust", "after", "grey")
DUST_AREA, DUST_STATION, STUCK_STATION = "site-01", "micro-045", "micro-072"
TYPICAL = {"pm2_5": 38.0, "pm10": 71.0, "no2": 31.0, "nox": 44.0, "o3": 62.0, "temperature": 22.0, "humidity": 41.0,
           "noise": 54.0, "wind_speed": 2.4, "wind_direction": 315.0}  # fmt: skip
UNITS = {"temperature": "degC", "humidity": "%", "noise": "dB(A)", "wind_speed": "m/s", "wind_direction": "deg"}
PARTICLES = ("pm2_5", "pm10")
RULE = Basis("local_excess", "1", "", "project", "A default of this project, unverified.", "C", 1, 1, 0)


@dataclass(frozen=True)
class Place:
    """The zone as the hub knows it, and where its vehicles drive."""

    field: Field
    zone: Zone
    stations: tuple[Station, ...]
    datastreams: tuple[Datastream, ...]


def place() -> Place:
    """Return the demonstration's zone."""
    field = build_zone(1)
    areas = tuple(
        Area(p["id"], p["kind"], p["name"], p["name_en"], tuple(p["districts"]), shape(f["geometry"]))
        for f in field.areas_geojson()["features"]
        for p in (f["properties"],)
    )
    stations = tuple(
        Station(
            s.id,
            cast("StationKind", s.kind),
            s.name,
            s.name_en,
            *(s.place.degrees() if s.place else (math.nan, math.nan)),
            s.gateway,
        )
        for s in field.stations
    )
    named = [(d, name) for d in field.devices for name in d.properties if name in TYPICAL]
    streams = tuple(
        Datastream(f"{d.station}/{d.id}/{name}", row, d.station, d.id, name, UNITS.get(name, "ug/m3"), 60.0)
        for row, (d, name) in enumerate(named)
    )
    return Place(field, Zone(field.name, field.name_en, areas, field.districts_geojson()), stations, streams)


class Play:
    """The scene: values, levels and leads as a function of the field's time and of the scene's name."""

    def __init__(self, where: Place, clock: Clock) -> None:
        self.where, self.clock, self.scene = where, clock, "calm"
        self._rows = {stream.row: stream for stream in where.datastreams}

    def value(self, stream: Datastream, at_ms: int) -> float:
        """Return what a series says at a time."""
        phase = stream.row * 0.7
        typical = TYPICAL[stream.property] * (
            1 + 0.08 * math.sin(at_ms / 7e6 + phase) + 0.03 * math.sin(at_ms / 4e5 + phase)
        )
        if stream.unit != "ug/m3":
            return typical
        if stream.station == STUCK_STATION and stream.property in PARTICLES:
            return 55.0
        haze = 1 + 2.2 / (1 + math.exp(-(at_ms - START_MS) / 3e6)) * (self.scene != "calm")
        near = stream.station == DUST_STATION and stream.property == "pm10" and self.scene == "dust"
        return typical * haze + (260.0 if near and at_ms > START_MS - 40 * MINUTE_MS else 0.0)

    def series(self, rows: Sequence[int], from_ms: int, to_ms: int) -> Columns:
        """Return what was read (`hub.store.SeriesReader`): every five minutes, every minute on the road."""
        moving = any(self._rows[row].station.startswith("patrol") for row in rows)
        step = MINUTE_MS if moving else 5 * MINUTE_MS
        times = np.arange(-(-from_ms // step) * step, min(to_ms, self.clock.utc_ms()), step)
        return _joined([self._column(row, times) for row in rows])

    def _column(self, row: int, times: np.ndarray) -> Columns:
        stream = self._rows[row]
        route = self.where.field.routes.get(stream.station)
        places = [route.position(int(t)).degrees() if route else (math.nan, math.nan) for t in times]
        longitude, latitude = np.array(places, float).reshape(-1, 2).T
        lies = stream.station == STUCK_STATION and stream.property in PARTICLES
        value = np.array([self.value(stream, int(t)) for t in times], float)
        flag = np.where(lies & (times > START_MS - 90 * MINUTE_MS), 4, 1).astype(np.uint8)
        return Columns(np.full(len(times), row, np.int32), times.astype(np.int64), value, flag, longitude, latitude)

    def snapshot(self) -> Snapshot:
        """Return what the judge would show now."""
        minute_ms = self.clock.utc_ms() // MINUTE_MS * MINUTE_MS
        latest = _joined([self._column(stream.row, np.array([minute_ms])) for stream in self.where.datastreams])
        late = np.array([self.scene == "grey" and s.station.startswith("lab") for s in self.where.datastreams])
        return Snapshot(
            minute_ms, dict(self.statuses(minute_ms)), self.where.stations, self.where.datastreams,
            latest.value, latest.time_ms - late * 7_200_000, latest.flag, latest.longitude, latest.latitude,
        )  # fmt: skip

    def statuses(self, minute_ms: int) -> Iterator[tuple[str, AreaStatus]]:
        """Yield how each area stands."""
        hazy = {"ent-03", "ent-08", "ent-15", "road-01", "road-04", "site-03"} if self.scene != "calm" else set()
        for area in self.where.zone.areas:
            level, freshness = Level.NORMAL, Freshness.FRESH
            evidence: tuple[Anomaly, ...] = ()
            if area.id in hazy:
                level, evidence = Level.ATTENTION, (self.anomaly(area.id, minute_ms, Level.ATTENTION),)
            if area.id == DUST_AREA and self.scene in ("dust", "grey"):
                level, evidence = Level.RED, (self.anomaly(area.id, minute_ms, Level.RED),)
            if self.scene == "grey":
                freshness = Freshness.NO_DATA if area.id in ("ent-09", "ent-13") else Freshness.STALE
            yield area.id, AreaStatus(area.id, level, freshness, SINCE_MS, evidence)

    def anomaly(self, area: str, minute_ms: int, level: Level) -> Anomaly:
        """Return the evidence for a level."""
        if level is Level.RED:
            cause, value, background, limit, rule = Cause("pm10", "local_excess"), 412.0, 168.0, 80.0, "pm10-local@1"
        else:
            cause, value, background, limit, rule = Cause("pm2_5", "exceedance"), 121.0, math.nan, 75.0, "pm2_5-hour@1"
        stream = next(s for s in self.where.datastreams if (s.station, s.property) == (DUST_STATION, cause.property))
        spot = next(s for s in self.where.stations if s.id == DUST_STATION)
        return Anomaly(minute_ms, DUST_STATION, stream.id, area, cause, level, value, background, limit, rule,
                       spot.longitude, spot.latitude, RULE, *self._why(minute_ms, level))  # fmt: skip

    def _why(self, minute_ms: int, level: Level) -> tuple[tuple[Candidate, ...], Settle | None, Explanation]:
        """Return who it may be, what would settle that, and the numbers."""
        past = tuple(Past(minute_ms - back * MINUTE_MS, 412.0 - 9 * back, 168.0) for back in range(4, -1, -1))
        if level is not Level.RED:
            return (), None, Explanation("arithmetic", absolute=75.0, since_ms=SINCE_MS, history=past)
        sources = (
            Candidate(DUST_AREA, 0.71),
            Candidate("ent-05", 0.18),
            Candidate("road-02", 0.07),
            Candidate(None, 0.04),
        )
        settle = Settle("between", 116.51, 39.77, DUST_AREA, "ent-05", 260.0, 330.0, 180.0, 0.6,
                        "走航车从两处之间经过：PM10 高于 260 µg/m³ 说明是前者。",
                        "A pass between the two: PM10 above 260 µg/m³ speaks for the former.")  # fmt: skip
        near = tuple(
            Neighbour(f"micro-{n:03}/micro-{n:03}-pm/pm10", minute_ms, 160.0 + n / 10) for n in (46, 47, 62, 63, 73)
        )
        numbers = Explanation("arithmetic", background_of="neighbours", background_count=16, neighbours=near,
                              absolute=80.0, relative=0.4, margin=24.0, enter=3, leave=3, since_ms=SINCE_MS,
                              history=past, wind_speed=2.4, wind_direction=315.0)  # fmt: skip
        return sources, settle, numbers

    def act(self, registry: Registry) -> None:
        """Open and close what the scene opens and closes; what is known already changes nothing."""
        if self.scene in ("haze", "dust"):
            registry.open_ticket(self._ticket())
        if self.scene == "dust":
            registry.open_lead(self._lead())
        if self.scene == "after":
            for lead in registry.leads():
                registry.close_lead(lead.id, self.clock.utc_ms())

    def _ticket(self) -> TicketOpening:
        told = "PM10 已有 60 分钟没有变化，设备可能卡住。"  # Chinese punctuation
        told_en = "PM10 has not moved for 60 minutes: the device may be stuck."
        subject = f"{STUCK_STATION}/{STUCK_STATION}-pm/pm10"
        return TicketOpening(subject, "flat_line", SINCE_MS, SINCE_MS + 60 * MINUTE_MS, told, told_en)

    def _lead(self) -> LeadOpening:
        return LeadOpening(
            area=DUST_AREA,
            cause=Cause("pm10", "local_excess"),
            episode_start_ms=SINCE_MS,
            opened_ms=SINCE_MS + 3 * MINUTE_MS,
            late=False,
            evidence=(self.anomaly(DUST_AREA, SINCE_MS + 2 * MINUTE_MS, Level.RED),),
            explanation="西园区安置房工地旁的 PM10 为 412 µg/m³，比区域背景 168 µg/m³ 高出 244 µg/m³，已持续 3 分钟。",
            explanation_en="PM10 beside West Park Housing Site is 412 µg/m³, 244 µg/m³ above the region's 168 µg/m³.",
        )


def _joined(columns: Sequence[Columns]) -> Columns:
    if not columns:
        nothing = np.zeros(0)
        return Columns(
            nothing.astype(np.int32), nothing.astype(np.int64), nothing, nothing.astype(np.uint8), nothing, nothing
        )
    names = ("row", "time_ms", "value", "flag", "longitude", "latitude")
    return Columns(*(np.concatenate([getattr(one, name) for one in columns]) for name in names))


class PlayedHub:
    """Serves a play from a thread of its own; it keeps its port when it is stopped and started again."""

    def __init__(self, directory: Path, port: int = 0) -> None:
        with socket.socket() as door:
            door.bind(("127.0.0.1", port))
            self.port = int(door.getsockname()[1])
        self._directory = directory
        self._play = Play(place(), ScaledClock(START_MS, time.monotonic_ns(), SPEED))
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Return the page's address."""
        return f"http://127.0.0.1:{self.port}/"

    def play(self, scene: str) -> None:
        """Change the scene."""
        self._play.scene = scene

    def start(self, scene: str = "calm") -> None:
        """Serve a scene; returns when it can be asked."""
        self.play(scene)
        self._over.clear()
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)), name="played hub")
        self._thread.start()
        ready.wait()

    def stop(self) -> None:
        """End it: streams break, and nobody answers."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    async def _serve(self, ready: threading.Event) -> None:
        live = LiveView()
        with Registry.open(self._directory / "registry.sqlite", ["https://inspector.example/hook"]) as registry:
            hours = HourReader(self._directory / "hours.sqlite")
            orders = OrderBook(self._directory / "hub.toml", self._directory)
            sources = Sources(self._play.where.zone, live, registry, self._play.clock, hours, orders)
            app = create_app(sources, self._play)
            server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", self.port, log_level="warning"))
            self._step(live, registry)
            task = asyncio.create_task(server.serve())
            while not self._over.is_set() and not task.done():
                await asyncio.sleep(0.25)
                self._step(live, registry)
                if server.started:
                    ready.set()
            live.close()
            server.should_exit = True
            await task

    def _step(self, live: LiveView, registry: Registry) -> None:
        self._play.act(registry)
        live.publish(self._play.snapshot())


if __name__ == "__main__":
    hub = PlayedHub(Path(sys.argv[1]), int(sys.argv[2]))
    hub.start()
    for line in sys.stdin:
        if line.strip() in SCENES:
            hub.play(line.strip())
    hub.stop()
