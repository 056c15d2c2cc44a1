"""Rooms with ranges of their own: which rule holds where, after which delay, with gaps in what they say."""

from typing import Any

import pytest

from hub.anomaly.rulebook import Rule, default_rules, read_rules
from hub.catalogue import Catalogue
from hub.judgement import Judgement
from hub.model import MINUTE_MS

pytestmark = pytest.mark.component

NOON = int(1_420_776_000 / 60)
RANGE = """
version = "7"
jurisdiction = "site"
[[rule]]
id = "room-warm"
kind = "lab_range"
property = "temperature"
unit = "degC"
stations = ["lab"]
{where}
threshold = {high}
margin = 1
enter = 4
leave = 5
delay_min = {delay}
level = "red"
source = "standing order 3"
confidence = "B"
"""


def rules(where: str, high: float = 24.0, delay: int = 3) -> tuple[Rule, ...]:
    """Return the program's rules and one of the site's."""
    return (*default_rules(), *read_rules("site.toml", RANGE.format(where=where, high=high, delay=delay)))


def opened(town: Any, chosen: tuple[Rule, ...], warm: float, every: int = 1) -> list[tuple[int, str]]:
    """Return (minute, rule) of each lead about a room that is warm from 12:10 to 12:40, heard every few minutes."""
    town.air = lambda _s, name, minute: (
        (22.0 + 0.01 * (minute % 3) + warm * (10 <= minute < 40)) if name == "temperature" else 40.0
    )
    judgement, found = Judgement(Catalogue(), town.areas, chosen), []
    judgement.learn(town.catalogue())
    for minute in range(60):
        payload = town.minute(minute, lambda station, now=minute: station == "lab" and now % every == 0)
        judgement.take(payload, payload.t0 + 50_000)
        for outcome in judgement.close(NOON + minute, payload.t0 + 90_000):
            found += [(outcome.minute_ms // MINUTE_MS - NOON, lead.evidence[0].rule) for lead in outcome.leads]
    return found


@pytest.mark.parametrize("where", ['at_stations = ["lab"]', 'at_areas = ["laboratory"]'])
def test_a_rooms_own_range_stands_in_place_of_the_general_one(town: Any, where: str) -> None:
    """25 degrees are too warm for this room, and for no other; its rule names itself and its version."""
    assert [(13, "room-warm@7")] == opened(town, rules(where), 3.0)
    assert [] == opened(town, default_rules(), 3.0)


def test_a_wider_range_of_its_own_holds_too(town: Any) -> None:
    """A drying room may have 34 degrees, which the general rule would not allow."""
    assert [] == opened(town, rules('at_stations = ["lab"]', high=45.0), 12.0)
    assert [(13, 32.0)] == [(minute, 32.0) for minute, _ in opened(town, default_rules(), 12.0)]


@pytest.mark.parametrize(("delay", "expected"), [(0, 13), (3, 13), (8, 18), (25, 35)])
def test_the_delay_counts_from_the_first_value_beyond(town: Any, delay: int, expected: int) -> None:
    """Four values in a row, and so many minutes since the first of them."""
    assert [expected] == [minute for minute, _ in opened(town, rules('at_stations = ["lab"]', delay=delay), 3.0)]


def test_a_delay_longer_than_the_heat_opens_nothing(town: Any) -> None:
    """The door stood open for half an hour, which this room forgives."""
    assert [] == opened(town, rules('at_stations = ["lab"]', delay=31), 3.0)


@pytest.mark.parametrize(("every", "expected"), [(2, 16), (5, 25)])
def test_gaps_neither_end_the_count_nor_shorten_it(town: Any, every: int, expected: int) -> None:
    """A device that is heard every few minutes needs as many values."""
    assert [expected] == [minute for minute, _ in opened(town, rules('at_stations = ["lab"]'), 3.0, every)]


def test_another_room_keeps_the_general_range(town: Any) -> None:
    """A rule for a station that is not there changes nothing here."""
    assert [] == opened(town, rules('at_stations = ["lab-b2"]'), 3.0)
