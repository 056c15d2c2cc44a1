"""Who is polled when on a shared port."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.drivers.driver import (
    FAIR_REST,
    LONGEST_REST_S,
    PHASE_FROM,
    PHASE_TO,
    Costs,
    DeviceHealth,
    Timetable,
    phase,
    poll_every,
    rest_s,
)
from wire.reading import Reading

ids = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=12)


@given(ids)
def test_phase_leaves_room_at_both_ends(device: str) -> None:
    """The phase is a stable part of the period, away from its borders."""
    assert PHASE_FROM <= phase(device) <= PHASE_TO
    assert phase(device) == phase(device)


@given(
    periods_s=st.dictionaries(ids, st.integers(1, 4000), min_size=1, max_size=8),
    now_ms=st.integers(0, 10**9),
    date_ms=st.integers(-(10**9), 10**13),
    delays_ms=st.lists(st.integers(0, 10_000_000), max_size=40),
)
def test_slots_stay_on_the_grid_whatever_the_delay(
    periods_s: dict[str, int], now_ms: int, date_ms: int, delays_ms: list[int]
) -> None:
    """Every slot lies on its device's grid, none comes twice, and what was left out is counted exactly."""
    table = Timetable({device: float(s) for device, s in periods_s.items()}, now_ms, date_ms)
    first: dict[str, int] = {}
    used: dict[str, int] = {}
    for delay_ms in delays_ms:
        slot = table.next()
        period_ms = periods_s[slot.device] * 1000
        assert slot.due_ms >= first.setdefault(slot.device, slot.due_ms)
        assert (slot.due_ms + date_ms) % period_ms == int(period_ms * phase(slot.device))
        assert slot.due_ms == first[slot.device] + used.get(slot.device, 0) * period_ms
        now_ms = max(now_ms, slot.due_ms) + delay_ms
        left_out = table.done(now_ms)
        assert left_out == max(0, (now_ms - slot.due_ms) // period_ms - 1)
        used[slot.device] = used.get(slot.device, 0) + 1 + left_out


def test_slot_that_is_late_by_less_than_a_period_is_used() -> None:
    """A busy port delays, it does not skip, until a whole period is gone."""
    table = Timetable({"a": 60.0}, 0, 0)
    due_ms = table.next().due_ms

    assert table.done(due_ms + 119_999) == 0
    assert table.next().due_ms == due_ms + 60_000


def test_rest_leads_to_the_first_slot_after_it() -> None:
    """A device at rest leaves out every slot before the rest is over, and not one more."""
    table = Timetable({"a": 10.0}, 0, 0)
    due_ms = table.next().due_ms

    assert table.done(due_ms + 1_000, rest_ms=25_000) == 2
    assert table.next().due_ms == due_ms + 30_000


def test_rest_grows_and_ends_with_an_answer() -> None:
    """First a time-out for the late answer, then more up to FAIR_REST time-outs; one answer ends it."""
    health = DeviceHealth()
    rests = []
    for _ in range(6):
        health.failed("silent")
        rests.append(rest_s(health, 0.5))

    assert rests == [0.5, 4.0, 8.0, 12.0, 12.0, 12.0]
    assert max(rests) == 0.5 * FAIR_REST
    health.answered(0)
    assert rest_s(health, 0.5) == 0.0


def test_rest_of_a_patient_device_is_no_longer_than_recovery_may_take() -> None:
    """With 5 s to answer, 24 time-outs would be two minutes."""
    health = DeviceHealth(silent=9)

    assert (rest_s(health, 5.0), rest_s(health, 60.0)) == (LONGEST_REST_S, 60.0)


def test_rest_that_is_ordered_later_counts_from_the_next_slot() -> None:
    """Another device's slot shows who took the line; that one rests, on its grid, but not twice."""
    table = Timetable({"a": 10.0, "b": 10.0}, 0, 0)
    due_ms = {table.next().device: table.next().due_ms}
    table.done(table.next().due_ms)
    due_ms[table.next().device] = table.next().due_ms

    assert table.postpone(table.next().device, table.next().due_ms + 25_000) == 3
    assert table.next().due_ms - 10_000 in due_ms.values()
    assert table.postpone(table.next().device, table.next().due_ms - 1) == 0


@pytest.mark.parametrize(
    ("costs", "blamed"),
    [
        ({"a": 20, "b": 20, "slow": 900}, ("slow", 900)),
        ({"a": 20, "b": 20, "slow": 190}, None),
        ({"a": 300, "b": 300, "slow": 900}, None),
        ({"a": 900, "b": 20}, None),
        ({}, None),
    ],
)
def test_only_a_poll_that_is_long_and_longer_than_the_others_is_blamed(
    costs: dict[str, int], blamed: tuple[str, int] | None
) -> None:
    """A line that is simply too slow for its devices blames none, and nobody is blamed for his own loss."""
    found = Costs({"a": 1.0}, 100.0)
    for device, cost_ms in costs.items():
        found.add(device, cost_ms)

    assert found.hog("a") == blamed
    if blamed:
        found.forgive(blamed[0])
        assert found.hog("a") is None


def test_poll_keeps_cadence_and_skips_what_a_silent_device_costs(clock: Any) -> None:
    """A device that never answers costs one time-out now and then; the healthy one loses no slot."""
    asked: list[tuple[int, str]] = []
    health = {"good": DeviceHealth(), "dead": DeviceHealth()}

    async def read_once(device: str) -> Sequence[Reading]:
        asked.append((clock.now_ms, device))
        if device == "dead":
            clock.now_ms += 60_000  # one real second at 60 times life
            health[device].failed("silent")
            return ()
        health[device].answered(clock.now_ms)
        return [Reading(device, "o3", clock.now_ms, 1.0)]

    async def hour() -> int:
        seen = 0
        async for _ in poll_every(clock, {"good": 60.0, "dead": 60.0}, read_once, health, 1.0):
            seen += 1
            if seen == 240:
                return seen
        return seen

    assert asyncio.run(hour()) == 240
    assert health["good"].skipped == 0
    dead = [at for at, device in asked if device == "dead"]
    assert len(dead) == 12
    assert dead[-1] - dead[-2] >= 24 * 60_000
    assert health["dead"].skipped > 200


def test_poll_goes_by_the_field_clock(clock: Any) -> None:
    """Between two answers of one device lies exactly its period of field time."""
    health = {"a": DeviceHealth()}

    async def read_once(device: str) -> Sequence[Reading]:
        return [Reading(device, "o3", clock.now_ms, 1.0)]

    async def three() -> list[int]:
        times: list[int] = []
        async for readings in poll_every(clock, {"a": 300.0}, read_once, health, 1.0):
            times.append(readings[0].monotonic_ms)
            if len(times) == 3:
                break
        return times

    times = asyncio.run(three())

    assert [b - a for a, b in pairwise(times)] == [300_000, 300_000]


@given(
    costs_ms=st.lists(st.integers(5, 110), min_size=7, max_size=7),
    troubled=st.sampled_from(["silent", "slow", "sometimes"]),
    timeout_ms=st.integers(200, 1000),
)
@settings(max_examples=40)
def test_one_troubled_unit_costs_the_others_five_percent_at_most(
    costs_ms: list[int], troubled: str, timeout_ms: int
) -> None:
    """Eight units at 1 s on one line, one of them silent, slow by 0.9 of its time-out, or silent every other time."""
    clock = Wall()
    health = {f"unit-{n}": DeviceHealth() for n in range(8)}
    polls: Counter[str] = Counter()

    async def read_once(device: str) -> Sequence[Reading]:
        polls[device] += 1
        if device != "unit-7":
            clock.now_ms += costs_ms[int(device[-1])]
        elif troubled == "slow":
            clock.now_ms += int(0.9 * timeout_ms)
        elif troubled == "silent" or polls[device] % 2:
            clock.now_ms += timeout_ms
            health[device].failed("silent")
            return ()
        health[device].answered(clock.now_ms)
        return [Reading(device, "o3", clock.now_ms, 1.0)]

    async def minutes() -> None:
        periods_s = dict.fromkeys(health, 1.0)
        async for _ in poll_every(clock, periods_s, read_once, health, timeout_ms / 1000):
            if clock.now_ms > 300_000:
                break

    asyncio.run(minutes())

    assert min(polls[f"unit-{n}"] for n in range(7)) >= 0.95 * 300
    assert polls["unit-7"] >= 300 // 30


class Wall:
    """A clock that is advanced by what it is slept and by who takes time."""

    def __init__(self) -> None:
        self.now_ms = 0

    def utc_ms(self) -> int:
        """Since 1970."""
        return self.now_ms

    def monotonic_ms(self) -> int:
        """Since boot."""
        return self.now_ms

    def offset_ms(self) -> int:
        """Both are the same."""
        return 0

    def real_s(self, field_s: float) -> float:
        """As fast as life."""
        return field_s

    async def sleep(self, field_s: float) -> None:
        """Pass at once."""
        self.now_ms += max(1, round(field_s * 1000))
