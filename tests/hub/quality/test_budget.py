"""What is counted while a limit is sought, against what is announced at that limit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.quality.faults.budget import counted, expected_rate, fit_limit, heights, joined
from hub.quality.faults.episodes import HOLD_H, KIND_CAUSES, KINDS, REFRACTORY_H, RELEASE, episodes, no_episode, onsets
from hub.quality.faults.window import When

STATIONS, STEPS = 3, 60


def scores(seed: int) -> np.ndarray:
    """Return scores that are calm for long and rise at times, rounded so that some are equal."""
    chance = np.random.default_rng(seed)
    rising = np.cumsum(chance.choice([-0.5, 0.0, 0.5], (len(KINDS), STATIONS, STEPS)), axis=2)
    return np.round(np.where(chance.random((len(KINDS), STATIONS, 1)) < 0.6, rising, -3.0), 1)


def naive(of: np.ndarray, limit: float, step_h: float) -> tuple[list[tuple[int, int, int]], np.ndarray]:
    """Return ((row, step, kind) of each alarm, cause of the fault that lasts), by a loop over everything."""
    alarms, standing = [], np.zeros((STATIONS, STEPS))
    for row in range(STATIONS):
        side, since = [0] * len(KINDS), [-1] * len(KINDS)
        tickets: dict[int, int] = {}
        for step in range(STEPS):
            crossed = []
            for kind in range(len(KINDS)):
                score = of[kind, row, step]
                now = 1 if score > limit else -1 if score < limit - RELEASE or not side[kind] else side[kind]
                if now == 1 and side[kind] == -1:
                    crossed.append((-score, kind))
                side[kind] = now
                since[kind] = since[kind] if now == 1 else -1
            if crossed:
                kind = min(crossed)[1]
                own = (step - tickets.get(int(KIND_CAUSES[kind]), -1e9)) * step_h
                if own < HOLD_H:
                    since[kind] = step
                elif all((step - at) * step_h >= REFRACTORY_H for at in tickets.values()):
                    alarms.append((row, step, kind))
                    tickets[int(KIND_CAUSES[kind])] = since[kind] = step
            standing[row, step] = KIND_CAUSES[int(np.argmax(since))] if max(since) >= 0 else 0
    return alarms, standing


@given(
    st.integers(0, 999), st.sampled_from([0.0, 0.3, 1.0, 2.5]), st.integers(1, STEPS - 1), st.sampled_from([1.0, 12.0])
)
def test_alarms_are_those_of_a_loop(seed: int, limit: float, border: int, step_h: float) -> None:
    """Announced all at once, standing at each step, and counted from the heights of two stretches."""
    of = scores(seed)
    expected, standing = naive(of, limit, step_h)
    begun, _ = onsets(of, limit, When(0, step_h), no_episode(STATIONS))
    calm, parts = np.zeros((len(KINDS), STATIONS), np.bool_), []
    for first, part in ((0, of[:, :, :border]), (border, of[:, :, border:])):
        high, calm = heights(part, first, calm)
        parts.append(high)
    history = joined(parts)

    assert np.array_equal(standing, episodes(of, limit, When(0, step_h), no_episode(STATIONS))[0].standing)
    assert expected == [(row, step, begun.kind[row, step]) for row, step in np.argwhere(begun.alarm)]
    assert len(expected) == counted(history, limit, When(0, step_h))
    assert sum(step >= 20 for _, step, _ in expected) == counted(history, limit, When(20, step_h))


def limit_of(history: np.ndarray, months: float, budget: float = 0.1) -> float:
    """Return the limit that is chosen on scores of history."""
    high, _ = heights(history, 0, np.zeros((len(KINDS), STATIONS), np.bool_))
    return fit_limit(high, months, budget, When(0, 12.0))


def test_a_history_with_many_alarms_asks_for_a_higher_limit() -> None:
    """One without any is content with less than is usual, the less so the longer it was calm."""
    calm = np.full((len(KINDS), STATIONS, STEPS), -3.0)
    calm[:, :, 0] = 0.0

    assert limit_of(calm, 1000.0) < limit_of(calm, 10.0) < limit_of(10 * scores(4), 10.0)


@pytest.mark.parametrize("budget", [0.02, 0.1, 0.5])
def test_what_is_to_be_expected_keeps_the_budget(budget: float) -> None:
    """It is about what a history of years has, a little less elsewhere; a larger budget allows more."""
    history = np.concatenate([scores(seed) for seed in range(40)], axis=2)
    high, _ = heights(history, 0, np.zeros((len(KINDS), STATIONS), np.bool_))
    months = STATIONS * history.shape[2] / 60
    limit = limit_of(history, months, budget)

    assert expected_rate(high, months, limit, When(0, 12.0)) <= budget
    assert counted(high, limit, When(0, 12.0)) <= 1.25 * (months + 120) * budget
    assert limit <= limit_of(history, months, budget / 2)
