"""Stations in the recorded air of a city, an enterprise around each, judged minute by minute."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import air
import numpy as np
import shapely
import wind
from numpy.typing import NDArray
from scipy.spatial import Delaunay

from hub import pipeline
from hub.anomaly.background import background
from hub.bindings import bind
from hub.lead.outcome import Outcome
from hub.model import MINUTE_MS, Area, Datastream, Level, Station
from hub.network import Network, build_network
from hub.panel import Panel, Readings
from hub.quality.verdict import liars

Floats = NDArray[np.float64]
SIDE: Final = 0.0015  # degrees from an enterprise's middle to its border
NOISE: Final = 0.04  # of a device, each minute
POLLUTANTS: Final = ("pm2_5", "pm10", "no2", "so2", "co")
HOUR_MIN: Final = 60
NOTHING: Final = np.zeros(1)
METRES_A_DEGREE: Final = 111_195.0  # of latitude
BEGIN_MIN: Final = int(air.BEGIN.astype(np.int64)) // MINUTE_MS

BEGIN: Final = datetime(2013, 3, 1)  # noqa: DTZ001  # the record's own clock, Asia/Shanghai
# First and last day.
SPELLS: Final = {
    "spring festival 2014": ("2014-01-29", "2014-02-01"),
    "haze 2014-02": ("2014-02-12", "2014-02-27"),
    "haze 2015-01": ("2015-01-03", "2015-01-17"),
    "spring festival 2015": ("2015-02-17", "2015-02-20"),
}


# The eight of the plain, 24 km by 12; four more stand before the mountains or in them.
PLAIN: Final = tuple(name for name in air.STATIONS if name not in {"Changping", "Dingling", "Huairou", "Shunyi"})
_ROWS: Final = [list(air.STATIONS).index(name) for name in PLAIN]


class Town(NamedTuple):
    """What stands in the air of the plain.

    Attributes:
        every_m: micro-stations on a grid of this width, in the air that the recorded ones span: on the plane of the
            three around. 0 for the recorded ones themselves.
        nearer: so many times as near to each other as the recorded ones stand. The wind is as many times slower, so
            that a front takes as long from one to the next as it did; contrasts are those of the true distances.
    """

    every_m: float = 1_000.0
    nearer: float = 1.0

    def stations(self) -> dict[str, tuple[float, float]]:
        """Return degrees by name."""
        corners = self._corners()
        if not self.every_m:
            return dict(zip(PLAIN, map(tuple, corners.tolist()), strict=True))
        (west, south), (east, north) = corners.min(axis=0), corners.max(axis=0)
        step = self.every_m / METRES_A_DEGREE
        grid = np.meshgrid(np.arange(west, east, step / np.cos(np.radians(south))), np.arange(south, north, step))
        places = np.stack(grid, axis=-1).reshape(-1, 2)
        inside = places[Delaunay(corners).find_simplex(places) >= 0]
        return {f"P{number:03}": (x, y) for number, (x, y) in enumerate(inside.tolist(), 1)}

    def blended(self, recorded: Floats) -> Floats:
        """Return float64 (stations, ...) of what float64 (recorded stations, ...) are between them."""
        if not self.every_m:
            return recorded
        places, corners = np.array(list(self.stations().values())), Delaunay(self._corners())
        triangle = corners.find_simplex(places)
        turn = corners.transform[triangle]
        first = np.einsum("kij,kj->ki", turn[:, :2], places - turn[:, 2])
        share = np.zeros((len(places), len(PLAIN)))
        shares = np.append(first, 1 - first.sum(axis=1, keepdims=True), axis=1)
        np.put_along_axis(share, corners.simplices[triangle], shares, axis=1)
        return np.asarray(np.tensordot(share, self._filled(recorded), axes=1))

    def _filled(self, recorded: Floats) -> Floats:
        """Return the record with what is missing as the others have it, by the inverse square of their distance."""
        corners, known = self._corners(), np.isfinite(recorded)
        away = np.linalg.norm(corners[:, None] - corners, axis=2)
        share = np.divide(1.0, away**2, out=np.zeros_like(away), where=away > 0)
        with np.errstate(invalid="ignore"):
            others = np.tensordot(share, np.nan_to_num(recorded), 1) / np.tensordot(share, known.astype(np.float64), 1)
        return np.where(known, recorded, others)

    def _corners(self) -> Floats:
        true = air.POSITIONS[_ROWS]
        return np.asarray(true.mean(axis=0) + (true - true.mean(axis=0)) / self.nearer)


class Hour(NamedTuple):
    """What was judged in an hour.

    Attributes:
        hour: of the record.
        region: median of the stations' PM2.5, ug/m3.
        excess: names of the stations whose PM2.5 was above what a local excess needs, in any minute.
        attention, red: names of the enterprises that stood so in any minute.
        outcomes: leads and tickets of its minutes.
    """

    hour: int
    region: float
    excess: tuple[str, ...]
    attention: tuple[str, ...]
    red: tuple[str, ...]
    outcomes: tuple[Outcome, ...]


def hours_of(span: tuple[str, str]) -> tuple[int, int]:
    """Return the first and last hour of the record that belong to the first and last day of a span."""
    first, last = (int((datetime.fromisoformat(day) - BEGIN) / timedelta(hours=1)) for day in span)
    return first, last + 23


def network(town: Town) -> Network:
    """Return the zone: each of its stations with five pollutants and the wind."""
    named = town.stations().items()
    stations = [Station(name, "reference", name, name, x, y, "gw") for name, (x, y) in named]
    units = dict.fromkeys(POLLUTANTS, "ug/m3") | {"co": "mg/m3", "wind_speed": "m/s", "wind_direction": "deg"}
    listed = [(name, prop, unit) for name, _ in named for prop, unit in units.items()]
    streams = [
        Datastream(f"{name}/{name}-{prop}/{prop}", row, name, f"{name}-{prop}", prop, unit, 60.0)
        for row, (name, prop, unit) in enumerate(listed)
    ]
    areas = [
        Area(name, "enterprise", name, name, (), shapely.box(x - SIDE, y - SIDE, x + SIDE, y + SIDE))
        for name, (x, y) in named
    ]
    return build_network(stations, streams, areas)


def hourly(town: Town) -> Floats:
    """Return float64 (stations * 7, hours): the record in the order of the network's rows, in its units."""
    recorded = air.load()
    east, north = wind.load(len(air.STATIONS), air.HOURS)
    recorded["co"] = recorded["co"] / 1000
    columns = np.stack([recorded[name] for name in POLLUTANTS] + [east, north], axis=1)
    told = town.blended(columns[_ROWS])
    east, north = told[:, -2].copy(), told[:, -1].copy()
    told[:, -2], told[:, -1] = np.hypot(east, north) / town.nearer, np.degrees(np.arctan2(east, north)) % 360
    return told.reshape(-1, air.HOURS)


