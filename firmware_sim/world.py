"""What every instrument of the zone would measure at a time: recorded air, sources on top, device noise and faults."""

import math
from collections.abc import Callable
from typing import Final

from firmware_sim.draw import gaussian, seed_of, uniform
from firmware_sim.layout import REFERENCES
from firmware_sim.plane import Point, on_plane
from firmware_sim.plume import Wind
from firmware_sim.recorded import HOUR_MS, RecordedAir
from firmware_sim.scenes import MINUTE_MS, Heat, Scene, faults_of
from firmware_sim.zone import Device, Station, Zone

# Nitrogen oxides were not recorded: near roads they run at one and a half times the NO2.
_NOX_OF_NO2: Final = 1.5
_BEIJING_MS: Final = 8 * HOUR_MS
_DAY, _NIGHT = 6, 22  # local hours between which noise is of the day

# Deviation of one minute's value: relative to it, and at least (in the property's canonical unit).
_NOISE: Final[dict[tuple[str, str], tuple[float, float]]] = {
    ("pms5003", "pm2_5"): (0.04, 0.8),
    ("pms5003", "pm10"): (0.04, 0.8),
    ("aqt530", "pm2_5"): (0.04, 0.5),
    ("aqt530", "pm10"): (0.04, 0.5),
    ("aqt530", "no2"): (0.04, 1.0),
    ("aqt530", "o3"): (0.04, 1.0),
    ("vehicle", "pm2_5"): (0.03, 0.5),
    ("vehicle", "pm10"): (0.03, 0.5),
    ("vehicle", "nox"): (0.03, 1.0),
    ("vehicle", "o3"): (0.03, 1.0),
    ("rs_zs_noise", "noise"): (0.0, 1.2),
    ("xy_md02", "temperature"): (0.0, 0.1),
    ("xy_md02", "humidity"): (0.0, 0.5),
    ("gps", "speed"): (0.03, 0.02),
}


