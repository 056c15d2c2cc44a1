"""Draining a day: 24 hours of 20 datastreams at 1 Hz wait in the outbox when the link comes back; live readings go on.

Run: make bench ARGS=edge/drain, or python bench edge/drain -- [--hours 24] [--json]. The outbox is filled through its
own door, as a day without a link would; then the agent starts on it, and the hub takes everything to its disk. The
peer is not in this one: what its storage does with an outage stands in edge/faults.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from played.line import Line, until
from rows import Row, parser, report
from tables import NAMES, tables

from edge.config import load
from edge.inventory import inventory
from edge.key import load_or_create
from edge.outbox import Identity, Outbox
from wire.clock import SystemClock
from wire.reading import Reading

STREAMS = 20
BOOT = b"the day before.."
PATIENCE_S = 1800.0


class Found(NamedTuple):
    """What the drain was like; seconds are real, readings those of the backlog unless they are live."""

    fill_s: float
    held_mb: float
    ready_s: float
    drain_s: float
    cpu_s: float
    resident_mb: float
    wire_bytes: float
    live: int
    live_missing: int


def past(seconds: int) -> Iterator[tuple[int, list[float]]]:
    """Yield (monotonic milliseconds, values) of each answer: some ms late, values that wander by tenths."""
    chance = Random(1)  # noqa: S311  # the same past each time
    tenths = [200 + 10 * at for at in range(STREAMS)]
    for second in range(seconds):
        tenths = [each + chance.choice((-2, -1, 0, 0, 0, 1, 2)) for each in tenths]
        yield 1000 * second + chance.randrange(30), [each / 10 for each in tenths]


def fill(place: Path, seconds: int) -> float:
    """Put a past into the outbox; return its megabytes on disk."""
    config = load(place / "edge.toml")
    identity = Identity("gw", load_or_create(place / "key.pem"), BOOT)
    with Outbox(place / "outbox", identity, inventory(config, "bench")) as outbox:
        outbox.set_clock(SystemClock().utc_ms() - 1000 * seconds - 60_000, "ntp")
        for at_ms, values in past(seconds):
            outbox.append([Reading("unit-1-0", name, at_ms, value) for name, value in zip(NAMES, values, strict=False)])
        outbox.flush()
    return sum(path.stat().st_size for path in (place / "outbox").iterdir()) / 1e6


async def measure(seconds: int) -> Found:
    """Fill, start, wait."""
    with tempfile.TemporaryDirectory() as name:
        place, backlog = Path(name), seconds * STREAMS
        own = {"outbox_mb": 1024, "flush_s": 5.0}
        line = Line(place, gateway=own, tables=lambda port: tables(place, 1, [STREAMS], 1.0, port))
        line.arrivals.numbered = False
        async with line:
            line.agent.stop()
            begun = time.monotonic()
            held_mb = await asyncio.to_thread(fill, place, seconds)
            fill_s, had, taken = time.monotonic() - begun, line.arrivals.look(), len(line.served())
            begun, cpu_s = time.monotonic(), line.agent.cpu_s()
            await line.agent.start()
            ready_s, at_start = time.monotonic() - begun, line.arrivals.size
            await until(lambda: line.arrivals.look() - had >= backlog, PATIENCE_S)
            drain_s, spent_s = time.monotonic() - begun, line.agent.cpu_s() - cpu_s
            resident_mb, wire = line.agent.rss_mb(), (line.arrivals.size - at_start) / backlog
            live = STREAMS * (len(line.served()) - taken)
            line.instruments.say("silent 0")
            wanted = STREAMS * len(line.served()) + backlog
            await asyncio.sleep(15)
            missing = max(0, wanted - line.arrivals.look())
            return Found(fill_s, held_mb, ready_s, drain_s, spent_s, resident_mb, wire, live, missing)


def main() -> None:
    """Print the table."""
    asked = parser(__doc__ or "")
    asked.add_argument("--hours", type=float, default=24.0)
    chosen = asked.parse_args()
    seconds = int(chosen.hours * 3600)
    found, backlog = asyncio.run(measure(seconds)), seconds * STREAMS
    rows = [
        Row("readings that waited", backlog),
        Row("megabytes that they took on disk", found.held_mb),
        Row("seconds from the agent's start until it was ready", found.ready_s),
        Row("seconds until the hub had all of them on disk", found.drain_s),
        Row("readings/s", backlog / found.drain_s),
        Row("us of the gateway's CPU a reading, start included", found.cpu_s / backlog * 1e6),
        Row("bytes of envelopes a reading", found.wire_bytes, None, "<= 8"),
        Row("resident MB at the end", found.resident_mb),
        Row("live readings taken meanwhile", found.live),
        Row("live readings that had not arrived 15 s after the last", found.live_missing, None, "0"),
        Row("live readings expected meanwhile", STREAMS * (found.drain_s - found.ready_s)),
    ]
    report(rows, f"n = 1; filled in {found.fill_s:.0f} s through Outbox.append.", as_json=chosen.json)


if __name__ == "__main__":
    main()
