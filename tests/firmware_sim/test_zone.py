"""The zone holds what it is said to hold, for any seed."""

import pytest

from firmware_sim.layout import DUST_CENTRE, HIDDEN_CENTRE
from firmware_sim.plane import CENTRE_LATITUDE, CENTRE_LONGITUDE, Point, contains, on_plane, rectangle
from firmware_sim.route import Route, Stop
from firmware_sim.zone import Zone, build_zone
from wire.properties import PROPERTIES
from wire.topics import is_identifier

SQUARE_KM = 165


def count(zone: Zone, kind: str) -> int:
    """Return how many stations are of a kind."""
    return sum(s.kind == kind for s in zone.stations)


@pytest.mark.parametrize("seed", [1, 2, 77])
def test_the_zone_has_its_stations_and_gateways(seed: int) -> None:
    """12 real stations, 100 micro-stations of which 30 with a Plantower, 12 labs, 2 vehicles, 6 gateways."""
    zone = build_zone(seed)
    shares = {gateway: len(stations) for gateway, stations in zone.gateways().items()}

    assert [count(zone, k) for k in ("reference", "micro_station", "lab", "vehicle")] == [12, 100, 12, 2]
    assert sum(d.model == "pms5003" for d in zone.devices) == 30
    assert shares == {
        "gw-region": 12, "gw-south": 33, "gw-west": 33, "gw-east": 34, "gw-labs": 12, "gw-patrol": 2
    }  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2, 77])
def test_only_the_vehicle_comes_near_the_hidden_source(seed: int) -> None:
    """No micro-station within 1.19 km of it; two of them stand at the fence of the site that emits dust."""
    places = [s.place for s in build_zone(seed).stations if s.kind == "micro_station" and s.place]

    assert min(p.distance_m(HIDDEN_CENTRE) for p in places) > 1_190
    assert sum(p.distance_m(DUST_CENTRE) < 300 for p in places) == 2


def test_ids_are_fit_for_topics_and_unique(zone: Zone) -> None:
    """Stations and devices, each kind of id once in the zone."""
    for ids in ([s.id for s in zone.stations], [d.id for d in zone.devices], [a.id for a in zone.areas]):
        assert len(ids) == len(set(ids))
        assert all(map(is_identifier, ids))


def test_every_device_measures_what_the_catalogue_knows(zone: Zone) -> None:
    """And hangs on a unit of its own on its bus."""
    buses = [(d.port, d.unit) for d in zone.devices if d.unit]

    assert {p for d in zone.devices for p in d.properties} <= set(PROPERTIES)
    assert len(buses) == len(set(buses))
    assert all(1 <= unit <= 247 for _, unit in buses)


def test_each_micro_station_measures_five_properties(zone: Zone) -> None:
    """PM2.5, PM10, NO2, O3 and noise, each once."""
    for station in zone.stations:
        if station.kind == "micro_station":
            found = sorted(p for d in zone.devices if d.station == station.id for p in d.properties)
            assert found == ["no2", "noise", "o3", "pm10", "pm2_5"]


def test_labs_stand_in_enterprises_of_their_own(zone: Zone) -> None:
    """Twelve labs, twelve hosts."""
    hosts = [zone.host_of(s.id) for s in zone.stations if s.kind == "lab"]

    assert len(set(hosts)) == 12
    assert all(host is not None and host.startswith("ent-") for host in hosts)


def test_areas_are_of_three_kinds_and_one_lies_across_a_border(zone: Zone) -> None:
    """18 enterprises, 6 roads, 6 construction sites in 3 districts."""
    kinds = [a.kind for a in zone.areas]
    across = [a.id for a in zone.areas if a.kind == "enterprise" and len(a.districts) == 2]

    assert [kinds.count(k) for k in ("enterprise", "road", "construction_site")] == [18, 6, 6]
    assert across == ["ent-06"]


def test_no_two_works_share_ground(zone: Zone) -> None:
    """No corner or middle of an enterprise or site lies in another."""
    works = [a for a in zone.areas if a.kind != "road"]

    assert not [
        (a.id, b.id) for a in works for b in works if a is not b and any(contains(b.ring, corner) for corner in a.ring)
    ]


def test_districts_cover_the_zone(zone: Zone) -> None:
    """165 km2 around 39.80 N 116.50 E."""
    areas_km2 = [
        abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(d.ring, (*d.ring[1:], d.ring[0]), strict=True))) / 2e6
        for d in zone.districts
    ]

    assert sum(areas_km2) == pytest.approx(SQUARE_KM, abs=0.1)


def test_geojson_closes_its_rings_around_the_zone(zone: Zone) -> None:
    """RFC 7946: closed rings, longitude first."""
    shapes = [*zone.areas_geojson()["features"], *zone.districts_geojson()["features"]]
    rings = [shape["geometry"]["coordinates"][0] for shape in shapes]

    assert all(ring[0] == ring[-1] for ring in rings)
    assert all(abs(x - CENTRE_LONGITUDE) < 0.1 and abs(y - CENTRE_LATITUDE) < 0.1 for ring in rings for x, y in ring)


def test_degrees_and_metres_agree() -> None:
    """There and back within a decimetre."""
    point = Point(-4_321.0, 5_678.0)

    assert on_plane(*point.degrees()).distance_m(point) < 0.2


def test_a_place_in_a_turned_rectangle_is_inside() -> None:
    """Even-odd rule on both sides of an edge."""
    ring = rectangle(Point(0, 0), 200, 100, 45)

    assert (contains(ring, Point(60, 60)), contains(ring, Point(60, -60))) == (True, False)


def test_a_vehicle_stands_at_its_stops_and_returns() -> None:
    """100 m at 10 m/s, 30 s at the far end, and back: a lap of 50 s."""
    route = Route((Stop(Point(0, 0)), Stop(Point(100, 0), 30)), 10.0)

    assert route.lap_s == 50
    assert [route.position(t * 1000).east_m for t in (0, 5, 10, 39, 45, 50)] == pytest.approx([0, 50, 100, 100, 50, 0])
    assert [route.speed(t * 1000) for t in (5, 20, 45)] == [10, 0, 10]
    assert [route.course_deg(t * 1000) for t in (5, 45)] == [90, 270]


def test_an_unknown_station_is_an_error(zone: Zone) -> None:
    """Not a silent absence."""
    with pytest.raises(KeyError):
        zone.station("micro-999")
