"""Hours of recorded air, judged as they end: the same as offline, whatever comes in between."""

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.bindings import bind
from hub.checks import Calibration, Checks
from hub.hour_pass import KINDS, Found, HourPass
from hub.hourly import HOUR_MS, judged_streams, posts_of
from hub.lead.fault import fault_tickets
from hub.model import Datastream, Station
from hub.network import Network, build_network
from hub.panel import Panel, Readings
from hub.past import SILENCE_H, Kit, Learnt, begun, skipped
from hub.quality import Cause, Thresholds, calibrate, replay, verdict
from hub.state import leaves

pytestmark = pytest.mark.component

Air = Mapping[str, Any]
NAMES = ("pm10", "pm2_5")
STATIONS = 8
HISTORY = 1200
# Hours after the history; station 3 sticks from 10 to 45, station 7 drops out from 22 to 46.
HOURS = 60
FIRST = 394_000
CALIBRATION = Calibration("ab" * 32, 1_400_000_000_000, 0, FIRST * HOUR_MS, 0.1, {"pm10": 0.1, "pm2_5": 0.1})


class Lived(NamedTuple):
    """What was found in an hour, and how things stood after it."""

    found: Found
    kept: Mapping[str, Any]
    checks: Checks
    standing: Any


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    """Return the recorded air of the benchmarks."""
    path = Path(__file__).resolve().parents[2] / "bench" / "faults" / "air.py"
    spec = importlib.util.spec_from_file_location("air", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def recorded(bench: ModuleType) -> Air:
    """Return the air of some stations, as exact as the hub keeps it."""
    return {name: value[:STATIONS].astype(np.float32).astype(float) for name, value in bench.load().items()}


@pytest.fixture(scope="module")
def thresholds(recorded: Air, bench: ModuleType) -> Thresholds:
    """Return what 50 days teach."""
    history = {name: recorded[name][:, :HISTORY] for name in NAMES}
    return calibrate(history, bench.TIMES[:HISTORY], bench.POSITIONS[:STATIONS])


@pytest.fixture(scope="module")
def broken(recorded: Air) -> Air:
    """Return the hours after the history, with two broken devices."""
    air = {name: recorded[name][:, HISTORY : HISTORY + HOURS].copy() for name in NAMES}
    air["pm2_5"][3, 10:45] = 57.0
    air["pm10"][7, 22:46] = 2.0
    return air


class Hub:
    """Panel and hourly checks of a network."""

    def __init__(self, learnt: Learnt | None, network: Network) -> None:
        self.network, self.panel, self.hours = network, Panel(), HourPass()
        self.panel.grow(network.averaging, network.moving)
        self.hours.take(CALIBRATION, learnt)

    def hour(self, at: int, air: Air) -> Found:
        """Return what hour `at` brought; each device reported once in it."""
        network, minute = self.network, (FIRST + at) * 60 + 30
        value = np.array([air[stream.property][int(stream.station[1:]), at] for stream in network.datastreams])
        flag, nan = np.where(np.isnan(value), 9, 1).astype(np.uint8), np.full(len(value), np.nan)
        row, time_ms = np.arange(len(value), dtype=np.int32), np.full(len(value), minute * 60_000)
        self.panel.add(Readings(row, time_ms, value, flag, nan, nan), minute)
        self.panel.head = (FIRST + at) * 60 + 59
        return self.hours.judged(network, self.panel, self.panel.head)

    def live(self, hours: range, air: Air) -> list[Lived]:
        """Return what some hours brought."""
        return [
            Lived(self.hour(at, air), self.hours.arrays(), self.hours.checks, self.hours.standing(len(self.network)))
            for at in hours
        ]


@pytest.fixture(scope="module")
def network(bench: ModuleType) -> Network:
    """Return the recorded stations; each device reports once an hour."""
    return network_of(bench.POSITIONS, STATIONS)


def network_of(positions: Any, stations: int) -> Network:
    """Return the first of the recorded stations."""
    known = [
        Station(f"s{i}", "reference", f"s{i}", f"s{i}", float(positions[i, 0]), float(positions[i, 1]), "gw")
        for i in range(stations)
    ]
    streams = [
        Datastream(f"{station.id}/{station.id}-d/{name}", 0, station.id, f"{station.id}-d", name, "ug/m3", 3600.0)
        for name in ("pm2_5", "pm10")
        for station in known
    ]
    numbered = [
        Datastream(s.id, row, s.station, s.device, s.property, s.unit, s.period_s) for row, s in enumerate(streams)
    ]
    return build_network(known, numbered, ())


@pytest.fixture(scope="module")
def learnt(thresholds: Thresholds, network: Network) -> Learnt:
    """Return the thresholds, with nothing seen yet."""
    past = begun(thresholds, posts_of(judged_streams(network)).positions, FIRST - 1)
    return Learnt((Kit(thresholds, past),))


@pytest.fixture(scope="module")
def lived(learnt: Learnt, network: Network, broken: Air) -> list[Lived]:
    """Return what all hours brought, one after the other."""
    return Hub(learnt, network).live(range(HOURS), broken)


def told(network: Network, lived: list[Lived]) -> list[tuple[int, str, str, str]]:
    """Return hour, station, property and kind of every alarm, in order."""
    streams, alarms = network.datastreams, [alarm for one in lived for alarm in one.found.alarms]
    return sorted((a.hour - FIRST, streams[a.row].station, streams[a.row].property, a.kind) for a in alarms)


def offline(air: Air, bench: ModuleType, thresholds: Thresholds) -> list[tuple[int, str, str, str]]:
    """Return the same from `replay`."""
    judged = replay(air, bench.TIMES[HISTORY : HISTORY + HOURS], bench.POSITIONS[:STATIONS], thresholds)
    return sorted(
        (hour, f"s{station}", name, KINDS[Cause(one.cause[station, hour])])
        for name, one in judged.items()
        for station, hour in np.argwhere(one.alarm).tolist()
    )


def announcing(lived: list[Lived], kind: str) -> Lived:
    """Return the hour that announces a fault of a kind."""
    return next(one for one in lived if any(alarm.kind == kind for alarm in one.found.alarms))


def test_live_says_what_replay_says(
    lived: list[Lived], network: Network, broken: Air, bench: ModuleType, thresholds: Thresholds
) -> None:
    """Both broken devices are found, at the same hours, under the same names."""
    said = told(network, lived)

    assert offline(broken, bench, thresholds) == said
    assert {("s3", "pm2_5", "stuck"), ("s7", "pm10", "dropout")} <= {one[1:] for one in said}


@settings(max_examples=6, derandomize=True)
@given(at=st.integers(1, HOURS - 15))
def test_a_restart_says_the_same(lived: list[Lived], learnt: Learnt, network: Network, broken: Air, at: int) -> None:
    """From what was kept in between; also while a fault lasts."""
    hub = Hub(learnt, network)
    hub.hours.restore(network, lived[at - 1].kept)
    shown, after = hub.hours.checks, hub.live(range(at, at + 15), broken)

    assert lived[at - 1].checks == shown
    assert told(network, lived[at : at + 15]) == told(network, after)
    assert all(np.array_equal(one.standing, two.standing) for one, two in zip(lived[at:], after, strict=False))


def test_hours_that_nobody_judged_are_silence(
    learnt: Learnt, network: Network, broken: Air, bench: ModuleType, thresholds: Thresholds
) -> None:
    """The hub was off for some hours of both faults: as if nothing had been measured."""
    off = range(25, 33)
    hub = Hub(learnt, network)
    found = hub.live(range(off.start), broken) + hub.live(range(off.stop, 45), broken)
    silent = {name: value.copy() for name, value in broken.items()}
    for value in silent.values():
        value[:, off.start : off.stop] = np.nan

    assert [one for one in offline(silent, bench, thresholds) if one[0] < 45] == told(network, found)


def test_a_silence_of_years_is_like_one_of_a_month(learnt: Learnt) -> None:
    """It costs no more."""
    thresholds, past = learnt.kits[0]
    month, years = (skipped(past, thresholds, FIRST + hours) for hours in (SILENCE_H - 1, 40_000))

    assert FIRST + 40_000 == years.hour
    assert all(
        np.array_equal(one, two, equal_nan=one.dtype.kind == "f")
        for (_, one), (_, two) in zip(leaves(month.carried), leaves(years.carried), strict=True)
    )


def test_a_station_that_comes_leaves_the_others_as_they_were(learnt: Learnt, broken: Air, bench: ModuleType) -> None:
    """The fault that lasts goes on lasting, since the same hour."""
    hub = Hub(learnt, network_of(bench.POSITIONS, STATIONS - 1))
    before = hub.live(range(30), broken)[-1].checks.standing
    hub.network = network_of(bench.POSITIONS, STATIONS)
    hub.panel.grow(hub.network.averaging, hub.network.moving)
    after = hub.live(range(30, 31), broken)[0].checks.standing

    assert before
    assert set(before) <= set(after)


def test_what_lasts_is_shown_and_named_by_datastream(lived: list[Lived], network: Network) -> None:
    """From its alarm until it is over; a stuck device is over when it moves."""
    since = next(one[0] for one in told(network, lived) if one[1:] == ("s3", "pm2_5", "stuck"))
    shown = next(one for one in lived[since + 3].checks.standing if one.kind == "stuck")

    assert [Cause.NONE, Cause.STUCK, Cause.STUCK] == [lived[at].standing[3] for at in (since - 1, since, since + 3)]
    assert ("s3", "s3-d", (FIRST + since) * HOUR_MS) == (shown.station, shown.device, shown.since_ms)
    assert Cause.STUCK not in lived[50].standing


def test_the_ticket_says_the_numbers(lived: list[Lived], network: Network, broken: Air) -> None:
    """The hour's value, what the neighbours had, score, limit and budget, in both languages."""
    found = announcing(lived, "stuck").found
    (ticket,) = fault_tickets(network, found, verdict.start(bind(network, 0)), CALIBRATION, 7)
    (alarm,) = found.alarms
    others = np.delete(broken["pm2_5"][:, alarm.hour - FIRST], 3)

    assert ("s3-d", "stuck", alarm.hour * HOUR_MS, 7) == (
        ticket.subject,
        ticket.kind,
        ticket.since_ms,
        ticket.opened_ms,
    )
    assert (57.0, float(np.nanmedian(others))) == (alarm.value, alarm.nearby)
    assert alarm.score > alarm.limit
    for text in (ticket.explanation, ticket.explanation_en):
        assert all(part in text for part in ("57", f"{alarm.nearby:.3g}", f"{alarm.score:.2f}", "2014-05-13", "0.1"))


def test_one_fault_has_one_ticket(lived: list[Lived], network: Network) -> None:
    """A check of the minutes has said it already."""
    quality = verdict.start(bind(network, 0))
    said = quality._replace(told=(np.arange(len(network)) == 3).astype(np.uint8))

    assert () == fault_tickets(network, announcing(lived, "stuck").found, said, CALIBRATION, 7)


def test_what_lasted_before_the_thresholds_came_gets_its_ticket_once(
    lived: list[Lived], learnt: Learnt, network: Network, broken: Air
) -> None:
    """With the hour at which it began."""
    before = Hub(learnt, network)
    before.hours.restore(network, lived[29].kept)
    hub = Hub(Learnt(before.hours._kits), network)
    found = [one.found for one in hub.live(range(30, 32), broken)]

    assert {"stuck", "dropout"} == {alarm.kind for alarm in found[0].taken_over}
    assert () == found[0].alarms == found[1].taken_over
    assert {alarm.hour for alarm in found[0].taken_over} == {one[0] + FIRST for one in told(network, lived[:30])}


def test_without_thresholds_hours_are_kept_and_nothing_is_judged(network: Network, broken: Air) -> None:
    """The hub says so."""
    hub = Hub(None, network)
    found = hub.hour(0, broken)

    assert np.array_equal(found.hour.means[:STATIONS], broken["pm2_5"][:, 0].astype(np.float32), equal_nan=True)
    assert () == found.alarms
    assert hub.hours.checks.calibration is None


def test_new_thresholds_go_on_from_the_end_of_their_history(
    lived: list[Lived], learnt: Learnt, network: Network, broken: Air
) -> None:
    """Not from nothing: what they have seen of the fault counts."""
    hub = Hub(learnt, network)
    hub.live(range(12), broken)
    before = Hub(learnt, network)
    before.hours.restore(network, lived[11].kept)
    hub.hours.take(msgspec.structs.replace(CALIBRATION, sha256="cd" * 32), Learnt(before.hours._kits))

    assert told(network, lived[12:40]) == told(network, hub.live(range(12, 40), broken))
