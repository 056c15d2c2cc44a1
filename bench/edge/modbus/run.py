"""Modbus TCP: 500 tags a second, and 32 devices of 125 registers as fast as they go; whole gateways, from wire to hub.

Run: make bench ARGS=edge/modbus, or python bench edge/modbus -- [--seconds 15] [--json]. The same instruments answer
both gateways; processor time is the gateway process's own, system calls included.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import msgspec
from peer import Peer, installed, tag
from played.arrivals import Arrivals
from played.line import Line
from played.programs import Program
from pymodbus.client import AsyncModbusTcpClient
from rows import Row, parser, report
from tables import single, tables

from edge.drivers import DRIVERS
from wire.clock import SystemClock

UNITS = 32
SPLIT = (42, 42, 41)  # of the 125 registers of a unit: a device has each property once
WARM_S = 8.0
BARE_REQUESTS = 4_000


class Found(NamedTuple):
    """What one gateway did in the window.

    Attributes:
        rate: readings a second that reached the far end.
        core: share of one core in percent.
        cost_us: processor microseconds of the gateway for each of these readings.
        requests_us: the same for each request that instruments answered.
        rss_mb: resident memory at the end.
    """

    rate: float
    core: float
    cost_us: float
    requests_us: float
    rss_mb: float


async def answered(instruments: Program) -> int:
    """Return how many requests the instruments have answered."""
    behind = instruments.log.stat().st_size
    instruments.say("count")
    return int(await instruments.heard("answers", behind))


async def window(gateway: Line | Peer, arrivals: Arrivals | Peer, seconds: float) -> Found:
    """Let a gateway run for a while and say what it did then."""
    await asyncio.sleep(WARM_S)
    begun, cpu_s, had, asked = (
        time.monotonic(),
        gateway.agent.cpu_s(),
        arrivals.look(),
        await answered(gateway.instruments),
    )
    await asyncio.sleep(seconds)
    got = arrivals.look() - had
    asked = await answered(gateway.instruments) - asked
    spent_s, took_s = gateway.agent.cpu_s() - cpu_s, time.monotonic() - begun
    per_reading, per_request = (spent_s * 1e6 / max(many, 1) for many in (got, asked))
    return Found(got / took_s, 100 * spent_s / took_s, per_reading, per_request, gateway.agent.rss_mb())


async def ours(listed: Callable[[Path, str], Sequence[Mapping[str, Any]]], seconds: float) -> Found:
    """Measure ours with the [[device]] tables that a place and a port give."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        line = Line(place, tables=lambda port: listed(place, port))
        line.arrivals.numbered = False
        line.instruments = line.instruments.without(line.ledger)
        async with line:
            return await window(line, line.arrivals, seconds)


async def theirs(
    rows: Mapping[int, Sequence[Mapping[str, Any]]], period_s: float, storage: str, seconds: float
) -> Found:
    """Measure the peer."""
    with tempfile.TemporaryDirectory() as name:
        peer = Peer(Path(name), rows, period_s, storage, shared=False)
        peer.instruments = peer.instruments.without(peer.ledger)
        async with peer:
            return await window(peer, peer, seconds)


async def bare() -> float:
    """Return processor microseconds of a request of 125 registers: pymodbus alone, registers thrown away."""
    with tempfile.TemporaryDirectory() as name:
        instruments = Line(Path(name)).instruments.without(Path(name) / "ledger.tsv")
        client = AsyncModbusTcpClient("127.0.0.1", port=int(await instruments.start()), retries=0, reconnect_delay=0)
        await client.connect()
        started = time.process_time()
        for at in range(BARE_REQUESTS):
            await client.read_holding_registers(0, count=sum(SPLIT), device_id=1 + at % UNITS)
        spent = time.process_time() - started
        client.close()
        instruments.kill()
        return spent / BARE_REQUESTS * 1e6


