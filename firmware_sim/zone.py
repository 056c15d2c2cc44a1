"""The zone: stations, devices and gateways on the ground of `firmware_sim.layout`, and the routes of the vehicles."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from firmware_sim.draw import seed_of, uniform
from firmware_sim.layout import DISTRICTS, DUST_CENTRE, HALF_M, HIDDEN_CENTRE, REFERENCES, Area, District, areas
from firmware_sim.plane import Point, Ring, contains, on_plane
from firmware_sim.route import Route, Stop

Model = Literal["logger", "aqt530", "rs_zs_noise", "xy_md02", "pms5003", "gps", "vehicle"]

_ACROSS: Final = 10  # micro-stations in a row, and rows
_PARTICULATE: Final = 30  # micro-stations with a Plantower for particles
_HIDDEN_M: Final = 1_200.0  # no micro-station is nearer to the source that only a vehicle sees
# Fence stations of the site that will emit dust, and one across the street.
_FENCE: Final = (Point(180, -150), Point(-180, 150), Point(520, -420))
_LABS: Final = 12
REFERENCE_PROPERTIES: Final = ("pm2_5", "pm10", "no2", "o3", "wind_speed", "wind_direction")
VEHICLE_PROPERTIES: Final = ("pm2_5", "pm10", "nox", "o3")


@dataclass(frozen=True)
class Station:
    """A place that hosts devices.

    Attributes:
        kind: reference, micro_station, lab or vehicle.
        place: None when it moves.
        recorded: the name of a reference station in the record, else empty.
    """

    id: str
    kind: str
    name: str
    name_en: str
    gateway: str
    place: Point | None
    recorded: str = ""


@dataclass(frozen=True)
class Device:
    """One instrument.

    Attributes:
        properties: what it is there to measure.
        port: the name of the port that it hangs on; devices on one bus share it.
        unit: its Modbus unit id on that port, 0 when it has none.
    """

    id: str
    station: str
    gateway: str
    model: Model
    properties: tuple[str, ...]
    port: str
    unit: int = 0


@dataclass(frozen=True)
class Zone:
    """Everything that stands still in the field, and the routes of what moves."""

    name: str
    name_en: str
    stations: tuple[Station, ...]
    devices: tuple[Device, ...]
    areas: tuple[Area, ...]
    districts: tuple[District, ...]
    routes: dict[str, Route] = field(hash=False)

    def station(self, station_id: str) -> Station:
        """Return a station by id.

        Raises:
            KeyError: there is none.
        """
        for station in self.stations:
            if station.id == station_id:
                return station
        raise KeyError(station_id)

    def host_of(self, station_id: str) -> str | None:
        """Return the id of the enterprise or site in which a fixed station stands, None when in neither."""
        place = self.station(station_id).place
        inside = (a.id for a in self.areas if a.kind != "road" and place is not None and contains(a.ring, place))
        return next(inside, None)

    def gateways(self) -> dict[str, list[str]]:
        """Return the ids of each gateway's stations."""
        table: dict[str, list[str]] = {}
        for station in self.stations:
            table.setdefault(station.gateway, []).append(station.id)
        return table

    def areas_geojson(self) -> dict[str, Any]:
        """Return the areas as a GeoJSON FeatureCollection (RFC 7946) with id, kind, name, name_en and districts."""
        return _collection(
            [
                (
                    a.ring,
                    {"id": a.id, "kind": a.kind, "name": a.name, "name_en": a.name_en, "districts": [*a.districts]},
                )
                for a in self.areas
            ]
        )

    def districts_geojson(self) -> dict[str, Any]:
        """Return the districts as a GeoJSON FeatureCollection (RFC 7946) with id, name and name_en."""
        return _collection([(d.ring, {"id": d.id, "name": d.name, "name_en": d.name_en}) for d in self.districts])


def build_zone(seed: int) -> Zone:
    """Return the zone; the seed moves the micro-stations a little."""
    zone_areas = areas()
    stations = (*_references(), *_micro_stations(seed), *_labs(zone_areas), *_vehicles())
    return Zone(
        "京南产业新区",
        "Jingnan Development Zone (demonstration)",
        stations,
        tuple(_devices(stations)),
        zone_areas,
        DISTRICTS,
        _routes(),
    )


def _references() -> Iterator[Station]:
    for r in REFERENCES:
        place = on_plane(r.longitude, r.latitude)
        yield Station(r.id, "reference", r.name, r.recorded, "gw-region", place, r.recorded)


def _micro_stations(seed: int) -> Iterator[Station]:
    places = _fenced([_jittered(seed, n) for n in range(_ACROSS**2)])
    gateways = _shares(places)
    for n, (place, gateway) in enumerate(zip(places, gateways, strict=True), 1):
        yield Station(f"micro-{n:03}", "micro_station", f"微站{n:03}", f"Micro-station {n:03}", gateway, place)


