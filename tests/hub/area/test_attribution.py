"""Whose plume is it?"""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.area.attribution import Plume, Wind, candidates, groups
from hub.model import Area, AreaKind

NAN = float("nan")


def areas_at(*places: tuple[float, float, AreaKind]) -> tuple[tuple[Area, ...], np.ndarray]:
    """Return squares of 400 m."""
    shapes = [shapely.box(x - 200, y - 200, x + 200, y + 200) for x, y, _ in places]
    areas = tuple(Area(f"a{i}", kind, "", "", (), shapes[i]) for i, (_, _, kind) in enumerate(places))
    return areas, np.array(shapes, object)


def plume(source: tuple[float, float], wind: Wind, points: np.ndarray, coarse: float = NAN) -> Plume:
    """Return what a point source adds at some points: a narrower plume than the one that is fitted."""
    x, y = points[:, 0] - source[0], points[:, 1] - source[1]
    down = -(x * wind.east + y * wind.north) / wind.speed
    across = (x * wind.north - y * wind.east) / wind.speed
    width, depth = 200 + 0.11 * np.maximum(down, 0), 20 + 0.1 * np.maximum(down, 0)
    shape = np.exp(-0.5 * ((across / width) ** 2 + (np.minimum(down, 0) / 200) ** 2))
    return Plume(points[:, 0], points[:, 1], 600 * shape * 4000 / (width * depth), wind, coarse)


GRID = np.stack(np.meshgrid(np.arange(-3000, 3001, 1000.0), np.arange(-3000, 3001, 1000.0)), -1).reshape(-1, 2)


@given(angle=st.floats(0, 6.28), error=st.floats(-0.35, 0.35))
@settings(max_examples=15, deadline=None)
def test_the_area_upwind_of_the_stations_is_the_likeliest(angle: float, error: float) -> None:
    """From any direction, with a wind that is 20 degrees wrong, against a neighbour downwind at the same distance."""
    east, north = np.sin(angle), np.cos(angle)
    areas, shapes = areas_at((0, 0, "enterprise"), (-1600 * east, -1600 * north, "enterprise"))
    measured = plume((0, 0), Wind(2 * east, 2 * north), GRID + 130)
    told = Wind(2 * np.sin(angle + error), 2 * np.cos(angle + error))

    assert candidates(measured._replace(wind=told), areas, shapes)[0][0] == 0


def test_dust_is_laid_to_the_building_site_next_door() -> None:
    """Of two areas that fit about equally, coarse dust points at the site, fine particles do not."""
    areas, shapes = areas_at((0, 0, "enterprise"), (350, 250, "construction_site"))
    wind = Wind(0, 2)
    dust = plume((200, 100), wind, GRID + 130)

    assert candidates(dust._replace(coarse=8.0), areas, shapes)[0][0] == 1


def test_without_wind_the_nearest_area_is_the_likeliest() -> None:
    """A calm or an unknown wind has no upwind."""
    areas, shapes = areas_at((0, 0, "enterprise"), (1800, 0, "enterprise"))
    near = Plume(np.array([300.0, 2900.0]), np.array([0.0, 0.0]), np.array([200.0, 0.0]), Wind(NAN, NAN), NAN)

    assert candidates(near, areas, shapes)[0][0] == 0


def test_areas_far_from_the_peak_are_no_candidates() -> None:
    """A lead needs an area nearby; none is better than a wrong one."""
    areas, shapes = areas_at((9000, 9000, "enterprise"))

    assert candidates(plume((0, 0), Wind(0, 2), GRID), areas, shapes) == []
    assert candidates(plume((0, 0), Wind(0, 2), GRID[:0]), areas, shapes) == []


def test_points_are_grouped_by_steps_and_by_family() -> None:
    """A chain of steps is one group; another family at the same place is another group."""
    east = np.array([0.0, 2000.0, 4000.0, 9000.0, 0.0])
    found = groups(east, np.zeros(5), np.array([0, 0, 0, 0, 1]))

    assert found[0] == found[1] == found[2]
    assert len({found[0], found[3], found[4]}) == 3


@pytest.mark.parametrize("k", [0, 1])
def test_none_and_one_point_make_none_and_one_group(k: int) -> None:
    """Nothing fails."""
    assert groups(np.zeros(k), np.zeros(k), np.zeros(k, np.int64)).tolist() == [0] * k
