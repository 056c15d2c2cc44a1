"""From streams above their region to named areas: what is kept, what is looked at, what is shown of it."""

from typing import Any

import numpy as np
import pytest

from hub.area.blame import LOOKED_AT, _turns
from hub.catalogue import Catalogue
from hub.judgement import Judgement
from hub.model import MINUTE_MS, Level

pytestmark = pytest.mark.component

NOON = int(1_420_776_000 / 60)


def outcomes(town: Any, minutes: int) -> list[Any]:
    """Return what follows from a town's first minutes."""
    judgement, found = Judgement(Catalogue(), town.areas), []
    judgement.learn(town.catalogue())
    for minute in range(minutes):
        payload = town.minute(minute)
        judgement.take(payload, payload.t0 + 50_000)
        found += judgement.close(NOON + minute, payload.t0 + 90_000)
    return found


def air(additions: dict[str, float], first: int, last: int) -> Any:
    """Return clean air with a wind from the south-west and dust at some stations for a while."""

    def value(station: str, name: str, minute: int) -> float:
        if name.startswith("wind"):
            return 2.0 if name == "wind_speed" else 225.0
        noise = 1 + 0.03 * np.sin(minute * 7.7 + sum(map(ord, station)))
        return float(
            round(30 * noise + (additions.get(station, 0.0) if name == "pm10" and first <= minute < last else 0), 1)
        )

    return value


def test_a_lead_names_all_candidates_with_probabilities_that_add_up(town: Any) -> None:
    """The blamed area first, the ground outside always, and nothing that is out of the question."""
    town.air = air({"m06": 500.0, "m12": 120.0}, 20, 60)
    (lead,) = [lead for outcome in outcomes(town, 26) for lead in outcome.leads]
    first = lead.evidence[0]

    assert lead.area == first.candidates[0].area == "site"
    assert any(one.area is None for one in first.candidates)
    assert 0.95 <= sum(one.probability for one in first.candidates) <= 1.001
    assert "site" not in first.alternatives
    assert all(anomaly.candidates == first.candidates for anomaly in lead.evidence)


def test_a_red_area_tells_why_whenever_it_is_told_of(town: Any) -> None:
    """Also when its status changes later for another reason, such as its freshness: the same explanation in full."""
    town.air = air({"m06": 500.0}, 20, 60)
    told = [c for o in outcomes(town, 40) for c in o.changes if c.area == "site" and c.level == Level.RED]

    assert told
    for status in told:
        (first, *_) = status.evidence
        assert first.candidates[0].area == "site"
        assert first.explanation is not None
        assert first.explanation.history
        assert first.explanation.neighbours
        assert first.rule.startswith("local-excess-pm10-red@")


def test_an_area_that_was_red_is_red_again_under_its_own_name(town: Any) -> None:
    """The second spell shows less of it, and could be another's: it is laid to the one that was red before."""
    first, second = air({"m06": 500.0}, 20, 40), air({"m12": 150.0}, 70, 200)
    town.air = lambda s, n, m: max(first(s, n, m), second(s, n, m)) if not n.startswith("wind") else first(s, n, m)
    leads = [lead for outcome in outcomes(town, 80) for lead in outcome.leads]

    assert ["site"] * len(leads) == [lead.area for lead in leads]
    assert {lead.episode_start_ms // MINUTE_MS - NOON for lead in leads} == {20, 70}


def test_many_groups_are_looked_at_by_turns() -> None:
    """All of them within some minutes, however many there are, and no more than a few in one."""
    waiting = [np.array([number]) for number in range(11)]
    turns = [_turns(waiting, minute) for minute in range(100, 103)]

    assert {len(turn) for turn in turns} == {LOOKED_AT}
    assert {int(members[0]) for turn in turns for members in turn} == set(range(11))
    assert _turns(waiting[:2], 100) == waiting[:2]