async def driver() -> float:
    """Return processor microseconds of the same request with our driver: timetable, decoding, readings; no outbox."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        instruments = Line(place).instruments.without(place / "ledger.tsv")
        port, kind = f"tcp://127.0.0.1:{await instruments.start()}", DRIVERS["modbus"]
        listed = [dict(table) | {"port": port} for table in tables(place, UNITS, SPLIT, 0.001, port)]
        async with kind.open([msgspec.convert(table, kind.settings) for table in listed], SystemClock()) as opened:
            count, started = 0, time.process_time()
            async for readings in opened.readings():
                count += len(readings)
                if count >= BARE_REQUESTS * sum(SPLIT):
                    break
            spent, asked = time.process_time() - started, await answered(instruments)
        instruments.kill()
        return spent / asked * 1e6


def taken(found: Found) -> float:
    """Return the readings a second that the instruments gave: what exceeds the rate waits in the gateway or is gone."""
    return found.core * 1e4 / found.requests_us * sum(SPLIT)


def rows_of(title: str, found: Found, peer: Found | None, aims: Mapping[str, str]) -> list[Row]:
    """Return the lines of one comparison."""
    return [
        Row(f"{title}: readings/s", found.rate, peer and peer.rate, aims.get("rate", "")),
        Row(f"{title}: % of one core", found.core, peer and peer.core, aims.get("core", "")),
        Row(f"{title}: us of CPU a reading", found.cost_us, peer and peer.cost_us),
        Row(
            f"{title}: readings/s with one core full",
            1e6 / found.cost_us,
            peer and 1e6 / peer.cost_us,
            aims.get("full", ""),
        ),
        Row(f"{title}: resident MB", found.rss_mb, peer and peer.rss_mb),
    ]


async def measure(seconds: float, *, with_peer: bool) -> list[Row]:
    """Measure everything, one after the other."""
    tags = {1: [tag(f"t{address}", address) for address in range(500)]}
    ranges = {unit: [tag("t${address}", "0-124")] for unit in range(1, UNITS + 1)}
    slow = await ours(lambda place, port: single(place, 500, 1.0, port), seconds)
    fast = await ours(lambda place, port: tables(place, UNITS, SPLIT, 0.01, port), seconds)
    peer_slow = await theirs(tags, 1.0, "sqlite", seconds) if with_peer else None
    peer_ram = await theirs(tags, 1.0, "memory", seconds) if with_peer else None
    peer_fast = await theirs(ranges, 0.01, "sqlite", seconds) if with_peer else None
    alone, ours_alone = await bare(), await driver()
    return [
        *rows_of("500 tags, 1 s", slow, peer_slow, {"core": "<= 4"}),
        Row("500 tags, 1 s, peer in RAM: % of one core", slow.core, peer_ram and peer_ram.core),
        *rows_of("32 x 125 registers", fast, peer_fast, {"full": ">= 50,000"}),
        Row("32 x 125 registers: readings/s asked for and answered", taken(fast), peer_fast and taken(peer_fast)),
        Row("32 x 125 registers: us of CPU a request", fast.requests_us, peer_fast and peer_fast.requests_us),
        Row("pymodbus alone: us of CPU a request of 125 registers", alone),
        Row("our driver alone, 125 readings decoded: us of CPU a request", ours_alone),
        Row("our driver alone for one of pymodbus alone", ours_alone / alone, None, "<= 1.5"),
        Row("our whole gateway, kept and sent, for one of pymodbus alone", fast.requests_us / alone),
    ]


def main() -> None:
    """Print the table."""
    asked = parser(__doc__ or "")
    asked.add_argument("--seconds", type=float, default=15.0, help="of each window, after a warm-up")
    chosen = asked.parse_args()
    rows = asyncio.run(measure(chosen.seconds, with_peer=not chosen.no_peer and installed()))
    note = (
        f"n = 1, windows of {chosen.seconds:g} s. 500 tags: each declared by itself, in both. "
        "32 units of 125 registers, each with its address: three devices a unit in ours, one range in the peer. "
        "Readings of ours are counted when they are on the hub's disk; the peer's storage is sqlite where nothing "
        "else is said. Instruments, broker and hub share the machine's cores with the gateway."
    )
    report(rows, note, as_json=chosen.json)


if __name__ == "__main__":
    main()
