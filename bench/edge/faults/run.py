"""The fault matrix: what instruments served against what arrived, on ours and on thingsboard-gateway, by one script.

Run: make bench ARGS=edge/faults, or python bench edge/faults -- [--only hole-30 ...] [--times 1] [--json]; about ten
minutes, or with `--only hole-600` ten more. Both gateways keep everything on disk (the peer: sqlite) and publish
with QoS 1. Each answer of an instrument bears a number; missing numbers are counted as lost, but for the answer that
was on the line when its gateway was killed. Arrived is what the hub has on disk, or what the peer's server would show.
"""

import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from peer import Peer, installed, tag
from played.line import Line, Verdict, judge, until
from rows import Row, parser, report

STEADY_S = 5.0
LONGEST_BACK_S = 180.0
PATIENCE_S = 30.0  # after the last that arrived
NUMBER = {"name": "n", "address": 0, "kind": "32uint", "count": 2}
Gateway = Line | Peer
Scene = Callable[[Gateway], Awaitable[None]]


class Fault(NamedTuple):
    """One row of the matrix.

    Attributes:
        what: people read.
        scene: does it to a running line.
        period_s: of the polls.
        units: how many instruments share the connection.
        silent: the unit that falls silent, 0 for none.
        option: whether it is run only when it is asked for.
    """

    what: str
    scene: Scene
    period_s: float = 0.2
    units: int = 1
    silent: int = 0
    option: bool = False


def hole(seconds: float, *, killed: bool = False) -> Scene:
    """Bytes vanish while the connection stays open; then connections begin anew, as after a modem's restart."""

    async def scene(line: Gateway) -> None:
        line.link.cut = True
        await asyncio.sleep(seconds)
        if killed:
            line.kill_agent()
            await line.agent.start()
            await asyncio.sleep(3)
        line.link.restore()

    return scene


async def healed(line: Gateway) -> None:
    """Bytes vanish, and then the same connection goes on: a hung broker."""
    line.link.cut = True
    await asyncio.sleep(30)
    line.link.cut = False


async def no_broker(line: Gateway) -> None:
    """The broker is stopped and started again."""
    line.broker.kill()
    await asyncio.sleep(30)
    await line.broker.start()


async def refused(line: Gateway) -> None:
    """The far port is closed, and opened again."""
    line.link.refuse()
    await asyncio.sleep(30)
    await line.link.accept()


async def kill(line: Gateway) -> None:
    """The gateway's process dies in the middle of a good day, three times."""
    for _ in range(3):
        line.kill_agent()
        await line.agent.start()
        await asyncio.sleep(10)


async def silence(line: Gateway) -> None:
    """One of two units on a bus does not answer for 90 s."""
    line.instruments.say("silent 2")
    await asyncio.sleep(90)


async def nothing(_: Gateway) -> None:
    """No fault at all."""
    await asyncio.sleep(20)


FAULTS = {
    "hole-30": Fault("30 s black hole", hole(30)),
    "hole-30-kill": Fault("30 s black hole, kill -9 in it", hole(30, killed=True)),
    "hole-75": Fault("75 s black hole", hole(75)),
    "hole-75-kill": Fault("75 s black hole, kill -9 in it", hole(75, killed=True)),
    "hole-600": Fault("10 min black hole", hole(600), option=True),
    "hole-600-kill": Fault("10 min black hole, kill -9 in it", hole(600, killed=True), option=True),
    "healed": Fault("30 s of bytes lost, then the same connection goes on", healed),
    "broker": Fault("broker away for 30 s", no_broker),
    "refused": Fault("connection refused for 30 s", refused),
    "kill": Fault("kill -9 in steady state, three times", kill),
    "silent": Fault("one of two units on a bus silent for 90 s", silence, period_s=1.0, units=2, silent=2),
    "fast": Fault("no fault, 50 ms polls", nothing, period_s=0.05),
}


class Found(NamedTuple):
    """What became of one gateway.

    Attributes:
        verdict: of the ledger.
        share: of what it should have polled of the healthy units during the fault.
        back_s: from the end of the fault until something arrived again.
    """

    verdict: Verdict
    share: float
    back_s: float


async def run(fault: Fault, gateway: Gateway) -> Found:
    """Do it to a running line."""
    async with gateway:
        await steady(gateway)
        before, begun = healthy(gateway, fault), time.monotonic()
        await fault.scene(gateway)
        share = (healthy(gateway, fault) - before) / ((time.monotonic() - begun) / fault.period_s)
        back_s = await back(gateway)
        await asyncio.sleep(STEADY_S)
        return Found(await settle(gateway), share, back_s)


