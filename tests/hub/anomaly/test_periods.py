"""When the means of hours and days are judged, and how long what they found is shown: by the judgement itself."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from hub import pipeline
from hub.anomaly.detection import last_due, shown
from hub.anomaly.rulebook import Rule, read_rules
from hub.bindings import Group, bind
from hub.catalogue import Catalogue
from hub.lead.evidence import evidence
from hub.model import MINUTE_MS, Level
from hub.network import Network, build_network
from hub.panel import Panel, Readings

pytestmark = pytest.mark.component

# 2026-06-02 00:00 in Beijing.
MIDNIGHT = int(datetime(2026, 6, 1, 16, tzinfo=UTC).timestamp()) // 60
EIGHT_HOURS = Group(
    kind="limit",
    detector="exceedance",
    level=Level.ATTENTION,
    average_min=480,
    valid_min=45,
    below=False,
    valid_hours=6,
    natural_day=True,
    by_night=False,
)
DAY = EIGHT_HOURS._replace(average_min=1440, valid_hours=20)
RUNNING = DAY._replace(natural_day=False)
LIMITS = """
version = "t"
[[rule]]
id = "day"
kind = "limit"
property = "pm10"
standard = "GB 3095-2026"
averaging = "day"
grade = 2
stations = ["micro_station"]
enter = 1
leave = 1
level = "attention"
"""


@pytest.mark.parametrize(
    ("group", "minutes_after_midnight", "due"),
    [
        (DAY, 0, -1),
        (DAY, 1438, -1),
        (DAY, 1439, 1439),
        (EIGHT_HOURS, 0, -1),
        (EIGHT_HOURS, 478, -1),
        (EIGHT_HOURS, 479, 479),
        (EIGHT_HOURS, 538, 479),
        (EIGHT_HOURS, 539, 539),
        (RUNNING, 58, -1),
        (RUNNING, 59, 59),
        (RUNNING._replace(average_min=60, valid_hours=0), 7, 5),
        (RUNNING._replace(average_min=1, valid_hours=0), 7, 7),
    ],
)
def test_a_mean_is_due_when_its_last_hour_is_over(group: Group, minutes_after_midnight: int, due: int) -> None:
    """A day's at its end, ozone's 8 hours from 8 o'clock on, others at each full hour or fifth minute."""
    assert due == last_due(group, MIDNIGHT + minutes_after_midnight) - MIDNIGHT


NOISE = EIGHT_HOURS._replace(average_min=20, valid_hours=0, natural_day=False, by_night=True)
TEN_IN_THE_EVENING, SIX_IN_THE_MORNING = MIDNIGHT - 120, MIDNIGHT + 360


@pytest.mark.parametrize("switch", [TEN_IN_THE_EVENING, SIX_IN_THE_MORNING])
@pytest.mark.parametrize(("minutes", "due"), [(-1, -5), (0, -5), (15, -5), (19, -5), (20, 20), (26, 25)])
def test_no_mean_is_of_day_and_night(switch: int, minutes: int, due: int) -> None:
    """After the switch the first one is judged when the whole of it lies behind."""
    assert due == last_due(NOISE, switch + minutes) - switch
    assert minutes - minutes % 5 == last_due(NOISE._replace(by_night=False), switch + minutes) - switch


def test_a_whole_nights_level_is_judged_when_the_night_is_over() -> None:
    """Eight clock hours with a threshold of the night: 22 to 6, and in the day those that end from 14 to 22."""
    night = EIGHT_HOURS._replace(natural_day=False, by_night=True)
    ends = sorted({last_due(night, MIDNIGHT + minute) + 1 - MIDNIGHT for minute in range(1440)})

    assert [-120, *(60 * hour for hour in (6, *range(14, 23)))] == ends
    assert shown(night, SIX_IN_THE_MORNING + 58)
    assert not shown(night, SIX_IN_THE_MORNING + 59)


@pytest.mark.parametrize(("minutes", "still"), [(-1, True), (58, True), (59, False), (600, False)])
def test_a_day_that_is_over_speaks_for_an_hour(minutes: int, still: bool) -> None:  # noqa: FBT001
    """It says nothing about the present."""
    assert still is shown(DAY, MIDNIGHT + minutes)
    assert shown(RUNNING, MIDNIGHT + minutes)


@pytest.fixture(name="network")
def of_town(town: Any) -> Network:
    """Return the town's network."""
    catalogue = Catalogue()
    catalogue.add(town.catalogue())
    return build_network(catalogue.stations, catalogue.datastreams, town.areas)


def levels(network: Network, value: float, missing: range = range(0)) -> dict[int, pipeline.Outcome]:
    """Return what changes around midnight after a day of one value everywhere, by minutes after it."""
    rules: tuple[Rule, ...] = read_rules("t.toml", LIMITS)
    panel, n = Panel(), len(network)
    panel.grow(network.averaging, network.moving)
    first, nan = MIDNIGHT - 1440, np.full(n, np.nan)
    bindings = bind(network, first, rules)
    state, changes = pipeline.start(bindings), {}
    row, good = np.arange(n, dtype=np.int32), np.ones(n, np.uint8)
    for minute in range(first, MIDNIGHT + 90):
        if minute - first not in missing:
            time_ms = np.full(n, minute * MINUTE_MS)
            panel.add(Readings(row, time_ms, np.full(n, value + minute % 7), good, nan, nan), minute + 2)
        panel.head = minute
        if minute >= MIDNIGHT - 2:
            tick = pipeline.Tick(minute, np.array([minute]), 0)
            state, outcome = pipeline.judge_minute(bindings.at(minute), panel, state, tick)
            changes[minute - MIDNIGHT] = outcome
    return changes


def test_a_daily_mean_over_the_limit_is_shown_with_rule_and_value(network: Network) -> None:
    """From midnight for an hour and a little, as attention, never red: no lead comes of it."""
    changes = levels(network, 130.0)
    risen = {status.area: (minute, status) for minute in changes for status in changes[minute].changes if status.level}
    fallen = {m for m in changes for status in changes[m].changes if m > 0 and not status.level}
    minute, status = risen["site"]
    (shown_first, *_) = status.evidence

    assert (-1, Level.ATTENTION) == (minute, status.level)
    assert ("day-2026@t", 120.0) == (shown_first.rule, shown_first.threshold)
    assert shown_first.value == pytest.approx(133.0, abs=0.1)
    assert shown_first.minute_ms == (MIDNIGHT - 1) * MINUTE_MS
    assert ("GB 3095-2026", "CN", "A", "limit", "t") == (
        shown_first.basis.standard,
        shown_first.basis.jurisdiction,
        shown_first.basis.confidence,
        shown_first.basis.kind,
        shown_first.basis.version,
    )
    assert evidence(shown_first)["basis"]["valid_hours"] == 20
    assert fallen == {68}
    assert not any(outcome.leads for outcome in changes.values())


@pytest.mark.parametrize(("value", "missing"), [(110.0, range(0)), (400.0, range(5 * 60))])
def test_a_clean_day_or_one_of_19_hours_shows_nothing(network: Network, value: float, missing: range) -> None:
    """The second has no mean, however high its values are."""
    assert not [s for outcome in levels(network, value, missing).values() for s in outcome.changes if s.level]
