"""Areas on the ground: read from GeoJSON, laid on a plane in metres, related to stations."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, get_args

import numpy as np
import shapely
from numpy.typing import NDArray

from hub.errors import ConfigError
from hub.model import Area, AreaKind

Floats = NDArray[np.float64]
NOWHERE: Final = -1
# Metres in a degree of latitude on the sphere of equal volume.
_DEGREE_M: Final = 111_195.0
_KINDS: Final = frozenset(get_args(AreaKind))


@dataclass(frozen=True)
class Plane:
    """Metres east and north of an origin in degrees WGS-84; good to 1 % within 60 km."""

    longitude: float
    latitude: float

    def metres(self, longitude: Floats, latitude: Floats) -> tuple[Floats, Floats]:
        """Return (east, north) in metres."""
        east = (longitude - self.longitude) * _DEGREE_M * math.cos(math.radians(self.latitude))
        return east, (latitude - self.latitude) * _DEGREE_M

    def degrees(self, east_m: float, north_m: float) -> tuple[float, float]:
        """Return (longitude, latitude) of a point."""
        metres = _DEGREE_M * math.cos(math.radians(self.latitude))
        return self.longitude + east_m / metres, self.latitude + north_m / _DEGREE_M


def plane_of(areas: Sequence[Area]) -> Plane:
    """Return the plane about the middle of the areas' bounds, about (0, 0) without areas."""
    if not areas:
        return Plane(0.0, 0.0)
    west, south, east, north = shapely.total_bounds([area.polygon for area in areas])
    return Plane(float(west + east) / 2, float(south + north) / 2)


def shapes_m(areas: Iterable[Area], plane: Plane) -> NDArray[np.object_]:
    """Return the areas' polygons in metres on the plane."""

    def metres(points: Floats) -> Floats:
        return np.column_stack(plane.metres(points[:, 0], points[:, 1]))

    return np.array([shapely.transform(area.polygon, metres) for area in areas], object)


def homes(shapes: NDArray[np.object_], east: Floats, north: Floats) -> NDArray[np.intp]:
    """Return for each point the smallest area that contains it, NOWHERE outside of all."""
    home = np.full(len(east), NOWHERE)
    area, point = _points(east, north).query(shapes, predicate="intersects") if len(shapes) else (home[:0], home[:0])
    # The largest first, of equal ones the last: what is written last stays.
    order = np.lexsort((-area, -shapely.area(shapes[area])))
    home[point[order]] = area[order]
    return home


def nearest(
    shapes: NDArray[np.object_], east: Floats, north: Floats, within_m: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return (point, area): the points nearest to each area, not farther than `within_m`; all that lie in it."""
    if not len(shapes):
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    area, point = _points(east, north).query_nearest(shapes, max_distance=within_m)
    order = np.lexsort((area, point))
    return point[order], area[order]


def _points(east: Floats, north: Floats) -> shapely.STRtree:
    """Return a tree of points; those that are nowhere are in no area and near none."""
    known = np.isfinite(east) & np.isfinite(north)
    points = np.full(len(east), None, object)
    points[known] = shapely.points(east[known], north[known])
    return shapely.STRtree(points)


def areas_of(document: Mapping[str, Any], name: str = "areas") -> tuple[Area, ...]:
    """Return the areas of a GeoJSON FeatureCollection (RFC 7946).

    Args:
        document: features with the properties id, kind, name, name_en and districts.
        name: of the file, for errors.

    Raises:
        ConfigError: not such a collection, an unknown kind, a shape that is no valid polygon, an id that comes twice.
    """
    areas = tuple(_area(feature, name) for feature in document.get("features", ()))
    seen: set[str] = set()
    for area in areas:
        if area.id in seen:
            raise ConfigError(name, area.id, "id", "comes twice")
        seen.add(area.id)
    return areas


def _area(feature: Mapping[str, Any], name: str) -> Area:
    said = feature.get("properties") or {}
    where = str(said.get("id", "?"))
    if said.get("kind") not in _KINDS:
        reason = f"{said.get('kind')!r}: use one of {', '.join(sorted(_KINDS))}"
        raise ConfigError(name, where, "kind", reason)
    try:
        polygon = shapely.geometry.shape(feature["geometry"])
    except (KeyError, TypeError, ValueError, AttributeError, shapely.errors.ShapelyError) as error:
        raise ConfigError(name, where, "geometry", f"no GeoJSON polygon: {error}") from error
    if not isinstance(polygon, shapely.Polygon) or polygon.is_empty or not polygon.is_valid:
        raise ConfigError(name, where, "geometry", "a valid polygon is needed")
    if "id" not in said or "name" not in said:
        raise ConfigError(name, where, "name", "id and name are needed")
    english = str(said.get("name_en") or said["name"])
    return Area(where, said["kind"], str(said["name"]), english, tuple(map(str, said.get("districts", ()))), polygon)
