"""A source that begins below the local excess, and what must not look like one."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.anomaly import Onset, Series
from hub.anomaly.lint import lint
from hub.anomaly.rulebook import read_rules
from hub.catalogue import Catalogue
from hub.judgement import Judgement
from hub.model import Level

if TYPE_CHECKING:
    from hub.lead.outcome import Outcome

FIVE_MS = 300_000
NOON = int(1_420_776_000 / 60)
ONSET = Onset(15.0, 0.25, 8.0, 2, 3)
N, K = 200, 144


def air(chance: np.random.Generator, low: float = 30.0, high: float = 150.0) -> tuple[Any, Any]:
    """Return (value, background) of stations for twelve hours: haze that comes and goes, devices' noise and gain."""
    background = np.tile(low + (high - low) * (0.5 - 0.5 * np.cos(np.arange(K) / 30)), (N, 1))
    gain = np.exp(0.15 * chance.standard_normal((N, 1)))
    return background * gain * (1 + 0.05 * chance.standard_normal((N, K))), background


def first(value: Any, background: Any) -> Any:
    """Return by station the first value at which an onset is found, K for none."""
    time_ms = np.tile(np.arange(K, dtype=np.int64) * FIVE_MS, (len(value), 1))
    levels, _ = ONSET(Series(time_ms, value, background), ONSET.start(len(value)))
    return np.where(levels.any(axis=1), levels.argmax(axis=1), K)


def test_a_source_that_begins_is_found_within_a_quarter_of_an_hour() -> None:
    """30 ug/m3 at a station, of which a local excess would say nothing: in nine of ten within four values."""
    chance = np.random.default_rng(1)
    value, background = air(chance, 30.0, 60.0)
    value[:, 100:] += 30.0
    found = first(value, background)

    assert (found >= 100).all()
    assert np.quantile(found, 0.9) <= 104


def test_a_source_that_keeps_rising_is_found_while_it_rises() -> None:
    """From nothing to 40 ug/m3 within two hours."""
    value, background = air(np.random.default_rng(2), 30.0, 60.0)
    value[:, 100:124] += np.linspace(0, 40, 24)
    value[:, 124:] += 40.0

    assert np.quantile(first(value, background), 0.9) <= 124


def test_haze_and_devices_that_read_high_are_no_onset() -> None:
    """The whole region rises five-fold and falls, devices are off by 15 % and more: nothing in 2,400 station hours."""
    value, background = air(np.random.default_rng(3))

    assert (first(value, background) == K).all()


def test_what_was_always_there_is_usual() -> None:
    """A street 40 ug/m3 above its region from the first value on is not found by its own level."""
    value, background = air(np.random.default_rng(4), 60.0, 60.0)

    assert (first(value + 40.0, background) == K).all()


def test_what_is_said_to_be_noticed_is_found_within_half_an_hour_more_often_than_not() -> None:
    """Of sources of just that excess, at any level; of seven tenths of it hardly any."""
    for level in (20.0, 80.0, 200.0):
        chance = np.random.default_rng(int(level))
        value, background = level * (1 + 0.02 * chance.standard_normal((N, K))), np.full((N, K), level)
        time_ms = np.tile(np.arange(K, dtype=np.int64) * FIVE_MS, (N, 1))
        _, before = ONSET(Series(time_ms[:, :120], value[:, :120], background[:, :120]), ONSET.start(N))
        noticed = ONSET.noticed(background[:, 119], before)[:, None]
        soon = slice(120, 125)  # five whole values in half an hour
        found = []
        for strength in (0.7, 1.0):
            there = Series(time_ms[:, soon], value[:, soon] + strength * noticed, background[:, soon])
            found.append(ONSET(there, before)[0].any(axis=1).mean())

        assert found[0] < 0.1, level
        assert found[1] > 0.5, level


def test_nothing_is_said_before_three_hours() -> None:
    """36 values of five minutes make what is usual."""
    value, background = air(np.random.default_rng(5), 30.0, 30.0)
    value[:, 20:] += 200.0

    assert (first(value, background) >= 36).all()


