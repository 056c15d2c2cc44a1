"""Areas on the ground."""

import json
from typing import Any

import numpy as np
import pytest
import shapely

from hub.area.geometry import NOWHERE, areas_of, distances_m, homes, plane_of, shapes_m
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


def test_distances_are_in_metres_and_zero_inside() -> None:
    """A hundredth of a degree of latitude is 1,112 m."""
    areas = areas_of({"features": [feature()]})
    plane = plane_of(areas)
    east, north = plane.metres(np.array([116.505, 116.505, np.nan]), np.array([39.805, 39.82, 39.8]))
    away = distances_m(shapes_m(areas, plane), east, north)

    assert away[0, 0] == 0
    assert away[1, 0] == pytest.approx(1112, abs=2)
    assert np.isnan(away[2, 0])


def test_a_station_is_at_home_in_the_smallest_area_around_it() -> None:
    """A lab in an enterprise's ground is the lab's affair; outside of all is nowhere."""
    small = json.loads(shapely.to_geojson(shapely.box(116.504, 39.804, 116.506, 39.806)))
    areas = areas_of({"features": [feature("big"), feature("small", geometry=small)]})
    plane = plane_of(areas)
    shapes = shapes_m(areas, plane)
    east, north = plane.metres(np.array([116.505, 116.501, 116.6]), np.array([39.805, 39.801, 39.8]))

    assert homes(shapes, distances_m(shapes, east, north)).tolist() == [1, 0, NOWHERE]


def test_a_zone_without_areas_has_no_homes() -> None:
    """Nothing fails."""
    plane = plane_of(())
    away = distances_m(shapes_m((), plane), np.array([1.0]), np.array([2.0]))

    assert away.shape == (1, 0)
    assert homes(shapes_m((), plane), away).tolist() == [NOWHERE]