def judged(town: Town, first: int, last: int, added: Callable[[int], Floats] = lambda _: NOTHING) -> Iterator[Hour]:
    """Yield what follows in each hour of the record, from the first to the last; the day before them is judged, too.

    `added`: what the streams have beside the record at a minute since 1970, float64 (streams,) or one zero.
    """
    zone, told, panel = network(town), hourly(town), Panel()
    names = np.array(list(town.stations()))
    panel.grow(zone.averaging, zone.moving)
    chance = np.random.default_rng(first)
    state = pipeline.start(bind(zone, BEGIN_MIN))
    bindings = bind(zone, BEGIN_MIN + first * HOUR_MIN)
    for hour in range(first - 24, last + 1):
        outcomes, seen = [], np.zeros((3, len(names)), np.bool_)
        for minute in range(BEGIN_MIN + hour * HOUR_MIN, BEGIN_MIN + (hour + 1) * HOUR_MIN):
            panel.add(_readings(zone, told, minute, chance, added(minute)), minute)
            panel.head = minute
            bindings = bindings.at(minute)
            tick = pipeline.Tick(minute, np.array([minute]), (minute + 1) * MINUTE_MS)
            state, outcome = pipeline.judge_minute(bindings, panel, state, tick)
            outcomes.append(outcome)
            seen[1:] |= state.areas.shown == np.array([[Level.ATTENTION], [Level.RED]])
            if minute % 5 == 0:
                lying = liars(bindings, state.quality)
                region = background(zone, panel, state.newest, minute, lying).highest
                seen[0] |= (state.newest.value - region > np.maximum(50.0, 0.6 * region))[:: len(POLLUTANTS) + 2]
        if hour >= first:
            excess, attention, red = (tuple(names[row].tolist()) for row in seen)
            stands = told[:: len(POLLUTANTS) + 2, hour]
            median = float(np.nanmedian(stands)) if np.isfinite(stands).any() else float("nan")
            yield Hour(hour, median, excess, attention, red, tuple(outcomes))


def _readings(zone: Network, told: Floats, minute: int, chance: np.random.Generator, added: Floats) -> Readings:
    """Return one reading of every stream: on the line between the means of two hours, which stand at half past."""
    hour, at = divmod(minute - BEGIN_MIN - HOUR_MIN // 2, HOUR_MIN)
    before, after, share = told[:, hour], told[:, hour + 1], at / HOUR_MIN
    value = before + (after - before) * share + added
    turned = np.arange(len(value)) % (len(POLLUTANTS) + 2) == len(POLLUTANTS) + 1
    value = np.where(turned, before, value * (1 + NOISE * chance.standard_normal(len(value))))
    n = len(zone)
    nan = np.full(n, np.nan)
    return Readings(np.arange(n, dtype=np.int32), np.full(n, minute * MINUTE_MS), value, np.ones(n, np.uint8), nan, nan)
