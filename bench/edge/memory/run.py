"""Resident memory of a gateway that reads 20 devices of 5 quantities once a second.

Run: make bench ARGS=edge/memory, or python bench edge/memory -- [--seconds 30] [--json].
"""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from peer import Peer, installed, tag
from played.line import Line
from rows import Row, parser, report
from tables import tables

DEVICES = 20
QUANTITIES = 5


class Found(NamedTuple):
    """Megabytes: resident, and of these what it shares with nobody; readings that reached the far end."""

    resident: float
    own: float
    count: int


async def look(gateway: Line | Peer, seconds: float) -> Found:
    """Let it run, then look."""
    await asyncio.sleep(seconds)
    count = gateway.arrivals.look() if isinstance(gateway, Line) else gateway.look()
    return Found(gateway.agent.rss_mb(), gateway.agent.own_mb(), count)


async def measure(seconds: float, *, with_peer: bool) -> list[Row]:
    """Measure ours, then the peer."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        async with Line(place, tables=lambda port: tables(place, DEVICES, [QUANTITIES], 1.0, port)) as line:
            mine = await look(line, seconds)
    peers = None
    if with_peer:
        tags = {unit: [tag(f"t{at}", at) for at in range(QUANTITIES)] for unit in range(1, DEVICES + 1)}
        with tempfile.TemporaryDirectory() as name:
            async with Peer(Path(name), tags, 1.0, shared=False) as peer:
                peers = await look(peer, seconds)
    return [
        Row("20 devices, 100 readings/s: resident MB", mine.resident, peers and peers.resident, "<= 45"),
        Row("of these shared with no other program", mine.own, peers and peers.own),
        Row("readings that had arrived", mine.count, peers and peers.count),
    ]


def main() -> None:
    """Print the table."""
    asked = parser(__doc__ or "")
    asked.add_argument("--seconds", type=float, default=30.0, help="from the start to the look")
    chosen = asked.parse_args()
    rows = asyncio.run(measure(chosen.seconds, with_peer=not chosen.no_peer and installed()))
    report(rows, f"n = 1, after {chosen.seconds:g} s; the peer's storage is sqlite.", as_json=chosen.json)


if __name__ == "__main__":
    main()
