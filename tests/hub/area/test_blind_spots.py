"""The smallest source that would be seen: near what sees, far from it, and why no smaller one."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.area.blind_spots import (
    DRAWN,
    PROBABILITY,
    Cells,
    Eyes,
    Reason,
    Required,
    beside,
    blind_spots,
    probability_of,
    required,
    strength_of,
    worth_of,
)

SIDE = 250.0


def ground(*places: tuple[float, float], wind: tuple[float, float] = (-2.5, 0.0)) -> Cells:
    """Return cells at places, under a wind (m/s, pointing upwind): from the west unless said otherwise."""
    east, north = np.array(places, np.float64).T
    return Cells(east, north, np.full(len(east), wind[0]), np.full(len(east), wind[1]), SIDE)


def eyes(
    *places: tuple[float, float], worth: float = 1.0, why: int = -1, wind: tuple[float, float] = (-2.5, 0)
) -> Eyes:
    """Return eyes at places that need 35 ug/m3."""
    east, north = np.array(places, np.float64).reshape(-1, 2).T
    k = len(east)
    blows = np.full(k, wind[0]), np.full(k, wind[1])
    return Eyes(east, north, *blows, np.full(k, 35.0), np.full(k, worth), np.full(k, why))


def joined(one: Eyes, other: Eyes) -> Eyes:
    """Return both."""
    return Eyes(*(np.concatenate(pair) for pair in zip(one, other, strict=True)))


def test_what_lies_upwind_of_a_station_is_seen_and_what_lies_downwind_is_not() -> None:
    """A wind from the west carries what is west of the station to it."""
    found = blind_spots(ground((-200, 0), (-400, 0), (1500, 0)), eyes((0, 0)))
    near, far, behind = found.strength

    assert 0.2 < near < far < 50
    assert (math.inf, Reason.NO_STATION) == (behind, found.reason[2])


def test_more_stations_never_see_less() -> None:
    """Every cell's figure can only fall."""
    cells = ground(*((x, y) for x in range(-2000, 1, 500) for y in range(-1000, 1001, 500)))
    one, two = (blind_spots(cells, eyes(*at)).strength for at in (((0, 0),), ((0, 0), (300, 700))))

    assert (two <= one).all()
    assert (two < one).any()


@pytest.mark.parametrize("why", [Reason.SILENT, Reason.DOUBTED, Reason.ALONE])
def test_a_station_that_does_not_see_is_named(why: Reason) -> None:
    """It stands where it would halve the figure; the one that works is far."""
    all_of_them = joined(eyes((2500, 0)), eyes((0, 0), worth=0.0, why=why))
    found = blind_spots(ground((-400, 0)), all_of_them)

    assert (why, 1) == (found.reason[0], found.eye[0])
    assert found.strength[0] == blind_spots(ground((-400, 0)), eyes((2500, 0))).strength[0]


def test_a_pass_sees_while_it_is_fresh_and_is_the_reason_when_it_is_old() -> None:
    """One minute old it is nearly a station; after an hour it is worth a third, which is no 0.8."""
    fresh, old = (
        blind_spots(ground((-200, 0)), eyes((0, 0), worth=float(worth_of(np.array([age]))[0]))) for age in (1.0, 60.0)
    )

    assert math.isfinite(fresh.strength[0])
    assert (math.inf, Reason.OLD_PASS) == (old.strength[0], old.reason[0])


def test_calm_air_goes_anywhere() -> None:
    """Only what surrounds a cell on all sides would see it; the reason is the calm."""
    lone = blind_spots(ground((-500, 0), wind=(0.1, 0.0)), eyes((0, 0), wind=(0.1, 0.0)))
    unknown = blind_spots(ground((-500, 0), wind=(math.nan, math.nan)), eyes((0, 0), wind=(math.nan, math.nan)))

    assert (math.inf, Reason.CALM) == (lone.strength[0], lone.reason[0])
    assert (math.inf, Reason.CALM) == (unknown.strength[0], unknown.reason[0])


def test_without_cells_or_without_eyes_there_is_nothing_to_say() -> None:
    """No cell, no figure; no eye, all blind."""
    nothing = np.zeros(0)

    assert 0 == len(blind_spots(Cells(nothing, nothing, nothing, nothing, SIDE), eyes()).strength)
    assert [math.inf] == blind_spots(ground((0, 0)), eyes()).strength.tolist()


@given(seed=st.integers(0, 10**6))
@settings(max_examples=25)
def test_the_figure_is_the_smallest_that_reaches_the_probability(seed: int) -> None:
    """By counting: at the figure the share of sources that are seen is the probability or more, below it less."""
    chance = np.random.default_rng(seed)
    fixed, passed = (np.where(chance.random((6, DRAWN)) < 0.7, chance.random((6, DRAWN)), np.inf) for _ in range(2))
    found = Required(fixed, passed, chance.random((6, DRAWN)), fixed, np.full(6, -1))
    strength = strength_of(found, PROBABILITY)
    seen = np.isfinite(strength)

    assert (probability_of(found, strength)[seen] >= PROBABILITY - 1e-9).all()
    assert (probability_of(found, np.nextafter(strength, 0.0))[seen] < PROBABILITY).all()
    assert (probability_of(found, np.full(6, 1e9))[~seen] < PROBABILITY).all()


def test_the_figure_holds_for_sources_that_were_not_drawn() -> None:
    """Thresholds from a distribution that is known: four fifths of what it gives lie below the figure, on average."""
    chance = np.random.default_rng(3)
    fixed = chance.random((4_000, DRAWN))
    nobody = np.full_like(fixed, np.inf)
    figure = strength_of(Required(fixed, nobody, nobody, nobody, np.full(4_000, -1)), PROBABILITY)

    assert figure.mean() == pytest.approx(PROBABILITY, abs=0.003)


def test_what_a_source_adds_beside_it_is_a_plumes() -> None:
    """1 g/s in 2.5 m/s, a hundred metres on: some tens of ug/m3; twice the wind, half of it."""
    (slow, fast) = beside(np.ones(2), np.array([2.5, 5.0]), 100.0)

    assert 20 < slow < 100
    assert fast == pytest.approx(slow / 2)


def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    """A large grid is judged in parts."""
    cells, all_of_them = ground(*((x, 0) for x in range(-3000, 0, 250))), eyes((0, 0), (100, 600))
    whole = blind_spots(cells, all_of_them)
    monkeypatch.setattr("hub.area.blind_spots._BLOCK", 1)

    assert np.array_equal(whole.strength, blind_spots(cells, all_of_them).strength)
    assert required(cells, all_of_them).fixed.shape == (12, DRAWN)
