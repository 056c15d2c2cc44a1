"""A vehicle terminal on a line in memory."""

import asyncio
import contextlib
import math
from collections.abc import Sequence
from typing import Any

import pytest

from edge.drivers import DRIVERS
from edge.drivers.jtt808.driver import open_port
from edge.drivers.jtt808.settings import Jtt808Settings
from edge.errors import PortError
from firmware_sim.instruments.jtt808 import Place, answers, report, stored
from wire.reading import Flag, Reading

SETTINGS = Jtt808Settings(id="patrol-3-terminal", station="patrol-3", driver="jtt808", port="/dev/terminal")
UTC_MS = 1_380_873_600_000  # where the clock stands, five seconds after boot
HERE = Place(UTC_MS - 2_000, 116.53, 39.82, 36.4)


def hear(line: Any, clock: Any, *frames: bytes) -> tuple[list[Sequence[Reading]], list[tuple[int, int]]]:
    """Return the readings of some frames, and what was answered once they were all taken."""

    async def run() -> list[Sequence[Reading]]:
        taken: list[Sequence[Reading]] = []
        async with open_port([SETTINGS], clock, line.open) as driver:
            for octets in frames:
                line.reader.feed_data(octets)
            line.reader.feed_eof()
            with contextlib.suppress(PortError):  # the end of the stream
                async for readings in driver.readings():
                    taken.append(readings)  # noqa: PERF401  # what came before the end counts
        return taken

    return asyncio.run(run()), list(answers(line.transport.written))


def test_position_has_the_time_of_the_terminal(line: Any, clock: Any) -> None:
    """Two seconds old, in km/h as on the wire, with its place, and answered."""
    taken, answered = hear(line, clock, report(HERE, "13912344329", 7))

    assert taken == [[Reading("patrol-3-terminal", "speed", 3_000, 36.4, Flag.UNKNOWN, 116.53, 39.82)]]
    assert answered == [(7, 0x0200)]


def test_position_is_answered_only_when_it_was_taken(line: Any, clock: Any) -> None:
    """An answer is a promise that the terminal may forget."""

    async def run() -> None:
        async with open_port([SETTINGS], clock, line.open) as driver:
            line.reader.feed_data(report(HERE, "13912344329", 7))
            flow = driver.readings()
            await anext(flow)
            assert line.transport.written == b""

    asyncio.run(run())


def test_stored_positions_keep_their_times(line: Any, clock: Any) -> None:
    """An hour without a link, from before the gateway's boot, in one frame."""
    places = [HERE._replace(time_ms=UTC_MS - ago) for ago in (3_600_000, 1_800_000)]
    taken, answered = hear(line, clock, stored(places, "13912344329", 8, edition=2013))

    assert [reading.monotonic_ms for (reading,) in taken] == [5_000 - 3_600_000, 5_000 - 1_800_000]
    assert answered == [(8, 0x0704)]


@pytest.mark.parametrize(
    ("alarm", "flag"),
    [
        (0, Flag.UNKNOWN),
        (0b1111, Flag.UNKNOWN),
        (1 << 4, Flag.FAIL),
        (1 << 5, Flag.FAIL),
        (1 << 6 | 1 << 7, Flag.FAIL),
        (1 << 7, Flag.SUSPECT),
        (1 << 8, Flag.UNKNOWN),
    ],
)
def test_alarms_of_the_receiver_become_flags(line: Any, clock: Any, alarm: int, flag: Flag) -> None:
    """Those of the driving, and a parked vehicle's supply, do not."""
    ((reading,),), _ = hear(line, clock, report(HERE._replace(alarm=alarm), "1", 1))

    assert (reading.flag, reading.value, reading.longitude) == (flag, 36.4, 116.53)


def test_terminal_without_a_fix_has_no_place(line: Any, clock: Any) -> None:
    """Missing, and answered all the same: it need not repeat that it knows nothing."""
    ((reading,),), answered = hear(line, clock, report(Place(UTC_MS, None, None), "1", 1))

    assert reading.flag == Flag.MISSING
    assert math.isnan(reading.value)
    assert math.isnan(reading.longitude)
    assert answered == [(1, 0x0200)]


def test_time_to_come_is_not_believed(line: Any, clock: Any) -> None:
    """A terminal whose date is wrong must not make all that follows look old."""
    ((reading,),), _ = hear(line, clock, report(HERE._replace(time_ms=UTC_MS + 3_600_000), "1", 1))

    assert reading.monotonic_ms == 5_000


def test_terminal_sends_again() -> None:
    """So the agent compares its times with those it holds."""
    assert DRIVERS["jtt808"].sends_again(SETTINGS)
    assert not DRIVERS["pms"].sends_again(SETTINGS)
