"""What the wind brings is nobody's: fronts of haze that cross a town, and sources that stay where they are."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hub.catalogue import Catalogue
from hub.judgement import Judgement
from hub.model import MINUTE_MS, Level

pytestmark = pytest.mark.component

NOON = int(1_420_776_000 / 60)
CHANCE = np.random.default_rng(11).standard_normal((25, 2, 200))
Air = Callable[[str, str, int], float]


def crossing(speed: float, direction: float, lasts_min: float, low: float, high: float) -> Air:
    """Return air whose level changes from low to high with the wind, from its side of the town to the other."""
    east, north = np.sin(np.radians(direction)), np.cos(np.radians(direction))

    def air(station: str, name: str, minute: int) -> float:
        if name.startswith("wind"):
            return speed if name == "wind_speed" else direction
        if station[0] != "m":
            return 22.0 + 0.01 * (minute % 3)
        i = int(station[1:])
        downwind_m = -1000.0 * ((i % 5 - 2) * east + (i // 5 - 2) * north)
        share = min(max((minute - 15 - (downwind_m + 2900) / speed / 60) / lasts_min, 0.0), 1.0)
        return float(round((low + (high - low) * share) * (1 + 0.05 * CHANCE[i, int(name == "pm10"), minute]), 1))

    return air


def judged(town: Any, minutes: int) -> tuple[list[tuple[str, str, int]], Level]:
    """Return the leads as (area, property, minute at which each opened) and the highest level that an area had."""
    judgement, leads, highest = Judgement(Catalogue(), town.areas), [], Level.NORMAL
    judgement.learn(town.catalogue())
    for minute in range(minutes):
        payload = town.minute(minute)
        judgement.take(payload, payload.t0 + 50_000)
        for outcome in judgement.close(NOON + minute, payload.t0 + 90_000):
            minute_of = outcome.minute_ms // MINUTE_MS - NOON
            leads += [(lead.area, lead.cause.property, minute_of) for lead in outcome.leads]
            highest = max([highest, *(change.level for change in outcome.changes)])
    return leads, highest


@pytest.mark.parametrize(
    ("speed", "direction", "lasts_min", "low", "high"),
    [(2.0, 225.0, 2.0, 30.0, 330.0), (3.0, 250.0, 15.0, 30.0, 330.0), (2.5, 180.0, 3.0, 330.0, 30.0)],
    ids=["a wall comes", "a slope comes", "a wall leaves"],
)
def test_a_front_that_crosses_the_town_is_nobodys(
    town: Any, speed: float, direction: float, lasts_min: float, low: float, high: float
) -> None:
    """The first stations in the wind, or the last, stand above all others for a while: no red, no lead."""
    town.air = crossing(speed, direction, lasts_min, low, high)
    leads, highest = judged(town, 75)

    assert leads == []
    assert highest <= Level.ATTENTION


def plume(station: str, name: str, minute: int, at: str) -> float:
    """Return what a source beside one station adds from 12:10 on."""
    return 300.0 * (station == at and name == "pm10" and minute >= 10)


@pytest.mark.parametrize(("at", "delay_min"), [("m06", 2), ("m12", 2), ("m00", 14)])
def test_a_source_inside_the_network_is_seen_at_once_and_one_at_its_edge_after_a_while(
    town: Any, at: str, delay_min: int
) -> None:
    """At the edge the next station downwind has to show first that it is no front."""
    steady = crossing(2.0, 225.0, 1.0, 30.0, 30.0)
    town.air = lambda s, n, m: steady(s, n, m) + plume(s, n, m, at)
    leads, _ = judged(town, 35)

    assert [("site", "pm10", 10 + delay_min)] == leads


def test_without_wind_an_excess_is_taken_as_it_is(town: Any) -> None:
    """In calm air nothing is brought from anywhere."""
    steady = crossing(0.1, 225.0, 1.0, 30.0, 30.0)
    town.air = lambda s, n, m: steady(s, n, m) + plume(s, n, m, "m00")
    leads, _ = judged(town, 15)

    assert [("site", "pm10", 12)] == leads
