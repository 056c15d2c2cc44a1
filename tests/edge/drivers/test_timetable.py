"""Who is polled when on a shared port."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from edge.drivers.driver import MAX_REST, PHASE_FROM, PHASE_TO, DeviceHealth, Timetable, phase, poll_every, rest_s
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


def test_rest_doubles_and_ends_with_an_answer() -> None:
    """The first silence costs no rest; then it doubles up to MAX_REST time-outs; one answer ends it."""
    health = DeviceHealth()
    rests = []
    for _ in range(9):
        health.failed("silent")
        rests.append(rest_s(health, 0.5))

    assert rests == [0.0, 2.0, 4.0, 8.0, 16.0, 32.0, 32.0, 32.0, 32.0]
    assert max(rests) == 0.5 * MAX_REST
    health.answered(0)
    assert rest_s(health, 0.5) == 0.0


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
    assert len(dead) == 8
    assert dead[-1] - dead[-2] >= 64 * 60_000
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
