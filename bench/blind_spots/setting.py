"""A zone of 30 stations and a vehicle under one wind and one haze, that is judged minute by minute; sources for it."""

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from firmware_sim.plane import Point
from firmware_sim.plume import Source, Wind, dilution
from hub import pipeline
from hub.area.blind_spots import Eyes, Reason
from hub.bindings import Bindings, bind
from hub.model import EXCESSES, MINUTE_MS, Area, Datastream, Station
from hub.network import build_network
from hub.panel import Panel, Readings

Floats = NDArray[np.float64]
BEGIN: Final = 29_672_160
WARM_MIN, LASTS_MIN = 1_440, 30
SIDE_M, DEPTH_M = 250.0, 20.0
# Between stations, and of the wind in m/s, by setting.
SPACING_M, SPEED_M_S = (700.0, 1_400.0), (1.0, 5.0)
# Of a minute's value, of a device for good, and of the wind in a minute.
NOISE, GAIN, GUST_DEG = 0.04, 0.08, 6.0
SILENT: Final = (7, 16)
# How a plume widens and deepens on its way x: a x (1 + b x) ** -p, Briggs (1973) as in Hanna, Briggs and Hosker (1982);
# (a, b, p) across and up.
Growth = tuple[float, float, float]
BRIGGS: Final[dict[str, tuple[Growth, Growth]]] = {
    "open country, C": ((0.11, 1e-4, 0.5), (0.08, 2e-4, 0.5)),
    "open country, D": ((0.08, 1e-4, 0.5), (0.06, 1.5e-3, 0.5)),
    "town, C": ((0.22, 4e-4, 0.5), (0.20, 0.0, 0.0)),
    "town, D": ((0.16, 4e-4, 0.5), (0.14, 3e-4, 0.5)),
}


class Setting(NamedTuple):
    """A zone that has been judged for a while, and the wind that it measures.

    Attributes:
        air: float64[30, minutes], at the stations, as their devices have it.
        drive: float64[minutes, 2], where the vehicle is, metres; NaN where there is none.
        level: float64[minutes], of the air.
        spacing: metres between stations.
    """

    bindings: Bindings
    panel: Panel
    state: pipeline.State
    air: Floats
    drive: Floats
    level: Floats
    spacing: float
    speed: float
    direction: float
    chance: np.random.Generator


@dataclass(frozen=True)
class MixedSource(Source):
    """A source whose plume grows as Briggs has it; above the ground of the patch it is the simulator's."""

    mixing: str

    def spread(self, point: Point, wind: Wind) -> float:
        """Return the share, 0 to 1, of the concentration over the patch that reaches a point."""
        if self.mixing not in BRIGGS:
            return super().spread(point, wind)
        angle = math.atan2(wind.east, wind.north)
        east, north = point.east_m - self.centre.east_m, point.north_m - self.centre.north_m
        along, across = (
            -(east * math.sin(angle) + north * math.cos(angle)),
            math.cos(angle) * east - math.sin(angle) * north,
        )
        if along < 0:
            return math.exp(-(across**2 + along**2) / (2 * self.radius_m**2))
        wide, deep = (a * along * math.pow(1 + b * along, -p) for a, b, p in BRIGGS[self.mixing])
        wide, deep = wide + self.radius_m, deep + self.depth_m
        return math.exp(-0.5 * (across / wide) ** 2) * self.radius_m * self.depth_m / (wide * deep)


def setting_of(seed: int, warm_min: int = WARM_MIN, pace_m: float = math.nan) -> Setting:
    """Return a zone that has been judged for so many minutes, with a vehicle that drives so many metres in each."""
    chance = np.random.default_rng([20260101, seed])
    spacing = chance.uniform(*SPACING_M)
    east, north = np.meshgrid(spacing * (np.arange(6) - 2.5), spacing * (np.arange(5) - 2.0))
    at = np.column_stack([east.ravel(), north.ravel()]) + chance.normal(0, 0.15 * spacing, (30, 2))
    degrees = _degrees(at)
    stations = [Station(f"s{i}", "micro_station", "", "", x, y, "gw") for i, (x, y) in enumerate(degrees.tolist())]
    listed = [(s.id, "pm2_5", "ug/m3") for s in stations] + [
        ("s0", "wind_speed", "m/s"),
        ("s0", "wind_direction", "deg"),
        ("car", "pm2_5", "ug/m3"),
    ]
    stations.append(Station("car", "vehicle", "", "", math.nan, math.nan, "gw"))
    streams = [
        Datastream(f"{s}/{s}-{p}/{p}", row, s, f"{s}-{p}", p, unit, 60.0) for row, (s, p, unit) in enumerate(listed)
    ]
    area = Area("a", "enterprise", "a", "a", (), shapely.box(116.499, 39.799, 116.501, 39.801))
    bindings, panel = bind(build_network(stations, streams, [area]), BEGIN), Panel()
    panel.grow(bindings.network.averaging, bindings.network.moving)
    level, speed, direction = chance.uniform(15, 150), chance.uniform(*SPEED_M_S), chance.uniform(0, 360)
    gain = np.exp(GAIN * chance.standard_normal(30))
    minutes = np.arange(WARM_MIN + LASTS_MIN)
    levels = level * (1 + 0.3 * np.sin(minutes / 90 + chance.uniform(0, 6)))
    air, drive = levels[None, :] * gain[:, None], _drive(len(minutes), spacing, pace_m)
    setting = Setting(bindings, panel, pipeline.start(bindings), air, drive, levels, spacing, speed, direction, chance)
    for minute in range(warm_min):
        setting = judged(setting, minute, np.zeros(31))
    return setting


