"""Where a source could be: possible sources drawn evenly over areas, and over the ground outside of all."""

import math
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.special import ndtri

from hub.area.plume import SPREADS, Sources

Floats = NDArray[np.float64]

# The wind is known to so many degrees, and worse when it is weak: a gust of this speed turns it.
DIRECTION_DEG: Final = 20.0
GUST_M_S: Final = 0.5
# Below this it comes from anywhere.
CALM_M_S: Final = 0.3
RADIUS_M: Final = (60.0, 300.0)
_DIMENSIONS: Final = 6


def even(count: int) -> Floats:
    """Return float64[count, 6]: numbers in (0, 1) that fill the cube evenly, always the same (Roberts' R sequence)."""
    golden = 2.0
    for _ in range(40):
        golden = (1 + golden) ** (1 / (_DIMENSIONS + 1))
    steps = golden ** -np.arange(1.0, _DIMENSIONS + 1)
    return np.asarray((0.5 + np.arange(1, count + 1)[:, None] * steps) % 1.0, np.float64)


def inside(shape: shapely.Geometry, count: int, speed_m_s: float) -> Sources:
    """Return possible sources within a shape (metres, not empty), under a wind of a speed (NaN: unknown)."""
    chance = even(count)
    east, north = _spots(shape, chance[:, :3])
    return _sources(east, north, chance[:, 3:], speed_m_s)


def around(middle: shapely.Point, reach_m: float, count: int, speed_m_s: float) -> Sources:
    """Return possible sources within `reach_m` of a point, as many in each ring of the same width."""
    chance = even(count)
    away, angle = reach_m * chance[:, 0], math.tau * chance[:, 1]
    return _sources(middle.x + away * np.cos(angle), middle.y + away * np.sin(angle), chance[:, 3:], speed_m_s)


def deviation_rad(speed_m_s: float) -> float:
    """Return the standard deviation of a wind's direction, infinite when it comes from anywhere."""
    if not speed_m_s >= CALM_M_S:
        return math.inf
    return math.hypot(math.radians(DIRECTION_DEG), math.atan(GUST_M_S / speed_m_s))


def _spots(shape: shapely.Geometry, chance: Floats) -> tuple[Floats, Floats]:
    """Return points spread evenly over a shape: a triangle by its size, a place in it."""
    triangles = shapely.get_parts(shapely.constrained_delaunay_triangles(shape))
    share = np.cumsum(shapely.area(triangles))
    which = np.minimum(np.searchsorted(share, chance[:, 0] * share[-1]), len(share) - 1)
    corner = shapely.get_coordinates(triangles).reshape(-1, 4, 2)[which]
    root, part = np.sqrt(chance[:, 1])[:, None], chance[:, 2][:, None]
    spot = (1 - root) * corner[:, 0] + root * (1 - part) * corner[:, 1] + root * part * corner[:, 2]
    return spot[:, 0], spot[:, 1]


def _sources(east: Floats, north: Floats, chance: Floats, speed_m_s: float) -> Sources:
    deviation = deviation_rad(speed_m_s)
    turn = math.tau * chance[:, 0] if math.isinf(deviation) else deviation * ndtri(chance[:, 0])
    small, large = RADIUS_M
    radius = small * (large / small) ** chance[:, 1]
    spread = np.array(SPREADS)[(chance[:, 2] * len(SPREADS)).astype(np.intp)]
    return Sources(east, north, np.asarray(turn, np.float64), radius, spread[:, 0], spread[:, 1])