async def back(gateway: Gateway) -> float:
    """Return the seconds until something arrives again; a gateway that waits long before it connects has its time."""
    before, begun = look(gateway), time.monotonic()
    with contextlib.suppress(TimeoutError):
        await until(lambda: look(gateway) > before, LONGEST_BACK_S)
    return time.monotonic() - begun


def healthy(gateway: Gateway, fault: Fault) -> int:
    """Return how many answers the units have given that stay healthy, for each of them."""
    units = fault.units - bool(fault.silent)
    return sum(answer.unit != fault.silent for answer in gateway.served()) // units


async def steady(gateway: Gateway) -> None:
    """Wait until readings arrive, and for a while then."""
    await until(lambda: look(gateway) > 0)
    await asyncio.sleep(STEADY_S)


def look(gateway: Gateway) -> int:
    """Return how many readings have arrived."""
    return gateway.arrivals.look() if isinstance(gateway, Line) else gateway.look()


async def settle(gateway: Gateway) -> Verdict:
    """Let the instruments fall silent, wait until everything has arrived or nothing more comes, and judge."""
    gateway.instruments.say("silent 0")
    await asyncio.sleep(1)
    served, arrived, changed_s = gateway.served(), -1, time.monotonic()
    while True:
        if (now := look(gateway)) != arrived:
            arrived, changed_s = now, time.monotonic()
        found = gateway.arrivals.times if isinstance(gateway, Line) else gateway.found()
        verdict = judge(served, found, gateway.killed)
        if not verdict.lost or time.monotonic() > changed_s + PATIENCE_S:
            return verdict
        await asyncio.sleep(1)


def gateways(fault: Fault, place: Path, *, with_peer: bool) -> list[Gateway]:
    """Return ours, and the peer, for a row; a time-out of 1 s where a unit is silent, of 20 s where none is."""
    timeout_s = 1 if fault.silent else 20
    made: list[Gateway] = [Line(place / "ours", fault.units, fault.period_s, {"timeout_s": float(timeout_s)})]
    if with_peer:
        tags: dict[int, list[dict[str, Any]]] = {unit: [tag(**NUMBER)] for unit in range(1, fault.units + 1)}
        made.append(Peer(place / "peer", tags, fault.period_s, timeout_s=timeout_s))
    return made


async def compare(fault: Fault, *, with_peer: bool) -> list[Row]:
    """Return the rows of one fault: both gateways run at the same time, each on a line of its own."""
    with tempfile.TemporaryDirectory() as name:
        both = gateways(fault, Path(name), with_peer=with_peer)
        found = await asyncio.gather(*(run(fault, gateway) for gateway in both))
    ours, peer = found[0], found[1] if with_peer else None
    if fault.silent:
        return [Row(f"{fault.what}: % of the other's polls", 100 * ours.share, peer and 100 * peer.share, ">= 95")]
    mine, theirs = ours.verdict, peer and peer.verdict
    rows = [
        Row(f"{fault.what}: served", mine.served, theirs and theirs.served),
        Row(f"{fault.what}: lost", mine.lost, theirs and theirs.lost, "0"),
        Row(f"{fault.what}: doubled", mine.doubled, theirs and theirs.doubled, "0"),
        Row(f"{fault.what}: s until something arrived again", ours.back_s, peer and peer.back_s),
    ]
    if mine.in_flight or (theirs and theirs.in_flight):
        rows.append(Row(f"{fault.what}: on the line at the kill", mine.in_flight, theirs and theirs.in_flight))
    return rows


async def matrix(names: Sequence[str], times: int, *, with_peer: bool) -> list[Row]:
    """Return the rows of some faults, each done so many times."""
    rows: list[Row] = []
    for name in names:
        for _ in range(times):
            found = await compare(FAULTS[name], with_peer=with_peer)
            rows += found
            sys.stderr.write("".join(f"{row.what}: {row.ours} / {row.peer}\n" for row in found))
    return rows


def main() -> None:
    """Print the table."""
    asked = parser(__doc__ or "")
    asked.add_argument("--only", nargs="+", choices=FAULTS, help="these rows")
    asked.add_argument("--times", type=int, default=1, help="each")
    chosen = asked.parse_args()
    names = chosen.only or [name for name, fault in FAULTS.items() if not fault.option]
    rows = asyncio.run(matrix(names, chosen.times, with_peer=not chosen.no_peer and installed()))
    note = f"n = {chosen.times}; polls every 200 ms unless the row says otherwise."
    report(rows, note, as_json=chosen.json)


if __name__ == "__main__":
    main()
