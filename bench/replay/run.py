"""How long it takes to judge 90 days of 5,000 datastreams again, and where the time goes.

    python bench replay -- --days 3 [--streams 5000] [--batch 100] [--json]

A synthetic zone (five properties a station, one reading a minute each, wind at ten more, haze, a plume every three
hours) is judged as a hub judges it; what it keeps for replays is then judged again, from the first minute: once by the
same rules, which must give every lead exactly, and once by keener ones. Fewer days than 90 are extrapolated, and the
output says so.

A stretch of more than a week is judged in parts, by as many processes as there are processors; beside it by one alone.

Beside it the way from the journal itself, for batches of several sizes: what a hub without kept minutes would need.
CPU seconds of one thread; wall clock is given for the whole replay, by one process and in parts.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from nacl.signing import SigningKey
from zone import DAY, FIRST, Zone, body_of

from hub.anomaly.rulebook import rule_texts
from hub.calibrations import Calibrations
from hub.catalogue import Catalogue
from hub.configured import InForce
from hub.ingest.entry import Draft
from hub.ingest.journal import Journal
from hub.judge import MINUTES, WEEK_MIN, remembered, without_panel
from hub.judgement import Judgement
from hub.memory import MEMORY, Memory, Teaching
from hub.model import MINUTE_MS
from hub.registry import Registry
from hub.replay.account import account, differences
from hub.replay.parts import judged_in_parts
from hub.replay.rules import Changed
from hub.replay.stretch import Place, judged_again, span_of
from hub.replay.telling import Listener, from_minutes
from hub.store.minutes import MinuteReader, MinuteWriter
from wire.batch import NO_HASH, Payload
from wire.envelope import encode_envelope, read_envelope

WANTED_DAYS: Final = 90
GOAL_S: Final = 300.0
KEY: Final = SigningKey(bytes(32))
KEEN: Final = rule_texts()["local_excess.toml"].replace("threshold = 50\n", "threshold = 40\n")


def live(zone: Zone, days: float, directory: Path) -> dict[str, float]:
    """Judge days as they come, keep what a hub keeps, and return CPU seconds."""
    judgement = Judgement(Catalogue(), zone.areas)
    catalogue = zone.catalogue()
    judgement.learn(catalogue)
    taught = [Teaching("catalogue", "gw0", encode_envelope(catalogue, KEY), FIRST * MINUTE_MS)]
    memory, writer = Memory(directory / MEMORY), MinuteWriter(directory / MEMORY / MINUTES, 0)
    spent = {"taken": 0.0, "judged": 0.0, "kept": 0.0}
    with Registry.open(directory / "registry.sqlite") as registry:
        for minute in range(round(days * DAY)):
            received_ms = (FIRST + minute) * MINUTE_MS + 90_000
            begun = time.process_time()
            judgement.take(zone.payload(minute), received_ms)
            took = time.process_time()
            outcomes = list(judgement.close(FIRST + minute, received_ms))
            judged = time.process_time()
            writer.append((minute + 1, received_ms), FIRST + minute, judgement.closed(), (taught, min(minute, 1)))
            if minute % WEEK_MIN == WEEK_MIN - 1:
                memory.keep_week(minute + 1, without_panel(remembered(judgement, minute + 1, taught)))
            spent["taken"] += took - begun
            spent["judged"] += judged - took
            spent["kept"] += time.process_time() - judged
            for outcome in outcomes:
                for lead in outcome.leads:
                    registry.open_lead(lead)
                registry.record_levels(outcome.changes, received_ms)
    with Journal(directory / "journal") as journal:
        journal.append_many([Draft("tick", seq=(FIRST + minute) * MINUTE_MS)], received_ms)
    return spent


def only_read(directory: Path) -> float:
    """Return CPU seconds for reading and unpacking what is kept."""
    begun = time.process_time()
    for _ in MinuteReader(directory / MEMORY / MINUTES).frames(0):
        pass
    return time.process_time() - begun


def put_back(zone: Zone, directory: Path) -> float:
    """Return CPU seconds for that and for filling the panel, nothing judged."""
    judgement = Judgement(Catalogue(), zone.areas)
    begun = time.process_time()
    for told in from_minutes(MinuteReader(directory / MEMORY / MINUTES), 0):
        told.tell(Listener(judgement, lambda said: said, Calibrations(directory)))
        judgement.pass_over(told.last)
    return time.process_time() - begun


def replayed(zone: Zone, days: float, directory: Path) -> dict[str, Any]:
    """Judge all of it again by keener rules; return seconds, and what differs by the same ones."""
    place = Place(directory, InForce(zone.areas, None))
    span, processes = span_of(place, days, None), len(os.sched_getaffinity(0))
    wall = time.perf_counter()
    keen = judged_in_parts(place, span, Changed({"local_excess.toml": KEEN}, rule_texts()), _progress, processes)
    spent = {"processes": processes, "wall_s": time.perf_counter() - wall, "minutes": keen.minutes}
    wall, cpu = time.perf_counter(), time.process_time()
    same = judged_again(place, span, Changed({}, {}), _progress)
    spent |= {"one_wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    with Registry.open(directory / "registry.sqlite") as registry:
        then = registry.openings(keen.from_ms, keen.to_ms), registry.levels_between(keen.from_ms, keen.to_ms)
    found = account(keen, then, ["local_excess.toml"], spent["wall_s"])
    parts = judged_in_parts(place, span, Changed({}, {}), _progress, processes)
    differing = len(differences(same, then[0])), len(differences(parts, then[0]))
    return spent | {"totals": found["totals"], "differences": differing, "leads": len(then[0])}


def _progress(progress: Any) -> None:
    days = (progress.at - progress.begin) / DAY
    if days % 5 < 0.5:
        print(f"  {days:.1f} days judged", file=sys.stderr, flush=True)


def from_batches(zone: Zone, size: int, minutes: int = 20) -> float:
    """Return CPU seconds a minute for the way from the journal's envelopes to the panel, with batches of a size."""
    judgement = Judgement(Catalogue(), zone.areas)
    firsts = range(0, zone.streams, size)
    for first in firsts:
        judgement.learn(zone.catalogue(first, size))
    envelopes = [
        [encode_envelope(_batch(first, minute, zone.values(minute)[first : first + size]), KEY) for first in firsts]
        for minute in range(minutes)
    ]
    begun = time.process_time()
    for minute, batches in enumerate(envelopes):
        for envelope in batches:
            judgement.take(read_envelope(envelope), (FIRST + minute) * MINUTE_MS + 50_000)
        judgement.pass_over(FIRST + minute)
    return (time.process_time() - begun) / minutes