def _jittered(seed: int, index: int) -> Point:
    """Return a place in one of 10 x 10 cells, kept out of the neighbourhood of the hidden source."""
    row, column = divmod(index, _ACROSS)
    cell_m, key = 2 * HALF_M / _ACROSS, seed_of(seed, "place")
    east = -HALF_M + cell_m * (column + 0.5 + 0.5 * (uniform(key, 2 * index) - 0.5))
    north = -HALF_M + cell_m * (row + 0.5 + 0.5 * (uniform(key, 2 * index + 1) - 0.5))
    distance_m = Point(east, north).distance_m(HIDDEN_CENTRE)
    if distance_m >= _HIDDEN_M:
        return Point(east, north)
    push = _HIDDEN_M / distance_m
    x, y = HIDDEN_CENTRE
    return Point(x + (east - x) * push, y + (north - y) * push)


def _fenced(places: list[Point]) -> list[Point]:
    nearest = sorted(range(len(places)), key=lambda n: places[n].distance_m(DUST_CENTRE))
    for n, (east, north) in zip(nearest, _FENCE, strict=False):
        places[n] = Point(DUST_CENTRE.east_m + east, DUST_CENTRE.north_m + north)
    return places


def _shares(places: Sequence[Point]) -> list[str]:
    """Return the gateway of each micro-station: one for the southern third, two for the western and eastern rest."""
    order = sorted(range(len(places)), key=lambda n: places[n].north_m)
    third = len(places) // 3
    rest = sorted(order[third:], key=lambda n: places[n].east_m)
    west = set(rest[: len(rest) // 2])
    south = set(order[:third])
    return ["gw-south" if n in south else "gw-west" if n in west else "gw-east" for n in range(len(places))]


def _labs(zone_areas: Sequence[Area]) -> Iterator[Station]:
    hosts = [area for area in zone_areas if area.kind == "enterprise"][:_LABS]
    for n, host in enumerate(hosts, 1):
        place = Point(sum(p.east_m for p in host.ring) / 4, sum(p.north_m for p in host.ring) / 4)
        yield Station(f"lab-{n:02}", "lab", f"{host.name}实验室", f"{host.name_en} laboratory", "gw-labs", place)


def _vehicles() -> Iterator[Station]:
    for n in (1, 2):
        yield Station(f"patrol-{n}", "vehicle", f"巡检车{n}号", f"Patrol vehicle {n}", "gw-patrol", None)


def _routes() -> dict[str, Route]:
    return {
        "patrol-1": Route(
            (
                Stop(Point(-700, -600)),
                Stop(Point(-4_600, -600), 300),
                Stop(Point(-5_200, -3_400)),
                Stop(Point(-5_200, -5_100), 300),
                Stop(Point(-3_300, -5_100)),
                Stop(Point(-700, -5_100), 300),
            )
        ),
        "patrol-2": Route(
            (
                Stop(Point(700, -1_700)),
                Stop(Point(4_300, -1_800), 300),
                Stop(Point(4_800, 400)),
                Stop(Point(4_500, 2_430)),
                Stop(Point(2_569, 2_430), 300),
                Stop(Point(700, 2_300)),
            )
        ),
    }


def _devices(stations: Sequence[Station]) -> Iterator[Device]:
    micro = [s.id for s in stations if s.kind == "micro_station"]
    step = len(micro) / _PARTICULATE
    plantower = {micro[int(n * step)] for n in range(_PARTICULATE)}
    units = dict.fromkeys({s.gateway for s in stations}, 0)
    for station in stations:
        for device_id, model, properties, port, on_bus in _fitted(station, station.id in plantower):
            if port == station.gateway:
                units[station.gateway] += 1
            unit = units[station.gateway] if port == station.gateway else on_bus
            yield Device(f"{station.id}-{device_id}", station.id, station.gateway, model, properties, port, unit)


def _fitted(station: Station, plantower: bool) -> list[tuple[str, Model, tuple[str, ...], str, int]]:  # noqa: FBT001
    """Return (last part of the id, model, properties, port, unit id where the port is the station's own)."""
    own = station.id
    match station.kind:
        case "reference":
            return [("logger", "logger", REFERENCE_PROPERTIES, station.gateway, 0)]
        case "micro_station":
            gases, particles = ("no2", "o3"), ("pm2_5", "pm10")
            aqt = gases if plantower else (*particles, *gases)
            pms: list[tuple[str, Model, tuple[str, ...], str, int]] = [("pm", "pms5003", particles, f"{own}-pm", 0)]
            return [
                *(pms if plantower else []),
                ("aqt", "aqt530", aqt, station.gateway, 0),
                ("noise", "rs_zs_noise", ("noise",), station.gateway, 0),
            ]
        case "lab":
            return [
                ("air", "xy_md02", ("temperature", "humidity"), f"{own}-bus", 1),
                ("noise", "rs_zs_noise", ("noise",), f"{own}-bus", 2),
            ]
        case _:
            gps: list[tuple[str, Model, tuple[str, ...], str, int]] = [("gps", "gps", ("speed",), f"{own}-gps", 0)]
            return [("air", "vehicle", VEHICLE_PROPERTIES, "broker", 0), *(gps if own == "patrol-1" else [])]


def _collection(shapes: Sequence[tuple[Ring, dict[str, Any]]]) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": properties["id"],
                "properties": properties,
                "geometry": {"type": "Polygon", "coordinates": [[[*p.degrees()] for p in (*ring, ring[0])]]},
            }
            for ring, properties in shapes
        ],
    }
