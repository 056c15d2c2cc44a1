"""Devices that lie, or say nothing, in a town: one ticket with its numbers, no lead, and a doubt on the map."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hub.bindings import bind
from hub.catalogue import Catalogue
from hub.judgement import Judgement
from hub.lead.outcome import Outcome
from hub.model import MINUTE_MS, TicketOpening
from hub.network import build_network
from hub.quality.pairs import LAWS, OXIDANT, pairs_of
from hub.quality.settings import default_checks
from wire.reading import Flag

pytestmark = pytest.mark.component

NOON = int(1_420_776_000 / 60)
CHANCE = np.random.default_rng(8).standard_normal((2, 26, 400))
PROPERTIES = ("pm2_5", "pm10")
Air = Callable[[str, str, int], float]


def air_of(level: Callable[[int], float], change: Callable[[str, str, float, int], float] | None = None) -> Air:
    """Return a town's air with 5 % of noise, changed here and there."""

    def air(station: str, name: str, minute: int) -> float:
        if name.startswith("wind"):
            return 2.0 if name == "wind_speed" else 225.0
        if name not in PROPERTIES:
            return 22.0 + 0.1 * (minute % 3)
        row = int(station[1:]) if station[1:].isdigit() else 25
        value = level(minute) * (1 + 0.05 * CHANCE[PROPERTIES.index(name), row, minute])
        return round(value if change is None else change(station, name, value, minute), 1)

    return air


def judged(
    town: Any, minutes: int, only: Callable[[int, str], bool] = lambda _m, _s: True
) -> tuple[Judgement, list[TicketOpening], list[Outcome]]:
    """Return the judgement, its tickets and its outcomes after some minutes of a town's life."""
    judgement, outcomes = Judgement(Catalogue(), town.areas), list[Outcome]()
    judgement.learn(town.catalogue())
    for minute in range(minutes):
        heard = {s.id for s in town.stations() if only(minute, s.id)}
        if heard:
            payload = town.minute(minute, heard.__contains__)
            judgement.take(payload, payload.t0 + 50_000)
        outcomes += judgement.close(NOON + minute, (NOON + minute) * MINUTE_MS + 90_000)
    return judgement, [ticket for outcome in outcomes for ticket in outcome.tickets], outcomes


def flag_of(judgement: Judgement, stream: str) -> int:
    """Return what the map shows of a stream."""
    snapshot = judgement.snapshot()
    return int(snapshot.latest_flag[next(s.row for s in snapshot.datastreams if s.id == stream)])


def told(tickets: list[TicketOpening]) -> set[tuple[str, str]]:
    """Return subjects and kinds."""
    return {(ticket.subject, ticket.kind) for ticket in tickets}


def test_a_device_at_the_bottom_gets_one_ticket(town: Any) -> None:
    """PM2.5 of m12 falls to 1 to 3 while the town has 60: bottom, no flat line, FAIL on the map."""
    town.air = air_of(lambda _m: 60.0, lambda s, n, v, m: 1.0 + m % 3 if s == "m12" and n == "pm2_5" and m >= 20 else v)
    judgement, tickets, _ = judged(town, 75)

    assert told(tickets) == {("m12-d", "bottom")}
    assert flag_of(judgement, "m12/m12-d/pm2_5") == Flag.FAIL
    assert "PM2.5 was at most 3 µg/m³" in tickets[0].explanation_en
    assert "PM2.5连续" in tickets[0].explanation
    assert "12:2" in tickets[0].explanation


