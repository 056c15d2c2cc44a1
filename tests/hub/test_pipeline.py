"""From readings to leads and tickets: what must be found, and what must be left alone."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from hub.catalogue import Catalogue
from hub.judgement import Judgement
from hub.lead.outcome import Outcome
from hub.model import MINUTE_MS, Freshness, Level

pytestmark = pytest.mark.component

NOON = int(1_420_776_000 / 60)
CHANCE = np.random.default_rng(8).standard_normal((64, 26, 2000))
PROPERTIES = ("pm2_5", "pm10", "nox", "temperature")
Air = Callable[[str, str, int], float]


def noisy(station: str, name: str, minute: int) -> float:
    """Return a device's noise factor: 5 %."""
    row = int(station[1:]) if station[1:].isdigit() else 25
    return float(1 + 0.05 * CHANCE[PROPERTIES.index(name), row, minute])


def air_of(level: Callable[[int], float], change: Air | None = None) -> Air:
    """Return a town's air: a level over the region with the devices' noise, changed here and there."""

    def air(station: str, name: str, minute: int) -> float:
        if name.startswith("wind"):
            return 2.0 if name == "wind_speed" else 225.0
        # Nitrogen oxides rise with the haze, but not as steeply: combustion nearby makes them, not the region.
        true = {"temperature": 22.0, "nox": 30 + 0.4 * level(minute)}.get(name, level(minute))
        factor = noisy(station, name, minute)
        value = true * (1 + (factor - 1) * (0.02 if name == "temperature" else 1))
        return round(value + (change(station, name, minute) if change else 0.0), 1)

    return air


def clean(_minute: int) -> float:
    """Return clean air."""
    return 30.0


def haze(minute: int) -> float:
    """Return air that thickens from 30 to 330 within an hour."""
    return 30.0 + 300.0 * min(max(minute - 20, 0) / 60, 1.0)


def judged(town: Any, minutes: int, only: Callable[[int, str], bool] | None = None) -> tuple[Judgement, list[Outcome]]:
    """Return the judgement and its outcomes after some minutes of a town's life."""
    judgement = Judgement(Catalogue(), town.areas)
    outcomes: list[Outcome] = []
    judgement.learn(town.catalogue())
    for minute in range(minutes):
        heard = {s.id for s in town.stations() if only is None or only(minute, s.id)}
        payload = town.minute(minute, heard.__contains__)
        judgement.take(payload, payload.t0 + 50_000)
        outcomes += judgement.close(NOON + minute, payload.t0 + 90_000)
    return judgement, outcomes


