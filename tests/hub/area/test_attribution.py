"""Whose plume is it, and how sure is that?"""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.area.attribution import Measured, Posterior, groups, near, posterior
from hub.area.plume import Points
from hub.model import Area, AreaKind

NAN = float("nan")


def areas_at(*places: tuple[float, float, AreaKind]) -> tuple[tuple[Area, ...], np.ndarray]:
    """Return squares of 400 m."""
    shapes = [shapely.box(x - 200, y - 200, x + 200, y + 200) for x, y, _ in places]
    areas = tuple(Area(f"a{i}", kind, "", "", (), shapes[i]) for i, (_, _, kind) in enumerate(places))
    return areas, np.array(shapes, object)


def seen(points: np.ndarray, excess: np.ndarray, upwind: float, speed: float = 2.0, coarse: float = NAN) -> Measured:
    """Return what instruments show, under a wind from an angle (radians, clockwise from north)."""
    east, north = np.full(len(points), math.sin(upwind)), np.full(len(points), math.cos(upwind))
    return Measured(
        points=Points(points[:, 0], points[:, 1], east, north),
        excess=excess,
        error=np.hypot(5.0, 0.05 * (excess + 30)),
        trust=np.ones(len(points)),
        peak=int(excess.argmax()),
        speed_m_s=speed,
        coarse=coarse,
        scale=50.0,
    )


def plume(source: tuple[float, float], angle: float, points: np.ndarray) -> np.ndarray:
    """Return what a point source adds at some points under a wind from an angle, written out point by point."""
    result = []
    for x, y in (points - source).tolist():
        down = -(x * math.sin(angle) + y * math.cos(angle))
        across = x * math.cos(angle) - y * math.sin(angle)
        width, depth = 200 + 0.11 * max(down, 0), 20 + 0.1 * max(down, 0)
        bell = math.exp(-0.5 * ((across / width) ** 2 + (min(down, 0) / 200) ** 2))
        result.append(600 * bell * 4000 / (width * depth))
    return np.array(result)


def shares(found: Posterior) -> dict[int, float]:
    """Return the probability of each area, -1 for outside."""
    return dict(zip(found.area, found.probability.tolist(), strict=True))


GRID = np.stack(np.meshgrid(np.arange(-3000, 3001, 1000.0), np.arange(-3000, 3001, 1000.0)), -1).reshape(-1, 2)


@given(angle=st.floats(0, 6.28), error=st.floats(-0.35, 0.35))
@settings(max_examples=8)
def test_the_area_upwind_of_the_stations_is_the_likeliest(angle: float, error: float) -> None:
    """From any direction, with a wind that is 20 degrees wrong, against a neighbour downwind at the same distance."""
    areas, shapes = areas_at((0, 0, "enterprise"), (-1600 * math.sin(angle), -1600 * math.cos(angle), "enterprise"))
    found = posterior(seen(GRID + 130, plume((0, 0), angle, GRID + 130), angle + error), areas, shapes)

    assert max(shares(found), key=lambda area: shares(found)[area]) == 0


@given(angle=st.floats(0, 6.28), seed=st.integers(0, 99))
@settings(max_examples=5)
def test_probabilities_add_up_and_know_no_order(angle: float, seed: int) -> None:
    """Stations and areas in another order get the same; asked twice, the same again."""
    areas, shapes = areas_at((0, 0, "enterprise"), (700, 900, "road"), (-500, 1200, "construction_site"))
    excess = plume((0, 0), angle, GRID + 130)
    found = posterior(seen(GRID + 130, excess, angle), areas, shapes)
    order, turn = np.random.default_rng(seed).permutation(len(GRID)), [2, 0, 1]
    again = posterior(
        seen((GRID + 130)[order], excess[order], angle), tuple(areas[i] for i in turn), shapes[np.array(turn)]
    )

    assert found.probability.sum() == pytest.approx(1.0)
    expected = {turn.index(area) if area >= 0 else area: share for area, share in shares(found).items()}
    assert expected == pytest.approx(shares(again), abs=1e-9)


def test_dust_is_laid_to_the_building_site_next_door() -> None:
    """Of two areas that fit about equally, coarse dust points at the site, fine particles do not."""
    areas, shapes = areas_at((0, 0, "enterprise"), (350, 250, "construction_site"))
    excess = plume((200, 100), 0.0, GRID + 130)
    dust, fine = (
        shares(posterior(seen(GRID + 130, excess, 0.0, coarse=coarse), areas, shapes)) for coarse in (8.0, 1.2)
    )

    assert dust[1] > dust[0]
    assert fine[0] > fine[1]


@pytest.mark.parametrize("speed", [NAN, 0.1])
def test_without_wind_the_nearest_area_is_the_likeliest(speed: float) -> None:
    """A calm or an unknown wind has no upwind."""
    areas, shapes = areas_at((0, 0, "enterprise"), (1800, 0, "enterprise"))
    points = np.array([[300.0, 0.0], [2900.0, 0.0]])
    found = shares(posterior(seen(points, np.array([200.0, 0.0]), 0.0, speed), areas, shapes))

    assert found[0] > found[1]


def test_a_weak_wind_leaves_more_open_than_a_steady_one() -> None:
    """The direction of half a metre a second is known badly."""
    areas, shapes = areas_at((0, 0, "enterprise"), (1200, -800, "enterprise"))
    alone = np.array([[0.0, -1500.0]])
    steady, weak = (
        shares(posterior(seen(alone, np.array([150.0]), 0.0, speed), areas, shapes))[0] for speed in (4.0, 0.4)
    )

    assert weak < steady


def test_a_source_where_no_area_is_drawn_is_said_to_be_outside() -> None:
    """One station far above all its neighbours, and the only area two kilometres across the wind."""
    areas, shapes = areas_at((2000, 0, "enterprise"))
    points = np.vstack([[0.0, 0.0], GRID + 400])
    found = shares(posterior(seen(points, np.where(np.arange(len(points)) == 0, 300.0, 0.0), 0.0), areas, shapes))

    assert found[-1] > 0.9


def test_an_area_that_was_red_before_is_likelier() -> None:
    """By as much as is said beforehand."""
    areas, shapes = areas_at((0, 0, "enterprise"), (350, 250, "enterprise"))
    measured = seen(GRID + 130, plume((200, 100), 0.0, GRID + 130), 0.0)
    before = shares(posterior(measured, areas, shapes))
    after = shares(posterior(measured, areas, shapes, np.array([1.0, 30.0])))

    assert after[1] > before[1]
    assert after[0] < before[0]


def test_areas_far_from_the_peak_are_no_candidates() -> None:
    """A lead needs an area nearby; none is better than a wrong one."""
    areas, shapes = areas_at((9000, 9000, "enterprise"))
    measured = seen(GRID, plume((0, 0), 0.0, GRID), 0.0)

    assert near(measured, shapes).tolist() == []
    assert posterior(measured, areas, shapes).area == (-1,)
    assert near(measured, shapes[:0]).tolist() == []


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