def test_a_clipped_device_gets_one_ticket_and_no_lead(town: Any) -> None:
    """Nothing above 90 in air that reaches 300; where it stops it also repeats, which is no second fault."""
    town.air = air_of(
        lambda m: 40.0 + 2.5 * m + 30 * (m // 5 % 2),
        lambda s, n, v, _m: min(v, 90.0) if s == "m12" and n == "pm10" else v,
    )
    _, tickets, outcomes = judged(town, 100)

    assert told(tickets) <= {("m12-d", "clipping"), ("m12-d", "flat_line")}
    assert len(tickets) == 1
    assert [o.leads for o in outcomes if o.leads] == []


def test_what_cannot_go_together_opens_no_lead(town: Any) -> None:
    """PM2.5 300 above the town's without any PM10: doubted before it could be an excess, and the neighbours say who."""
    town.air = air_of(lambda _m: 40.0, lambda s, n, v, m: v + 300.0 if s == "m06" and n == "pm2_5" and m >= 30 else v)
    judgement, tickets, outcomes = judged(town, 60)

    assert [o.leads for o in outcomes if o.leads] == []
    assert flag_of(judgement, "m06/m06-d/pm2_5") == Flag.SUSPECT
    assert flag_of(judgement, "m06/m06-d/pm10") < Flag.SUSPECT
    assert tickets == []


def test_dust_and_haze_are_consistent(town: Any) -> None:
    """Coarse dust at one station, haze over all: no check speaks."""
    town.air = air_of(
        lambda m: 40.0 + 2 * m, lambda s, n, v, m: v + 600.0 * (s == "m06" and n == "pm10" and 30 <= m < 60)
    )
    judgement, tickets, _ = judged(town, 75)

    assert tickets == []
    assert int(np.nanmax(judgement.snapshot().latest_flag)) < Flag.SUSPECT


def test_a_silent_device_is_missing_and_then_a_ticket(town: Any) -> None:
    """After a quarter of an hour its last value is none of now, after two hours somebody should look."""
    town.air = air_of(lambda _m: 40.0)
    judgement, tickets, _ = judged(town, 30, lambda m, s: s != "m12" or m < 10)
    assert flag_of(judgement, "m12/m12-d/pm2_5") == Flag.MISSING
    assert tickets == []

    judgement, tickets, _ = judged(town, 145, lambda m, s: s != "m12" or m < 10 or m > 140)
    assert told(tickets) == {("m12-d", "silent")}
    assert "PM2.5, PM10: nothing for" in tickets[0].explanation_en
    assert flag_of(judgement, "m12/m12-d/pm2_5") < Flag.SUSPECT


def test_what_keeps_saying_nonsense_is_not_silent(town: Any) -> None:
    """Two hours of values that cannot be: one ticket about them, none about silence, FAIL on the map."""
    town.air = air_of(lambda _m: 40.0, lambda s, n, v, m: 9000.0 if (s, n) == ("m12", "pm2_5") and m >= 5 else v)
    judgement, tickets, _ = judged(town, 140)

    assert [(ticket.subject, ticket.kind) for ticket in tickets] == [("m12-d", "range")]
    assert flag_of(judgement, "m12/m12-d/pm2_5") == Flag.FAIL


def test_a_fault_that_comes_and_goes_is_told_once(town: Any) -> None:
    """At the bottom for 35 minutes of every 50: one ticket in two hours."""
    town.air = air_of(
        lambda _m: 60.0, lambda s, n, v, m: 1.0 + m % 3 if (s, n) == ("m12", "pm2_5") and m % 50 < 35 else v
    )
    _, tickets, _ = judged(town, 120)

    assert [(ticket.subject, ticket.kind) for ticket in tickets] == [("m12-d", "bottom")]


def test_a_silent_gateway_is_one_ticket(town: Any) -> None:
    """Not one for each of its 28 devices; and when it is back, none for those that come a little later."""
    town.air = air_of(lambda _m: 40.0)
    _, tickets, _ = judged(town, 175, lambda m, s: m < 10 or (m > 150 and (s != "m12" or m > 165)))

    assert [(ticket.subject, ticket.kind) for ticket in tickets] == [("gw", "silent")]
    assert "28 devices" in tickets[0].explanation_en


def test_a_hub_that_was_down_heard_no_silence(town: Any) -> None:
    """Minutes that it closes all at once when it is back count for nobody."""
    town.air = air_of(lambda _m: 40.0)
    judgement = Judgement(Catalogue(), town.areas)
    judgement.learn(town.catalogue())
    judgement.take(town.minute(0), NOON * MINUTE_MS + 50_000)
    outcomes = [*judgement.close(NOON, 0), *judgement.close(NOON + 400, 0)]

    assert [o.tickets for o in outcomes if o.tickets] == []


def round_trip(minute: int) -> tuple[float, float]:
    """Return where the vehicle is: it waits five minutes at each of six stations."""
    stop = minute // 5 % 6
    return 1000.0 * (stop % 5 - 2), 1000.0 * (stop // 5 - 2)


def test_a_vehicle_that_reads_too_high_is_found_by_the_stations(town: Any) -> None:
    """Seven tenths too much at each of several stations: a ticket with gain, error and number of meetings."""
    town.drive = round_trip
    town.air = air_of(lambda m: 40.0 + 0.3 * m, lambda s, n, v, _m: 1.7 * v if s == "car" and n == "pm10" else v)
    judgement, tickets, _ = judged(town, 60)

    assert told(tickets) == {("car-d", "rendezvous")}
    gain, error = re.search(r"gain ([\d.]+) ± ([\d.]+)", tickets[0].explanation_en).groups()  # type: ignore[union-attr]
    assert abs(float(gain) - 1.7) < 3 * float(error) < 0.4
    assert flag_of(judgement, "car/car-d/pm10") == Flag.SUSPECT


def test_a_station_that_disagrees_with_a_good_vehicle_is_found(town: Any) -> None:
    """One of six stations reads half; the vehicle meets it four times and is right everywhere else."""
    town.drive = round_trip
    town.air = air_of(lambda _m: 60.0, lambda s, _n, v, _m: 0.45 * v if s == "m03" else v)
    _, tickets, _ = judged(town, 125)

    assert ("m03-d", "rendezvous") in told(tickets)
    assert "car-d" not in {ticket.subject for ticket in tickets}


def test_a_good_vehicle_is_left_alone(town: Any) -> None:
    """5 % of noise each: no ticket after twelve meetings, and its gain is known to a few per cent."""
    town.drive = round_trip
    town.air = air_of(lambda m: 40.0 + 0.3 * m)
    judgement, tickets, _ = judged(town, 60)
    car = next(s.row for s in judgement.snapshot().datastreams if s.id == "car/car-d/pm10")
    meetings = judgement._state.quality.rounds.meetings

    assert tickets == []
    assert meetings.met[car] >= 9
    assert abs(meetings.gain[car] - 1) < 0.06
    assert meetings.gain_error[car] < 0.05


def test_pairs_keep_their_place_when_a_network_grows(town: Any) -> None:
    """A pair's state is found by its place: what is new comes behind."""
    catalogue = Catalogue()
    catalogue.add(town.catalogue())
    whole = build_network(catalogue.stations, catalogue.datastreams, town.areas)
    half = build_network(catalogue.stations, catalogue.datastreams[:20], town.areas)
    few, many = pairs_of(half, LAWS), pairs_of(whole, LAWS)

    assert len(few) == 10
    assert len(many) == 25
    assert np.array_equal(few.rows[:, [0, 2]], many.rows[:10][:, [0, 2]])
    assert len(pairs_of(whole, OXIDANT)) == 0


def test_the_programs_own_settings_bind(town: Any) -> None:
    """Every check has its parameters; a vehicle's steps and a lab's are not judged."""
    catalogue = Catalogue()
    catalogue.add(town.catalogue())
    network = build_network(catalogue.stations, catalogue.datastreams, town.areas)
    checks = bind(network, NOON, checks=default_checks()).checks
    moving = network.moving[checks.stepped]

    assert checks.spikes
    assert not moving.any()
    assert checks.gateways == ("gw",)
    assert set(checks.trees) == {network.property[next(i for i, s in enumerate(town.streams) if s == ("car", "pm10"))]}
