"""Whose is it? Stations above their region are grouped; each group is laid to the area whose plume fits it best."""

import math
from typing import Final, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from hub.model import Area, AreaKind

Floats = NDArray[np.float64]

# Stations this near to each other see the same source.
LINK_M: Final = 2_500.0
# Areas farther from the peak than this are no candidates.
CANDIDATE_M: Final = 3_500.0
# Stations within this distance of the peak say by their silence where the source is not.
WITNESS_M: Final = 6_000.0

# A plume in open country, widened for a wind known to 20 degrees only: width and depth where it starts, and per metre.
_WIDTH_M, _WIDENS = 120.0, 0.18
_DEPTH_M, _DEEPENS = 25.0, 0.09
_CALM_M: Final = 600.0
# Dust is coarse: with so many times more PM10 than PM2.5 in the excess, building sites come first, then roads.
_COARSE: Final = 2.5
_UNLIKELY: Final[dict[AreaKind, float]] = {
    "construction_site": 0.0,
    "road": 0.1,
    "enterprise": 0.2,
    "lab_building": 0.3,
}
_FAR: Final = 0.05  # misfit that a kilometre from the peak counts as


class Wind(NamedTuple):
    """Where the wind comes from, as a vector in m/s that points upwind; NaN when unknown."""

    east: float
    north: float

    @property
    def speed(self) -> float:
        """Length in m/s."""
        return math.hypot(self.east, self.north)


class Plume(NamedTuple):
    """What is to be explained.

    Attributes:
        east_m, north_m: float64[k], where was measured.
        excess: float64[k], above the background, not negative.
        wind: at that place.
        coarse: excess of PM10 over that of PM2.5, NaN when it is about neither.
    """

    east_m: Floats
    north_m: Floats
    excess: Floats
    wind: Wind
    coarse: float


def groups(east_m: Floats, north_m: Floats, family: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return int64[k], the number of each point's group: points of one family that are linked by steps of LINK_M."""
    k = len(east_m)
    if k < 2:
        return np.zeros(k, np.int64)
    # Families lie so far apart in a third dimension that nothing links them.
    places = np.column_stack([east_m, north_m, family * 10 * LINK_M])
    pairs = cKDTree(places).query_pairs(LINK_M, output_type="ndarray")
    links = coo_array((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(k, k))
    return connected_components(links, directed=False)[1].astype(np.int64)


def candidates(plume: Plume, areas: tuple[Area, ...], shapes: NDArray[np.object_]) -> list[tuple[int, float]]:
    """Return (index of the area, misfit) of every area near the peak, the likeliest first.

    The misfit is the share of the measured excess, 0 to 1, that the best plume from that area leaves unexplained, plus
    what speaks against its kind and its distance.
    """
    if not len(plume.excess) or not len(shapes):
        return []
    peak = int(plume.excess.argmax())
    distance_m = shapely.distance(shapely.points(plume.east_m[peak], plume.north_m[peak]), shapes)
    near = np.flatnonzero(distance_m <= CANDIDATE_M).tolist()
    scored = [(area, misfit(plume, shapes[area]) + _against(plume, areas[area], distance_m[area])) for area in near]
    return sorted(scored, key=lambda pair: (pair[1], pair[0]))


def _against(plume: Plume, area: Area, distance_m: float) -> float:
    unlikely = _UNLIKELY[area.kind] if plume.coarse > _COARSE else 0.3 * (area.kind == "lab_building")
    return unlikely + _FAR * distance_m / 1000


def misfit(plume: Plume, shape: shapely.Polygon) -> float:
    """Return the share, 0 to 1, of the excess's square that the best plume from a shape leaves unexplained."""
    expected = footprint(plume, shape)
    strength = float(expected @ expected)
    measured = float(plume.excess @ plume.excess)
    if strength <= 0 or measured <= 0:
        return 1.0
    return 1.0 - float(expected @ plume.excess) ** 2 / (strength * measured)


def footprint(plume: Plume, shape: shapely.Polygon) -> Floats:
    """Return float64[k]: what a source spread evenly over a shape would add at each point, in arbitrary units."""
    east, north, weight = _patches(shape)
    dx, dy = plume.east_m[:, None] - east[None, :], plume.north_m[:, None] - north[None, :]
    speed = plume.wind.speed
    if not speed > 0:
        return np.asarray(np.exp(-0.5 * (dx**2 + dy**2) / _CALM_M**2) @ weight, np.float64)
    downwind = -(dx * plume.wind.east + dy * plume.wind.north) / speed
    across = (dx * plume.wind.north - dy * plume.wind.east) / speed
    reach = np.maximum(downwind, 0)
    width, depth = _WIDTH_M + _WIDENS * reach, _DEPTH_M + _DEEPENS * reach
    bell = np.exp(-0.5 * ((across / width) ** 2 + (np.minimum(downwind, 0) / _WIDTH_M) ** 2))
    return np.asarray((bell / (width * depth)) @ weight, np.float64)


def _patches(shape: shapely.Polygon) -> tuple[Floats, Floats, Floats]:
    """Return the middles of the pieces into which a grid cuts a shape, and their shares of it."""
    step = min(max(math.sqrt(shape.area / 9), 60.0), 400.0)
    west, south, east, north = shape.bounds
    x, y = np.meshgrid(np.arange(west, east, step), np.arange(south, north, step))
    pieces = shapely.intersection(shapely.box(x.ravel(), y.ravel(), x.ravel() + step, y.ravel() + step), shape)
    pieces = pieces[shapely.area(pieces) > 0]
    middle = shapely.get_coordinates(shapely.centroid(pieces))
    return middle[:, 0], middle[:, 1], shapely.area(pieces) / shape.area