def by_hand(value: list[float], background: list[float]) -> list[float]:
    """Return the cumulative sums of one stream by the formulas of the description, value by value."""
    usual, spread, score, seen, sums = 0.0, 0.3, 0.0, 0, []
    for v, b in zip(value, background, strict=True):
        if not (math.isnan(v) or math.isnan(b)):
            off = math.log((max(v, 0) + 15) / (max(b, 0) + 15)) - usual
            sigma = max(spread, 0.05)
            if seen >= 36:
                score = min(max(score + max(min(off / sigma, 4), -4) - 1, 0), 16)
            share = 1 / min(seen + 8, 288)
            usual += share * max(min(off, 2 * sigma), -2 * sigma)
            spread += share * (min(abs(off), 2.5 * sigma) * 1.2605 - spread)
            seen += 1
        sums.append(score)
    return sums


@given(seed=st.integers(0, 10**6))
@settings(max_examples=10)
def test_the_sum_is_the_one_that_a_person_gets_by_hand(seed: int) -> None:
    """A plain loop over the values of one stream, with gaps; the level itself is not entered here."""
    chance = np.random.default_rng(seed)
    value = np.where(chance.random(120) < 0.1, np.nan, 40 * np.exp(0.1 * chance.standard_normal(120)))
    background = np.where(chance.random(120) < 0.1, np.nan, np.full(120, 40.0))
    quiet = Onset(15.0, 1e6, 8.0, 2, 3)
    state, sums = quiet.start(1), []
    for k in range(120):
        _, state = quiet(Series(np.array([[k * FIVE_MS]]), value[None, [k]], background[None, [k]]), state)
        sums.append(float(state.score[0]))

    assert sums == pytest.approx(by_hand(value.tolist(), background.tolist()))


def test_an_onset_asks_for_attention_and_opens_no_lead(town: Any) -> None:
    """Four hours of clean air, then 22 ug/m3 at one station: its area deserves attention, nobody a visit."""
    chance = np.random.default_rng(6).standard_normal((26, 300))

    def level(station: str, name: str, minute: int) -> float:
        if name.startswith("wind"):
            return 2.0 if name == "wind_speed" else 225.0
        if not station.startswith("m"):
            return 22.0 + 0.1 * (minute % 3)
        true = 30.0 * (1 + 0.05 * chance[int(station[1:]), minute]) + 22.0 * (station == "m06" and minute >= 200)
        return float(round(true * (1.1 if name == "pm10" else 1.0), 1))

    town.air = level
    judgement = Judgement(Catalogue(), town.areas)
    judgement.learn(town.catalogue())
    outcomes: list[Outcome] = []
    for minute in range(226):
        # Two minutes of five are enough for a mean.
        if minute % 5 in (0, 4):
            payload = town.minute(minute)
            judgement.take(payload, payload.t0 + 50_000)
        outcomes += judgement.close(NOON + minute, (NOON + minute) * 60_000 + 90_000)
    shown = [change for outcome in outcomes for change in outcome.changes if change.level > Level.NORMAL]
    first_seen = shown[0].evidence[0]

    assert [] == [lead for outcome in outcomes for lead in outcome.leads]
    assert (Level.ATTENTION, "onset", "m06") == (shown[0].level, first_seen.cause.detector, first_seen.station)
    assert 205 <= first_seen.minute_ms // 60_000 - NOON <= 225
    assert first_seen.value - first_seen.background > first_seen.threshold


RULE = """
version = "1"
jurisdiction = "site"
[[rule]]
id = "x"
kind = "onset"
property = "pm2_5"
unit = "ug/m3"
stations = ["micro_station"]
threshold = 15
score = 8
average_min = 5
valid_min = 2
enter = 2
leave = 3
level = "attention"
source = "unverified"
confidence = "C"
"""


@pytest.mark.parametrize(
    ("old", "new", "about"),
    [
        ("score = 8\n", "", "score"),
        ("average_min = 5", "average_min = 7", "average_min"),
        ("score = 8", "score = 8\npasses = 2\nwithin_min = 60", "passes"),
        ('kind = "onset"', 'kind = "local_excess"', "score"),
    ],
)
def test_the_check_says_what_an_onset_lacks(old: str, new: str, about: str) -> None:
    """A score of its own, means of five minutes, and nothing of vehicles."""
    assert about in {flaw.about for flaw in lint(read_rules("x", RULE.replace(old, new)))}
    assert not [flaw for flaw in lint(read_rules("x", RULE)) if flaw.about in ("score", "passes", "average_min")]
