"""Stations of a city drawn together into a zone, an enterprise around each, judged minute by minute."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import air
import numpy as np
import shapely
import wind
from numpy.typing import NDArray

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
BEGIN_MIN: Final = int(air.BEGIN.astype(np.int64)) // MINUTE_MS


class Town(NamedTuple):
    """Which stations are judged together, and how many times nearer to each other than they stand.

    The wind is as many times slower, so that a front takes as long from one to the next as it did. Contrasts are those
    of the true distances: harsher than within a zone of that size.
    """

    names: tuple[str, ...]
    nearer: float

    @property
    def rows(self) -> list[int]:
        """Their rows in the record."""
        return [list(air.STATIONS).index(name) for name in self.names]

    def places(self) -> Floats:
        """Return degrees, (stations, 2)."""
        true = air.POSITIONS[self.rows]
        return np.asarray(true.mean(axis=0) + (true - true.mean(axis=0)) / self.nearer)


TOWNS: Final = {
    # The eight of the plain, 24 km by 12; and all twelve, 40 km by 50, of which four lie before or in the mountains.
    "core": Town(tuple(n for n in air.STATIONS if n not in {"Changping", "Dingling", "Huairou", "Shunyi"}), nearer=3.0),
    "city": Town(tuple(air.STATIONS), nearer=10.0),
}


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


def network(town: Town) -> Network:
    """Return the zone: each of its stations with five pollutants and the wind."""
    named = list(zip(town.names, town.places().tolist(), strict=True))
    stations = [Station(name, "reference", name, name, x, y, "gw") for name, (x, y) in named]
    units = dict.fromkeys(POLLUTANTS, "ug/m3") | {"co": "mg/m3", "wind_speed": "m/s", "wind_direction": "deg"}
    listed = [(name, prop, unit) for name in town.names for prop, unit in units.items()]
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
    direction = np.degrees(np.arctan2(east, north)) % 360
    columns = [recorded[name] for name in POLLUTANTS] + [np.hypot(east, north) / town.nearer, direction]
    return np.stack(columns, axis=1)[town.rows].reshape(-1, air.HOURS)


def judged(town: Town, first: int, last: int) -> Iterator[Hour]:
    """Yield what follows in each hour of the record, from the first to the last; the day before them is judged, too."""
    zone, told, panel = network(town), hourly(town), Panel()
    panel.grow(zone.averaging, zone.moving)
    chance = np.random.default_rng(first)
    state = pipeline.start(bind(zone, BEGIN_MIN))
    bindings = bind(zone, BEGIN_MIN + first * HOUR_MIN)
    for hour in range(first - 24, last + 1):
        outcomes, seen = [], np.zeros((3, len(town.names)), np.bool_)
        for minute in range(BEGIN_MIN + hour * HOUR_MIN, BEGIN_MIN + (hour + 1) * HOUR_MIN):
            panel.add(_readings(zone, told, minute, chance), minute)
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
            excess, attention, red = (tuple(np.array(town.names)[row].tolist()) for row in seen)
            stands = told[:: len(POLLUTANTS) + 2, hour]
            median = float(np.nanmedian(stands)) if np.isfinite(stands).any() else float("nan")
            yield Hour(hour, median, excess, attention, red, tuple(outcomes))


def _readings(zone: Network, told: Floats, minute: int, chance: np.random.Generator) -> Readings:
    """Return one reading of every stream: on the line between the means of two hours, which stand at half past."""
    hour, at = divmod(minute - BEGIN_MIN - HOUR_MIN // 2, HOUR_MIN)
    before, after, share = told[:, hour], told[:, hour + 1], at / HOUR_MIN
    value = before + (after - before) * share
    turned = np.arange(len(value)) % (len(POLLUTANTS) + 2) == len(POLLUTANTS) + 1
    value = np.where(turned, before, value * (1 + NOISE * chance.standard_normal(len(value))))
    n = len(zone)
    nan = np.full(n, np.nan)
    return Readings(np.arange(n, dtype=np.int32), np.full(n, minute * MINUTE_MS), value, np.ones(n, np.uint8), nan, nan)
