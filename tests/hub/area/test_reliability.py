"""Stated probabilities against the simulator's own plumes: a small copy of `python bench attribution`."""

import math
from typing import Any

import numpy as np
import shapely

from firmware_sim.plane import Point
from firmware_sim.plume import Source, Wind
from hub.area.attribution import Measured, posterior
from hub.area.plume import Points
from hub.model import Area

SOURCES = 60


def drawn(number: int) -> tuple[Measured, tuple[Area, ...], Any, int] | None:
    """Return what stations show of one source by chance, the areas, and which it was; None when nothing stands out."""
    chance = np.random.default_rng([7, number])
    middles = chance.uniform(-3000, 3000, (10, 2))
    shapes = np.array([shapely.box(x - 220, y - 220, x + 220, y + 220) for x, y in middles], object)
    areas = tuple(Area(f"a{i}", "enterprise", "", "", (), shape) for i, shape in enumerate(shapes))
    culprit, angle, speed = int(chance.integers(10)), chance.uniform(0, math.tau), chance.uniform(1, 5)
    centre = Point(*(middles[culprit] + chance.uniform(-200, 200, 2)).tolist())
    source = Source(centre, chance.uniform(80, 250), 20.0, {"pm10": 1000 * math.exp(chance.normal(0, 0.6))}, 0, 60_000)
    grid = np.stack(np.meshgrid(np.arange(-3600, 3601, 1200.0), np.arange(-3600, 3601, 1200.0)), -1).reshape(-1, 2)
    places = grid + chance.uniform(-400, 400, grid.shape)
    wind = Wind(speed * math.sin(angle), speed * math.cos(angle))
    true = np.array([source.excess("pm10", Point(*place), wind, 0) for place in places.tolist()])
    excess = true * np.exp(chance.normal(0, 0.2, len(true))) + chance.normal(0, 4, len(true))
    if excess.max() < 80:
        return None
    told = angle + chance.normal(0, math.radians(20))
    points = Points(*places.T, np.full(len(true), math.sin(told)), np.full(len(true), math.cos(told)))
    error = np.hypot(5.0, 0.05 * (excess + 40))
    measured = Measured(points, excess, error, np.ones(len(true)), int(excess.argmax()), speed, math.nan, 80.0)
    return measured, areas, shapes, culprit


def test_what_is_called_likely_is_right_as_often_as_it_says() -> None:
    """The first name in four of five cases, and no surer on the whole than right."""
    stated, right = [], []
    for number in range(SOURCES):
        case = drawn(number)
        if case is None:
            continue
        found = posterior(*case[:3])
        best = int(found.probability.argmax())
        stated.append(float(found.probability[best]))
        right.append(found.area[best] == case[3])

    assert len(right) > SOURCES // 3
    assert np.mean(right) > 0.8
    assert abs(np.mean(stated) - np.mean(right)) < 0.1