def leads(outcomes: list[Outcome]) -> list[tuple[str, str, str, int]]:
    """Return area, property, detector and start in minutes after noon of every lead."""
    return [
        (lead.area, *lead.cause, lead.episode_start_ms // MINUTE_MS - NOON)
        for outcome in outcomes
        for lead in outcome.leads
    ]


def highest(outcomes: list[Outcome]) -> Level:
    """Return the highest level that any area had."""
    return max((change.level for outcome in outcomes for change in outcome.changes), default=Level.NORMAL)


def test_clean_air_is_quiet(town: Any) -> None:
    """An hour of noise only: no lead, no ticket, no level."""
    town.air = air_of(clean)
    _, outcomes = judged(town, 60)

    assert leads(outcomes) == []
    assert [o.tickets for o in outcomes if o.tickets] == []
    assert highest(outcomes) == Level.NORMAL


def test_haze_is_nobodys_fault(town: Any) -> None:
    """The air gets bad everywhere: attention, no red, no lead."""
    town.air = air_of(haze)
    _, outcomes = judged(town, 110)

    assert leads(outcomes) == []
    assert highest(outcomes) == Level.ATTENTION


def dust(station: str, name: str, minute: int) -> float:
    """Return what a building site adds to two stations near it from 12:30 to 13:10."""
    if not 30 <= minute < 70 or station not in ("m06", "m07"):
        return 0.0
    return (700.0 if station == "m06" else 150.0) * (1.0 if name == "pm10" else 0.04)


@pytest.fixture(scope="module")
def dusted(new_town: Callable[[], Any]) -> Callable[[Callable[[int], float]], tuple[Judgement, list[Outcome]]]:
    """Return what gives the judgement and its outcomes after a dust in air of a level; none may be changed."""

    @cache
    def after(level: Callable[[int], float]) -> tuple[Judgement, list[Outcome]]:
        town = new_town()
        town.air = air_of(level, dust)
        return judged(town, 100)

    return after


@pytest.mark.parametrize("level", [clean, haze])
def test_dust_turns_its_site_red_and_opens_one_lead(dusted: Any, level: Callable[[int], float]) -> None:
    """In clean air and in haze, within four minutes, about PM10, from the first minute on."""
    judgement, outcomes = dusted(level)
    red = [c.area for o in outcomes for c in o.changes if c.level == Level.RED]
    opened = next(o.minute_ms // MINUTE_MS - NOON for o in outcomes if o.leads)

    assert leads(outcomes) == [("site", "pm10", "local_excess", 30)]
    assert set(red) == {"site"}
    assert opened - 30 <= 3
    assert judgement.snapshot().statuses["site"].level < Level.RED
    assert [t for o in outcomes for t in o.tickets] == []


def test_the_evidence_can_be_recomputed(dusted: Any) -> None:
    """Value, background and threshold of the strongest station, the rule, and the others that agree."""
    _, outcomes = dusted(clean)
    (lead,) = [lead for o in outcomes for lead in o.leads]
    first = lead.evidence[0]

    assert first.station == "m06"
    assert first.value - first.background > first.threshold == 80
    assert first.rule.startswith("local-excess-pm10-red@")
    assert {anomaly.station for anomaly in lead.evidence} == {"m06", "m07"}
    assert "PM10" in lead.explanation_en
    assert "12:30" in lead.explanation


def test_a_level_is_left_after_a_while(dusted: Any) -> None:
    """Neither at once nor never."""
    _, outcomes = dusted(clean)
    levels = [(o.minute_ms // MINUTE_MS - NOON, c.level) for o in outcomes for c in o.changes if c.area == "site"]

    # The mean of the hour before is still worth attention.
    assert [level for _, level in levels] == [Level.NORMAL, Level.RED, Level.ATTENTION]
    assert 85 < levels[-1][0] < 100


@pytest.mark.parametrize("factor", [1.4, 0.65])
def test_a_gain_opens_a_ticket_and_never_a_lead(town: Any, factor: float) -> None:
    """A device that reads 40 % high, or a third low, also while haze is thick."""
    town.air = air_of(
        haze, lambda s, n, m: haze(m) * (factor - 1) * (s == "m12" and m >= 10) * (n in ("pm2_5", "pm10"))
    )
    _, outcomes = judged(town, 115)

    assert leads(outcomes) == []
    assert {(t.subject, t.kind) for o in outcomes for t in o.tickets} == {("m12-d", "gain")}


def test_a_stuck_device_opens_a_ticket_and_never_a_lead(town: Any) -> None:
    """Stuck in thick air that clears: the station stands far above the others, and is the device's fault."""

    def clearing(minute: int) -> float:
        return haze(110 - minute)

    steady = air_of(clearing)
    town.air = lambda s, n, m: steady(s, n, min(m, 15)) if s == "m12" else steady(s, n, m)
    _, outcomes = judged(town, 115)

    assert leads(outcomes) == []
    assert {(t.subject, t.kind) for o in outcomes for t in o.tickets} == {("m12-d", "flat_line")}


def test_a_device_that_sticks_in_rising_air_gets_one_ticket(town: Any) -> None:
    """It falls behind its neighbours as a low gain would: the repeated value says which it is."""
    steady = air_of(lambda m: 30 + 0.25 * m)
    town.air = lambda s, n, m: steady(s, n, min(m, 15)) if s == "m12" else steady(s, n, m)
    _, outcomes = judged(town, 115)

    assert {(t.subject, t.kind) for o in outcomes for t in o.tickets} == {("m12-d", "flat_line")}


def test_what_shares_a_liars_optics_is_not_believed_either(town: Any) -> None:
    """PM2.5 of a device whose PM10 sticks says nothing about an enterprise."""
    rising = air_of(lambda m: 30 + 0.4 * m, lambda s, n, m: 300.0 * (s == "m06" and n == "pm2_5" and m >= 90))
    town.air = lambda s, n, m: rising(s, n, min(m, 15)) if (s, n) == ("m06", "pm10") else rising(s, n, m)
    _, outcomes = judged(town, 100)

    assert leads(outcomes) == []
    assert {(t.subject, t.kind) for o in outcomes for t in o.tickets} == {("m06-d", "flat_line")}


def test_impossible_values_open_a_ticket(town: Any) -> None:
    """Five minutes of them; they enter no mean and no background."""
    town.air = air_of(clean, lambda s, n, m: 9000.0 * (s == "m12" and n == "pm10" and m >= 5))
    _, outcomes = judged(town, 20)

    assert leads(outcomes) == []
    assert [(t.subject, t.kind) for o in outcomes for t in o.tickets] == [("m12-d", "range")]


def test_a_vehicle_finds_a_source_between_the_stations(town: Any) -> None:
    """It stands above its own last hour; the area that it passes turns red, and stays so for a while."""
    town.drive = lambda m: (1500.0 + 400.0 * (m - 40), 1350.0)
    town.air = air_of(clean, lambda s, n, m: 400.0 * (s == "car" and n == "nox" and 39 <= m <= 42))
    judgement, outcomes = judged(town, 50)

    assert leads(outcomes) == [("works", "nox", "local_excess", 39)]
    assert judgement.snapshot().statuses["works"].level == Level.RED


def test_a_lab_that_overheats_turns_its_own_area_red(town: Any) -> None:
    """After the delay of its range; the areas around it stay as they are."""
    town.air = air_of(clean, lambda _s, n, m: 15.0 * (n == "temperature" and 20 <= m < 40))
    _, outcomes = judged(town, 45)

    assert leads(outcomes) == [("laboratory", "temperature", "exceedance", 20)]
    assert {c.area for o in outcomes for c in o.changes if c.level == Level.RED} == {"laboratory"}


def test_one_high_value_is_no_episode(town: Any) -> None:
    """A spike of one or two minutes turns nothing red."""
    town.air = air_of(clean, lambda s, n, m: 500.0 * (s == "m06" and n == "pm10" and m in (20, 21, 30)))
    _, outcomes = judged(town, 40)

    assert leads(outcomes) == []


def test_gaps_neither_hide_nor_make_an_episode(town: Any) -> None:
    """Two of three minutes of the peak station are lost: the lead opens all the same, from the same minute on."""
    town.air = air_of(clean, dust)
    _, outcomes = judged(town, 45, lambda m, s: s != "m06" or m % 3 == 0)

    assert leads(outcomes) == [("site", "pm10", "local_excess", 30)]


def test_an_area_that_is_not_heard_of_is_stale_not_normal(town: Any) -> None:
    """Grey after ten minutes of silence, and never green before the first value."""
    town.air = air_of(clean)
    judgement, _ = judged(town, 1, lambda _m, s: s == "m24")
    assert judgement.snapshot().statuses["site"].freshness == Freshness.NO_DATA

    _, outcomes = judged(town, 40, lambda m, _s: m < 20)
    seen = [(o.minute_ms // MINUTE_MS - NOON, c.freshness) for o in outcomes for c in o.changes if c.area == "site"]
    assert seen == [(0, Freshness.FRESH), (30, Freshness.STALE)]


def test_silence_keeps_no_area_unusual(town: Any) -> None:
    """An area that was worth attention when its stations fell silent turns grey, whatever they said last."""
    town.air = air_of(haze)
    _, outcomes = judged(town, 140, lambda m, _s: m < 110)
    last = [(c.level, c.freshness) for o in outcomes for c in o.changes if c.area == "site"][-1]

    assert highest(outcomes) == Level.ATTENTION
    assert last == (Level.NORMAL, Freshness.STALE)


def test_jitter_of_a_minute_does_not_move_the_start(town: Any) -> None:
    """Values are of their minute; whether they come at its beginning or its end makes no difference."""
    town.air = air_of(clean, dust)
    starts = set()
    for seed in range(2):
        late = np.random.default_rng(seed).random((26, 200)) < 0.3
        held = town.air

        def jittered(s: str, n: str, m: int, late: Any = late, held: Air = held) -> float:
            return held(s, n, m - 1 if s[1:].isdigit() and s != "m06" and m and late[int(s[1:]), m] else m)

        town.air = jittered
        _, outcomes = judged(town, 36)
        town.air = held
        starts |= set(leads(outcomes))

    assert starts == {("site", "pm10", "local_excess", 30)}
