"""Faults between an instrument and the hub, with a ledger: what was served against what the hub has on disk.

Real agent, broker and hub, each a process. Every answer of the instruments bears a number of its own, and a gateway
asks for the next only when it has kept the last: whatever is missing in the end, but for the answer that was on the
line when its gateway was killed, was kept and lost.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random

import pytest
from played.line import Line, until

pytestmark = pytest.mark.system

# Of the killing: this many or this long, whichever comes first; QUIETWATCH_KILLS=1000 takes about half an hour.
KILLS = int(os.environ.get("QUIETWATCH_KILLS", "0")) or 24
KILLING_S = 40.0 if "QUIETWATCH_KILLS" not in os.environ else 1e9
LONGEST_LIFE_S = 2.5
FAULT_S = 5.0


def line(place: Path) -> Line:
    """Return a line with two instruments; a slow machine must not look like a silent instrument."""
    return Line(place, units=2, period_s=0.1, device={"timeout_s": 20.0})


async def hole(line: Line) -> None:
    """The link swallows every byte and says nothing; afterwards connections begin anew, as after a modem's restart."""
    line.link.cut = True
    await asyncio.sleep(FAULT_S)
    line.link.restore()


async def hole_and_kill(line: Line) -> None:
    """Meanwhile the power goes, too."""
    line.link.cut = True
    await asyncio.sleep(FAULT_S)
    line.kill_agent()
    await line.agent.start()
    await asyncio.sleep(1)
    line.link.restore()


async def hole_that_heals(line: Line) -> None:
    """The bytes of some seconds are gone, but the connection goes on as if nothing had been: a hung broker."""
    line.link.cut = True
    await asyncio.sleep(FAULT_S)
    line.link.cut = False


async def no_broker(line: Line) -> None:
    """The broker dies with everything in its memory, and comes back."""
    line.broker.kill()
    await asyncio.sleep(FAULT_S)
    await line.broker.start()


async def no_hub(line: Line) -> None:
    """The broker takes everything, but nobody has it on disk: the hub is dead, and comes back."""
    line.hub.kill()
    await asyncio.sleep(FAULT_S)
    await line.hub.start()


@pytest.mark.parametrize("fault", [hole, hole_and_kill, hole_that_heals, no_broker, no_hub])
def test_nothing_is_lost_or_doubled(tmp_path: Path, fault: Callable[[Line], Awaitable[None]]) -> None:
    """Readings go on being taken during the fault, and all of them arrive after it, each once."""

    async def scene() -> None:
        async with line(tmp_path) as parts:
            await until(lambda: parts.arrivals.look() >= 20)
            before = len(parts.served())
            await fault(parts)
            during = len(parts.served()) - before
            verdict = await parts.settle()

            assert during >= FAULT_S / 0.1  # of two instruments, half of what they can
            assert (verdict.lost, verdict.doubled) == (0, 0)
            assert verdict.in_flight <= len(parts.killed)

    asyncio.run(scene())


def test_killed_again_and_again_a_gateway_loses_nothing_that_it_kept(tmp_path: Path) -> None:
    """At random points of its life, its start included; each time at most the one answer on the line is gone."""
    chance = Random(20_261_121)

    async def scene() -> None:
        async with line(tmp_path) as parts:
            deadline_s = time.monotonic() + KILLING_S
            kills = 0
            while kills < KILLS and time.monotonic() < deadline_s:
                await asyncio.sleep(chance.uniform(0, LONGEST_LIFE_S))
                parts.kill_agent()
                kills += 1
                await parts.agent.start(wait=False)
            verdict = await parts.settle(90)

            assert kills >= 10
            assert verdict.served > kills
            assert (verdict.lost, verdict.doubled) == (0, 0)
            assert verdict.in_flight <= kills

    asyncio.run(scene())