class World:
    """The zone's air and rooms, as a function of time.

    Every value follows from (seed, device, property, field minute) alone: asking twice, late or in another order gives
    the same. A vehicle's air also follows from where it is at that instant.
    """

    def __init__(self, zone: Zone, scene: Scene, seed: int, air: RecordedAir) -> None:
        self._scene = scene
        self._seed = seed
        self._air = air
        self._stations = {s.id: s for s in zone.stations}
        self._routes = zone.routes
        self._faults = {d.id: faults_of(scene.faults, d.id) for d in zone.devices}
        self._heats = {h.station: h for h in scene.heats}
        self._recorded = [(r.recorded, on_plane(r.longitude, r.latitude)) for r in REFERENCES]
        self._weights: dict[str, list[tuple[str, float]]] = {}
        self._hours: dict[tuple[str, str, int], float] = {}
        self._seeds: dict[tuple[str, str], int] = {}
        self._winds: dict[tuple[str, int], Wind] = {}

    def value(self, device: Device, property_name: str, time_ms: int) -> float:
        """Return what the device measures, in the property's canonical unit, before its wire rounds it.

        Raises:
            KeyError: the device measures no such property.
        """
        factor = 1.0
        for fault in self._faults[device.id]:
            if fault.active(time_ms):
                if fault.kind == "stuck":
                    time_ms = fault.onset_ms
                elif fault.kind == "gain" and property_name in ("pm2_5", "pm10"):
                    factor = fault.factor
        station = self._stations[device.station]
        return factor * self._noisy(device, property_name, self._true(station, property_name, time_ms), time_ms)

    def position(self, station: str, time_ms: int) -> Point:
        """Return where a vehicle is.

        Raises:
            KeyError: the station does not move.
        """
        return self._routes[station].position(time_ms)

    def course_deg(self, station: str, time_ms: int) -> float:
        """Return where a vehicle heads, degrees clockwise from north."""
        return self._routes[station].course_deg(time_ms)

    def wind(self, place: Point, time_ms: int) -> Wind:
        """Return the wind at a place, interpolated as a vector."""
        hour, share = self._air.place(time_ms)
        weights = self._weights_at(place)
        east, north = (self._blend(weights, name, hour, share) for name in ("wind_east", "wind_north"))
        return Wind(east, north)

    def excess(self, property_name: str, place: Point, time_ms: int) -> float:
        """Return what the scene's sources add at a place, ug/m3."""
        minute_ms = time_ms - time_ms % MINUTE_MS
        return sum(
            source.excess(property_name, place, self._wind_of(area, source.centre, minute_ms), minute_ms)
            for area, source in self._scene.sources.items()
            if property_name in source.strength and source.onset_ms <= minute_ms < source.end_ms
        )

    def _true(self, station: Station, property_name: str, time_ms: int) -> float:
        minute_ms = time_ms - time_ms % MINUTE_MS
        special = _SPECIAL.get(property_name)
        if special is not None:
            return special(self, station, minute_ms)
        if station.recorded:
            return self._air.at(station.recorded, property_name, minute_ms)
        if station.place is None:
            place = self.position(station.id, time_ms)
            background = self._moving(place, property_name, minute_ms)
        else:
            place = station.place
            background = self._fixed(station.id, place, property_name, minute_ms)
        return background + self.excess(property_name, place, minute_ms)

    def _noisy(self, device: Device, property_name: str, value: float, time_ms: int) -> float:
        noise = _NOISE.get((device.model, property_name))
        if noise is None:
            return value
        deviation = math.hypot(noise[0] * value, noise[1])
        noisy = value + deviation * gaussian(self._seed_of(device.id, property_name), time_ms // MINUTE_MS)
        return noisy if property_name == "temperature" else max(noisy, 0.0)

    def _seed_of(self, owner: str, property_name: str) -> int:
        seed = self._seeds.get((owner, property_name))
        if seed is None:
            seed = self._seeds[owner, property_name] = seed_of(self._seed, owner, property_name)
        return seed

    def _fixed(self, station: str, place: Point, property_name: str, time_ms: int) -> float:
        hour, share = self._air.place(time_ms)
        return self._hourly(station, place, property_name, hour) * (1 - share) + share * self._hourly(
            station, place, property_name, hour + 1
        )

    def _hourly(self, station: str, place: Point, property_name: str, hour: int) -> float:
        key = (station, property_name, hour)
        value = self._hours.get(key)
        if value is None:
            weights = self._weights.get(station)
            if weights is None:
                weights = self._weights[station] = self._weights_at(place)
            value = self._hours[key] = self._blend(weights, property_name, hour, 0.0)
        return value

    def _moving(self, place: Point, property_name: str, time_ms: int) -> float:
        hour, share = self._air.place(time_ms)
        if property_name == "nox":
            return _NOX_OF_NO2 * self._blend(self._weights_at(place), "no2", hour, share)
        return self._blend(self._weights_at(place), property_name, hour, share)

    def _weights_at(self, place: Point) -> list[tuple[str, float]]:
        """Return the weight of each real station: inverse square of its distance."""
        raw = [(name, 1.0 / max(place.distance_m(at), 100.0) ** 2) for name, at in self._recorded]
        total = sum(weight for _, weight in raw)
        return [(name, weight / total) for name, weight in raw]

    def _blend(self, weights: list[tuple[str, float]], property_name: str, hour: int, share: float) -> float:
        total = 0.0
        for name, weight in weights:
            series = self._air.series[name, property_name]
            total += weight * (series[hour] * (1 - share) + series[hour + 1] * share)
        return total

    def _wind_of(self, area: str, centre: Point, minute_ms: int) -> Wind:
        wind = self._winds.get((area, minute_ms))
        if wind is None:
            self._winds = {key: known for key, known in self._winds.items() if key[1] == minute_ms}
            wind = self._winds[area, minute_ms] = self.wind(centre, minute_ms)
        return wind

    def _wind_direction(self, station: Station, minute_ms: int) -> float:
        east, north = (self._air.at(station.recorded, name, minute_ms) for name in ("wind_east", "wind_north"))
        return Wind(east, north).direction_deg

    def _level_of_noise(self, station: Station, minute_ms: int) -> float:
        quiet = 4.0 * uniform(self._seed_of(station.id, "quiet"), 0) - 2.0
        hour = (minute_ms + _BEIJING_MS) // HOUR_MS % 24
        if station.kind == "lab":
            return 50.0 + quiet
        return (54.0 if _DAY <= hour < _NIGHT else 46.0) + quiet

    def _temperature(self, station: Station, minute_ms: int) -> float:
        room = 21.0 + 2.5 * uniform(self._seed_of(station.id, "room"), 0)
        heat = self._heats.get(station.id)
        return room if heat is None else _heated(room, heat, minute_ms)

    def _humidity(self, station: Station, minute_ms: int) -> float:
        dry = 35.0 + 10.0 * uniform(self._seed_of(station.id, "dry"), 0)
        return dry + 3.0 * math.sin(math.tau * (minute_ms % (24 * HOUR_MS)) / (24 * HOUR_MS))

    def _speed(self, station: Station, minute_ms: int) -> float:
        return self._routes[station.id].speed(minute_ms)


def _heated(room: float, heat: Heat, minute_ms: int) -> float:
    """Return a room's temperature: up within minutes (time constant 1.5 min, from the first minute on), down in 10."""
    if minute_ms < heat.onset_ms:
        return room
    minutes = (min(minute_ms, heat.end_ms) - heat.onset_ms) / MINUTE_MS + 1
    hot = room + (heat.target_c - room) * (1 - math.exp(-minutes / 1.5))
    if minute_ms < heat.end_ms:
        return hot
    return room + (hot - room) * math.exp(-(minute_ms - heat.end_ms) / MINUTE_MS / 10)


_SPECIAL: Final[dict[str, Callable[[World, Station, int], float]]] = {
    "wind_direction": World._wind_direction,  # noqa: SLF001  # the table of this class's own methods
    "noise": World._level_of_noise,  # noqa: SLF001
    "temperature": World._temperature,  # noqa: SLF001
    "humidity": World._humidity,  # noqa: SLF001
    "speed": World._speed,  # noqa: SLF001
}
