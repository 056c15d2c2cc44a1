"""How rare a statistic is, how a network that wanders as a whole is forgiven, and which restlessness is noise."""

import numpy as np
import pytest

from hub.quality.faults.background import neighbours
from hub.quality.faults.bank import bank_start, statistics
from hub.quality.faults.limits import fit_scales
from hub.quality.faults.residual import Residual
from hub.quality.faults.shape import Shape, fit_shape

STATIONS, STEPS = 5, 600
NAMES = ("gain/0+24", "gain/0-24", "gain/1+72", "noise/1:12", "drop/run")


def peaks(size: float) -> dict[str, np.ndarray]:
    """Return peaks of statistics about so great."""
    chance = np.random.default_rng(1)
    return {name: size * np.abs(chance.standard_normal((STATIONS, 150))) for name in NAMES}


def test_a_restless_history_stretches_the_scales() -> None:
    """Twice as great statistics are half as rare, up and down alike."""
    once, twice = fit_scales(peaks(1.0)), fit_scales(peaks(2.0))

    for name in ("gain/0+24", "gain/1+72"):
        assert twice[name].monthly == pytest.approx(2 * once[name].monthly)
        assert twice[name].decade == pytest.approx(2 * once[name].decade)
    assert once["gain/0+24"] == once["gain/0-24"]


def test_a_few_gross_faults_do_not() -> None:
    """What stands out in one block of a hundred was a fault, not the air."""
    honest, broken = peaks(1.0), peaks(1.0)
    for found in broken.values():
        found[:, 7] = 50.0

    for name, scale in fit_scales(broken).items():
        assert scale.monthly < 1.2 * fit_scales(honest)[name].monthly


def test_a_history_of_nothing_is_not_announced_at_its_first_breath() -> None:
    """Scales are no smaller than seven tenths of the usual ones."""
    assert all(scale.monthly > 0.2 for scale in fit_scales(peaks(0.0)).values())


def means(wander: float) -> float:
    """Return how strongly a station's gain shows whose neighbours wander so much, in standard deviations."""
    chance = np.random.default_rng(2)
    level, value = np.full((STATIONS, STEPS), 4.0), np.full((STATIONS, STEPS), 50.0)
    calm = chance.standard_normal((STATIONS, STEPS))
    shape: Shape = fit_shape(value, Residual(level, calm, np.full_like(calm, np.nan)))
    slow = wander * np.sign(np.sin(np.arange(STEPS) / 60 + np.arange(STATIONS)[:, None]))
    slow[0] = np.where(np.arange(STEPS) > 400, 1.0, 0.0)
    positions = np.column_stack([116.0 + 0.1 * np.arange(STATIONS), np.full(STATIONS, 40.0)])
    found, _ = statistics(
        value,
        Residual(level, calm + slow, np.full_like(calm, np.nan)),
        shape,
        (neighbours(positions), 1.0),
        bank_start(STATIONS, 2, 1.0),
    )
    return float(found["gain/0+72"][0, 500])


def test_where_all_wander_one_that_does_is_less_special() -> None:
    """The same gain counts less; neighbours that are calm take nothing from it and add nothing."""
    assert means(1.5) < 0.8 * means(0.0)
    assert means(0.0) == means(0.01)


def restless(off: np.ndarray) -> float:
    """Return how noisy a station is that is off so much, step by step, in standard deviations."""
    chance = np.random.default_rng(3)
    level, value = np.full((STATIONS, STEPS), 4.0), np.full((STATIONS, STEPS), 50.0)
    calm = chance.standard_normal((STATIONS, STEPS))
    shape = fit_shape(value, Residual(level, calm, np.full_like(calm, np.nan)))
    calm[0] = off
    lone = np.zeros((STATIONS, 0), np.intp)
    residual = Residual(level, calm, np.full_like(calm, np.nan))
    found, _ = statistics(value, residual, shape, (lone, 1.0), bank_start(STATIONS, 2, 1.0))
    return float(found["noise/0:12"][0, -1])


def test_only_changes_that_are_taken_back_at_once_are_noise() -> None:
    """A front that comes and stays moves as far as noise does, but one way."""
    steps = np.arange(STEPS)

    assert restless(np.where(steps % 2, 3.0, 0.0)) > 1.0
    assert restless(3.0 * steps) == 0.0