def _batch(first: int, minute: int, values: Any) -> Payload:
    t0 = (FIRST + minute) * MINUTE_MS
    return Payload(f"gw{first}", 1, minute + 2, 1, NO_HASH, "readings", t0, "ntp", body_of(values, minute))


def figures(days: float, streams: int, sizes: Sequence[int]) -> dict[str, Any]:
    """Return everything that is printed."""
    zone = Zone(streams)
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        spent = live(zone, days, directory)
        size = sum(path.stat().st_size for path in (directory / MEMORY / MINUTES).iterdir())
        read, filled = only_read(directory), put_back(zone, directory)
        found = replayed(zone, days, directory)
    return {
        "streams": streams,
        "days": days,
        "live_cpu_s": spent,
        "kept_bytes_a_day": round(size / days),
        "read_cpu_s": read,
        "filled_cpu_s": filled,
        "replay": found,
        "journal_ms_a_minute": {size: from_batches(zone, size) * 1e3 for size in sizes},
    }


def lines(found: dict[str, Any]) -> Iterator[str]:
    """Yield what a person reads."""
    minutes, replay = found["days"] * DAY, found["replay"]
    judged = replay["cpu_s"] - found["filled_cpu_s"]
    yield f"{found['streams']} streams, {found['days']:g} days, {found['streams'] * minutes / 1e6:.1f} M readings"
    yield f"kept for replays: {found['kept_bytes_a_day'] / 1e6:.1f} MB a day"
    for name, seconds in (
        ("read and unpack", found["read_cpu_s"]),
        ("put into the panel", found["filled_cpu_s"] - found["read_cpu_s"]),
        ("judge", judged),
        ("whole replay", replay["cpu_s"]),
    ):
        whole = seconds / found["days"] * WANTED_DAYS
        yield f"  {name:<20} {seconds / minutes * 1e3:7.3f} ms a minute {whole:8.1f} s in 90 days"
    word = "measured" if found["days"] >= WANTED_DAYS else "extrapolated"
    for name, what in (
        ("cpu_s", "one process, CPU"),
        ("one_wall_s", "one process, by the clock"),
        ("wall_s", f"in parts by {replay['processes']} processes, by the clock"),
    ):
        whole = replay[name] / found["days"] * WANTED_DAYS
        yield f"90 days, {what}: {whole:.0f} s ({word}); the aim is {GOAL_S:.0f} s"
    one, parts = replay["differences"]
    yield f"{replay['leads']} leads stored; by the same rules {one} differ, in parts {parts}"
    yield f"by keener ones: {replay['totals']}"
    for size, spent in found["journal_ms_a_minute"].items():
        hours = spent / 1e3 * DAY * WANTED_DAYS / 3600
        yield f"from the journal, batches of {size}: {spent:.1f} ms a minute before judging, {hours:.1f} h in 90 days"


def main() -> int:
    """Print the figures; 1 when the same rules gave anything else."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=float, default=1.0)
    parser.add_argument("--streams", type=int, default=5_000)
    parser.add_argument("--batch", type=int, action="append", help="readings in a batch, for the way from the journal")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found = figures(arguments.days, arguments.streams, arguments.batch or (5, 100))
    print(json.dumps(found) if arguments.json else "\n".join(lines(found)))
    return 1 if any(found["replay"]["differences"]) else 0


if __name__ == "__main__":
    sys.exit(main())
