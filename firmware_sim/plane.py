"""The zone as a plane: metres east and north of its centre, and the shapes drawn on it."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

CENTRE_LONGITUDE: Final = 116.50
CENTRE_LATITUDE: Final = 39.80
_NORTH_M: Final = 111_195.0
_EAST_M: Final = _NORTH_M * math.cos(math.radians(CENTRE_LATITUDE))


class Point(NamedTuple):
    """Metres east and north of the zone's centre."""

    east_m: float
    north_m: float

    def degrees(self) -> tuple[float, float]:
        """Return (longitude, latitude), WGS-84, to a decimetre."""
        return (
            round(CENTRE_LONGITUDE + self.east_m / _EAST_M, 6),
            round(CENTRE_LATITUDE + self.north_m / _NORTH_M, 6),
        )

    def distance_m(self, other: "Point") -> float:
        """Return the straight distance in metres."""
        return math.hypot(self.east_m - other.east_m, self.north_m - other.north_m)

    def bearing_deg(self, other: "Point") -> float:
        """Return the direction of another point, degrees clockwise from north in [0, 360)."""
        return math.degrees(math.atan2(other.east_m - self.east_m, other.north_m - self.north_m)) % 360


Ring = tuple[Point, ...]


def on_plane(longitude: float, latitude: float) -> Point:
    """Return the point at a WGS-84 position; good to 1 % within 60 km of the centre."""
    return Point((longitude - CENTRE_LONGITUDE) * _EAST_M, (latitude - CENTRE_LATITUDE) * _NORTH_M)


def rectangle(centre: Point, width_m: float, height_m: float, turn_deg: float = 0.0) -> Ring:
    """Return a rectangle's corners, counter-clockwise, turned counter-clockwise by `turn_deg`."""
    cosine, sine = math.cos(math.radians(turn_deg)), math.sin(math.radians(turn_deg))
    corners = [(-width_m, -height_m), (width_m, -height_m), (width_m, height_m), (-width_m, height_m)]
    return tuple(
        Point(centre.east_m + (x * cosine - y * sine) / 2, centre.north_m + (x * sine + y * cosine) / 2)
        for x, y in corners
    )


def strip(start: Point, end: Point, width_m: float) -> Ring:
    """Return the corners of a straight road between two points."""
    middle = Point((start.east_m + end.east_m) / 2, (start.north_m + end.north_m) / 2)
    turn = math.degrees(math.atan2(end.north_m - start.north_m, end.east_m - start.east_m))
    return rectangle(middle, start.distance_m(end), width_m, turn)


def contains(ring: Ring, point: Point) -> bool:
    """Return whether a point lies inside a simple polygon (even-odd rule)."""
    inside = False
    for (x1, y1), (x2, y2) in zip(ring, (*ring[1:], ring[0]), strict=True):
        if (y1 > point.north_m) != (y2 > point.north_m):
            cross = x1 + (point.north_m - y1) / (y2 - y1) * (x2 - x1)
            inside ^= point.east_m < cross
    return inside


def along(path: Sequence[Point], distance_m: float) -> Point:
    """Return the point `distance_m` from the start of a path, its end when that is shorter."""
    for start, end in pairwise(path):
        length = start.distance_m(end)
        if distance_m < length:
            share = distance_m / length
            return Point(
                start.east_m + share * (end.east_m - start.east_m),
                start.north_m + share * (end.north_m - start.north_m),
            )
        distance_m -= length
    return path[-1]
