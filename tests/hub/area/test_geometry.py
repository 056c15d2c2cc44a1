"""Areas on the ground."""

import json
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.area.geometry import NOWHERE, areas_of, homes, nearest, plane_of, shapes_m
from hub.errors import ConfigError


def feature(area_id: str = "a", **changes: Any) -> dict[str, Any]:
    """Return a square kilometre or so as GeoJSON."""
    square = shapely.box(116.50, 39.80, 116.51, 39.81)
    properties = {"id": area_id, "kind": "enterprise", "name": "甲", "name_en": "A", "districts": ["west"]}
    return {
        "type": "Feature",
        "geometry": changes.pop("geometry", json.loads(shapely.to_geojson(square))),
        "properties": properties | changes,
    }


def test_areas_are_read_as_they_are_written() -> None:
    """With kind, names and districts."""
    (area,) = areas_of({"features": [feature()]})

    assert (area.id, area.kind, area.name, area.name_en, area.districts) == ("a", "enterprise", "甲", "A", ("west",))


@pytest.mark.parametrize(
    ("features", "said"),
    [
        ([feature(kind="pond")], "pond"),
        ([feature(geometry={"type": "Point", "coordinates": [1, 2]})], "polygon"),
        ([feature(geometry=None)], "polygon"),
        ([feature(), feature()], "twice"),
        ([feature(name=None, id="b") | {"properties": {"id": "b", "kind": "road"}}], "name"),
        ([feature(geometry={"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 1], [1, 0], [0, 0]]]})], "valid"),
    ],
)
def test_what_is_no_area_is_refused(features: list[Any], said: str) -> None:
    """With the area and the reason."""
    with pytest.raises(ConfigError, match=said):
        areas_of({"features": features})


def test_the_nearest_points_speak_for_an_area() -> None:
    """All that lie in it; else the nearest within so many metres: a hundredth of a degree of latitude is 1,112 m."""
    areas = areas_of({"features": [feature()]})
    plane = plane_of(areas)
    shapes = shapes_m(areas, plane)
    east, north = plane.metres(np.array([116.505, 116.506, 116.505, np.nan]), np.array([39.805, 39.806, 39.82, 39.8]))
    outside, further = slice(2, 4), 1112 + 2

    assert [found.tolist() for found in nearest(shapes, east, north, 100)] == [[0, 1], [0, 0]]
    assert [found.tolist() for found in nearest(shapes, east[outside], north[outside], further)] == [[0], [0]]
    assert [found.tolist() for found in nearest(shapes, east[outside], north[outside], further - 4)] == [[], []]


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25)
def test_homes_and_nearest_are_those_of_a_table_of_all_distances(seed: int) -> None:
    """Points and overlapping squares at random, some points nowhere."""
    chance = np.random.default_rng(seed)
    corner, side = chance.uniform(0, 9_000, (6, 2)), chance.uniform(100, 4_000, 6)
    shapes = np.array([shapely.box(x, y, x + a, y + a) for (x, y), a in zip(corner, side, strict=True)], object)
    east, north = np.where(chance.random(30) < 0.1, np.nan, chance.uniform(0, 10_000, (2, 30)))
    points = shapely.points(np.nan_to_num(east), np.nan_to_num(north))
    away = np.where(np.isnan(east + north)[:, None], np.inf, shapely.distance(points[:, None], shapes[None, :]))
    size = np.where(away == 0, side, np.inf)
    home = np.where(np.isfinite(size).any(axis=1), size.argmin(axis=1), NOWHERE)
    table = np.nonzero((away <= away.min(axis=0)) & (away <= 500))

    assert homes(shapes, east, north).tolist() == home.tolist()
    assert [part.tolist() for part in nearest(shapes, east, north, 500)] == [part.tolist() for part in table]


def test_a_station_is_at_home_in_the_smallest_area_around_it() -> None:
    """A lab in an enterprise's ground is the lab's affair; outside of all is nowhere."""
    small = json.loads(shapely.to_geojson(shapely.box(116.504, 39.804, 116.506, 39.806)))
    areas = areas_of({"features": [feature("big"), feature("small", geometry=small)]})
    plane = plane_of(areas)
    shapes = shapes_m(areas, plane)
    east, north = plane.metres(np.array([116.505, 116.501, 116.6]), np.array([39.805, 39.801, 39.8]))

    assert homes(shapes, east, north).tolist() == [1, 0, NOWHERE]


def test_a_zone_without_areas_has_no_homes() -> None:
    """Nothing fails."""
    shapes, one = shapes_m((), plane_of(())), np.array([1.0])

    assert homes(shapes, one, one).tolist() == [NOWHERE]
    assert [part.tolist() for part in nearest(shapes, one, one, 100)] == [[], []]
