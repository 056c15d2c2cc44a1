"""The one observation that would settle whose it is."""

import math
from typing import Any

import numpy as np
import pytest
import shapely

from hub.area.attribution import Measured, posterior
from hub.area.geometry import Plane
from hub.area.plume import Points
from hub.area.settling import settle
from hub.lead.words import beside, settle_words
from hub.model import Area, Datastream, Station
from hub.network import build_network
from hub.reasons import Settle

PLANE = Plane(116.5, 39.8)


def premises(name: str, east_m: float, north_m: float) -> Area:
    """Return a square of 400 m."""
    low, high = PLANE.degrees(east_m - 200, north_m - 200), PLANE.degrees(east_m + 200, north_m + 200)
    return Area(name, "enterprise", f"{name}厂", name, ("d",), shapely.box(*low, *high))


def zone(*areas: Area) -> Any:
    """Return a network with one station."""
    station = Station("m", "micro_station", "m", "m", 116.5, 39.8, "gw")
    return build_network((station,), (Datastream("m/d/pm10", 0, "m", "d", "pm10", "ug/m3", 60),), areas)


def alone(network: Any, excess: float, place: tuple[float, float] = (0.0, 0.0)) -> Measured:
    """Return one station's excess under a wind from the north, at metres from the areas' origin of the test."""
    east, north = network.plane.metres(*(np.array([d]) for d in PLANE.degrees(*place)))
    points = Points(east, north, np.zeros(1), np.ones(1))
    return Measured(points, np.array([excess]), np.array([10.0]), np.ones(1), 0, 2.0, math.nan, 80.0)


@pytest.fixture
def rivals() -> Any:
    """Return two premises upwind of a station, one behind the other, 1.4 km apart."""
    return zone(premises("near", 0, 500), premises("far", 150, 1900))


def test_between_two_rivals_one_measures_between_them_or_beside_one(rivals: Any) -> None:
    """Outside of both, near them, with a value between what each would make there."""
    measured = alone(rivals, 150.0)
    found = posterior(measured, rivals.areas, rivals.shapes)
    told = settle(rivals, measured, found, 30.0)

    assert told is not None
    assert {told.area, told.other} <= {"near", "far", None}
    assert told.area != told.other
    assert told.if_other < told.value < told.if_area
    assert 0.02 <= told.gain_bits <= 1.0
    place = shapely.Point(told.longitude, told.latitude)
    assert not any(area.polygon.contains(place) for area in rivals.areas)


def test_the_gain_is_that_of_counting(rivals: Any) -> None:
    """The stated bits against a plain loop over possibilities and chance readings at the place that is named."""
    measured = alone(rivals, 150.0)
    found = posterior(measured, rivals.areas, rivals.shapes)
    told = settle(rivals, measured, found, 30.0)
    assert told is not None
    east, north = rivals.plane.metres(np.array([told.longitude]), np.array([told.latitude]))
    chance, table = np.random.default_rng(1), np.zeros((2, len(found.area)))
    which = chance.choice(len(found.belief.weight), 20_000, p=found.belief.weight / found.belief.weight.sum())
    for at in which.tolist():
        shape = found.belief.sources.chosen(np.array([at]))
        down, across = shape.north_m[0] - north[0], east[0] - shape.east_m[0]
        turn = shape.turn_rad[0]
        along = down * math.cos(turn) + across * math.sin(turn)
        aside = across * math.cos(turn) - down * math.sin(turn)
        width = shape.radius_m[0] + shape.widens[0] * max(along, 0)
        depth = 20 + shape.deepens[0] * max(along, 0)
        bell = math.exp(-0.5 * ((aside / width) ** 2 + (min(along, 0) / shape.radius_m[0]) ** 2))
        adds = found.belief.strength[at] * bell * shape.radius_m[0] * 20 / (width * depth)
        reads = 30 + adds + chance.normal(0, math.hypot(10.0, 0.25 * adds))
        table[int(reads > told.value), found.belief.candidate[at]] += 1 / 20_000

    def bits(shares: Any) -> float:
        return -sum(share * math.log2(share) for share in shares if share > 0)

    gain = bits(table.sum(axis=0)) + bits(table.sum(axis=1)) - bits(table.ravel())
    assert gain == pytest.approx(told.gain_bits, abs=0.06)


@pytest.mark.parametrize("speed", [0.1, math.nan])
def test_in_a_calm_nothing_lies_downwind(rivals: Any, speed: float) -> None:
    """Without a wind there is still a place to go, and it is not called after a direction that nobody knows."""
    measured = alone(rivals, 150.0)._replace(speed_m_s=speed)
    told = settle(rivals, measured, posterior(measured, rivals.areas, rivals.shapes), 30.0)

    assert told is not None
    assert told.kind != "downwind"


def test_where_nothing_is_open_nobody_is_sent(rivals: Any) -> None:
    """A source beside the station, the only area far across the wind: no reading would change that."""
    alone_there = zone(premises("far", 0, 500))
    measured = alone(alone_there, 300.0, (0.0, 500.0))
    found = posterior(measured, alone_there.areas, alone_there.shapes)

    assert found.probability.max() > 0.95
    told = settle(alone_there, measured, found, 30.0)
    assert told is None or told.gain_bits < 0.2


def test_the_words_say_where_to_go_and_what_speaks_for_whom() -> None:
    """In both languages; a source outside of all areas is called so."""
    names = {"a": premises("Alpha", 0, 0), "b": premises("Beta", 900, 0)}
    told = Settle("between", 116.505, 39.8, "a", "b", 130.0, 240.0, 50.0, 0.4)
    chinese, english = settle_words(told, "pm10", names)
    away, _ = settle_words(Settle("reading", 116.505, 39.8, None, "b", 130.0, 240.0, 50.0, 0.4), "pm10", names)

    assert "between Alpha and Beta (116.5050, 39.8000)" in english
    assert "above ~130 µg/m³ speaks for Alpha, below for Beta" in english
    assert "Alpha厂与Beta厂之间" in chinese
    assert "高于约130 µg/m³支持Alpha厂，低于则支持Beta厂" in chinese
    assert "支持已知区域以外的源" in away


@pytest.mark.parametrize(
    ("east", "north", "said"),
    [(0, 600, "600 m north of"), (-500, -500, "700 m south-west"), (900, 20, "900 m east of")],
)
def test_a_place_is_described_from_an_area(east: float, north: float, said: str) -> None:
    """To a hundred metres and an eighth of the compass."""
    assert said in beside(premises("Alpha", 0, 0), *PLANE.degrees(east, north))[1]