def _degrees(metres: Floats) -> Floats:
    return np.array([116.5, 39.8]) + metres / (111_195.0 * np.array([math.cos(math.radians(39.8)), 1.0]))


def _drive(minutes: int, spacing: float, pace_m: float) -> Floats:
    """Return float64[minutes, 2]: straight from place to place among the stations, NaN without a pace."""
    if math.isnan(pace_m):
        return np.full((minutes, 2), np.nan)
    chance = np.random.default_rng([20260102, int(spacing)])
    stops = chance.uniform(-1, 1, (minutes, 2)) * spacing * np.array([3.0, 2.5])
    along = np.append(0.0, np.cumsum(np.hypot(*np.diff(stops, axis=0).T)))
    at = pace_m * np.arange(minutes)
    return np.column_stack([np.interp(at, along, stops[:, axis]) for axis in range(2)])


def judged(setting: Setting, minute: int, added: Floats) -> Setting:
    """Return a setting a minute later, with so much more at the 30 stations and the vehicle."""
    now, n = BEGIN + minute, 33
    value = np.append(setting.air[:, minute] + added[:30], [setting.speed, setting.direction, np.nan])
    value[:30] *= 1 + NOISE * setting.chance.standard_normal(30)
    flag = np.ones(n, np.uint8)
    value[list(SILENT)], flag[list(SILENT)] = np.nan, 9
    if np.isfinite(setting.drive[minute]).all():
        value[32] = (setting.level[minute] + added[30]) * (1 + NOISE * setting.chance.standard_normal())
    else:
        flag[32] = 9
    longitude, latitude = np.full((2, n), np.nan)
    longitude[32], latitude[32] = _degrees(setting.drive[minute])
    time_ms = np.full(n, now * MINUTE_MS)
    setting.panel.add(Readings(np.arange(n, dtype=np.int32), time_ms, value, flag, longitude, latitude), now)
    setting.panel.head = now
    tick = pipeline.Tick(now, np.array([now]), (now + 1) * MINUTE_MS)
    state, _ = pipeline.judge_minute(setting.bindings, setting.panel, setting.state, tick)
    return setting._replace(state=state)


def eyes_of(setting: Setting) -> Eyes:
    """Return the stations, as they see now."""
    network, needed = setting.bindings.network, pipeline.noticed(setting.bindings, setting.state)[:30]
    turn, silent = math.radians(setting.direction), np.isin(np.arange(30), SILENT)
    east, north = np.full(30, setting.speed * math.sin(turn)), np.full(30, setting.speed * math.cos(turn))
    why = np.where(silent, int(Reason.SILENT), -1)
    return Eyes(network.east_m[:30], network.north_m[:30], east, north, needed, np.where(silent, 0.0, 1.0), why)


def source_in(setting: Setting, cell: tuple[float, float], strength: float, mixing: str) -> MixedSource:
    """Return a source of so many g/s somewhere in a cell."""
    chance = setting.chance
    radius = 30.0 * 4.0 ** chance.random()
    place = Point(*(one + SIDE_M * (chance.random() - 0.5) for one in cell))
    # The simulator says what stands over the patch at 2 m/s, and thins it less than a wind does.
    over = 1e6 * strength / (math.pi * setting.speed * radius * DEPTH_M) / dilution(setting.speed)
    return MixedSource(place, radius, DEPTH_M, {"pm2_5": over}, 0, 1, mixing)


def added_by(setting: Setting, source: Source, turn: float, minute: int) -> Floats:
    """Return float64[31]: what a source adds at the stations and the vehicle under a wind from so many radians."""
    network, wind = setting.bindings.network, Wind(setting.speed * math.sin(turn), setting.speed * math.cos(turn))
    at = [
        *zip(network.east_m[:30].tolist(), network.north_m[:30].tolist(), strict=True),
        setting.drive[minute].tolist(),
    ]
    return np.array([source.excess("pm2_5", Point(*place), wind, 0) for place in at])


def active(setting: Setting) -> NDArray[np.bool_]:
    """Return bool[33]: in which streams something stands out."""
    pairs = zip(setting.bindings.detectors, setting.state.runs, strict=True)
    found = [run.active for bound, run in pairs if bound.group.detector in EXCESSES]
    return np.asarray(np.any(found, axis=0))
