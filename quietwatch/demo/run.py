"""The demo: history first, then twelve hours of one scene, then the reckoning."""

import asyncio
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from firmware_sim.field import scene_start_ms
from quietwatch.demo.follow import Follower
from quietwatch.demo.ledger import Comparison, Readings, compare, read_ledger
from quietwatch.demo.link import Link
from quietwatch.demo.outcome import Outcome
from quietwatch.demo.receiver import Receiver
from quietwatch.demo.report import Report
from quietwatch.demo.site import Site
from quietwatch.demo.stored import stored_readings
from quietwatch.demo.times import beijing
from wire.clock import ScaledClock

HOUR_MS = 3_600_000
HISTORY_MS = 72 * HOUR_MS
HISTORY_SPEED = 8640.0
HISTORY_PERIOD_S = 1800.0
# What all programs together take to start on two cores.
START_REAL_S = 10
SCENE_MS = 12 * HOUR_MS
# After the field has fallen silent, the clock runs on fast until the last minutes have closed.
SILENCE_MS = 20 * 60_000
CUT_GATEWAY = "gw-south"
CUT_MS = (5 * HOUR_MS, 6 * HOUR_MS)
# What a reading may take from instrument to gateway on a busy machine.
TOLERANCE_REAL_MS = 5000
# What the judge may be behind at the end on a busy machine.
JUDGED_REAL_S = 120.0


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asked for."""

    scene: str
    seed: int
    speed: float
    http_port: int
    directory: Path | None
    headless: bool = field(kw_only=True)
    as_json: bool = field(kw_only=True)


async def run(options: Options) -> int:
    """Run the demo and return the exit status: 0 when nothing was lost or doubled and the scene came true."""
    report = Report(as_json=options.as_json)
    start_ms = scene_start_ms(options.scene)
    with contextlib.ExitStack() as stack:
        directory = options.directory or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="quietwatch-")))
        directory.mkdir(parents=True, exist_ok=True)
        clock = ScaledClock(start_ms, time.monotonic_ns(), 1.0)
        site = Site(directory.resolve(), options.scene, options.seed, clock, options.http_port)
        try:
            outcome = await _play(site, options, start_ms, report)
            report.result(outcome)
            await _keep_map(site, options, report)
        finally:
            await site.processes.stop_all()
        return 1 if outcome.faults() else 0


async def _play(site: Site, options: Options, start_ms: int, report: Report) -> Outcome:
    await site.start_broker()
    with report.progress:
        await _history(site, start_ms, report)
        return await _scene(site, options, start_ms, report)


async def _history(site: Site, start_ms: int, report: Report) -> None:
    begin_ms, end_ms = start_ms - HISTORY_MS, start_ms - SILENCE_MS
    report.say("Starting broker, field, hub and gateways")
    site.clock = ScaledClock(begin_ms, _soon_ns(), HISTORY_SPEED, end_ms)
    await site.start(HISTORY_PERIOD_S, end_ms, {})
    await report.follow("three days of history", site.clock, begin_ms, end_ms)
    await site.stop()
    await site.processes.stop("hub")


async def _scene(site: Site, options: Options, start_ms: int, report: Report) -> Outcome:
    end_ms = start_ms + SCENE_MS
    limit_ms = end_ms + SILENCE_MS
    clock = site.clock = ScaledClock(start_ms, _soon_ns(), options.speed, limit_ms)
    receiver, follower = Receiver(clock), Follower(site.url, clock, report.tell)
    async with Link(site.broker_port) as link, _serving(receiver, site.receiver_port):
        await site.start(None, end_ms, {CUT_GATEWAY: link.port})
        report.say(f"The map: {site.url}/   scene {options.scene}, from {beijing(start_ms)} Beijing time")
        async with _running(follower.run(), _cut(link, clock, options.scene, start_ms, report)):
            await clock.sleep((start_ms - clock.utc_ms()) / 1000)
            began = time.monotonic()
            await report.follow(f"scene: {options.scene}", clock, start_ms, end_ms)
            timed_s = time.monotonic() - began
            await report.follow("the last minutes close", clock, end_ms, limit_ms)
            await site.stop()
            await _judged(site)
            leads, tickets = await _listed(site, "leads"), await _listed(site, "tickets")
    await site.processes.kill_and_restart("hub")
    await _judged(site)
    await site.processes.stop("hub")
    store = stored_readings(site.directory / "hub" / "store.duckdb")
    return Outcome(
        comparison=_compare(site, read_ledger(site.directory / "field" / "ledger.tsv"), store, start_ms),
        truth=json.loads((site.directory / "field" / "truth.json").read_text()),
        leads=leads,
        tickets=tickets,
        red_ms=follower.red_ms,
        pushes=[push.as_json() for push in receiver.pushes.values()],
        timed_s=timed_s,
        timed_readings=int((store.time_ms >= start_ms).sum()),
    )


def _soon_ns() -> int:
    """Return the anchor of a clock that begins to run when the programs have started."""
    return time.monotonic_ns() + START_REAL_S * 1_000_000_000


def _compare(site: Site, ledger: Readings, store: Readings, start_ms: int) -> Comparison:
    """Compare history and scene apart, since a real second lasts longer in the one than in the other."""
    parts = []
    for scene, speed in ((False, HISTORY_SPEED), (True, site.clock.speed)):
        made = ledger.where((ledger.time_ms >= start_ms) == scene)
        kept = store.where((store.time_ms >= start_ms) == scene)
        parts.append(compare(made, kept, int(TOLERANCE_REAL_MS * speed), site.outages(speed)))
    return parts[0] + parts[1]


async def _cut(link: Link, clock: ScaledClock, scene: str, start_ms: int, report: Report) -> None:
    """Cut one gateway off for an hour in the full scene."""
    if scene != "full":
        return
    for cut, at_ms in zip((True, False), CUT_MS, strict=True):
        await clock.sleep((start_ms + at_ms - clock.utc_ms()) / 1000)
        if cut:
            link.cut = True
        else:
            link.restore()
        report.say(f"  link    {CUT_GATEWAY} {'is cut off' if cut else 'is back'} at {beijing(clock.utc_ms())}")


async def _judged(site: Site) -> None:
    """Wait until the hub has judged all that it has; a busy machine is behind."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(JUDGED_REAL_S), httpx.AsyncClient() as client:
            while (await client.get(f"{site.url}/healthz")).json()["unjudged"]:  # noqa: ASYNC110  # by another process
                await asyncio.sleep(0.1)


async def _listed(site: Site, what: str) -> list[dict[str, Any]]:
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{site.url}/api/{what}")
        answer.raise_for_status()
        return list(answer.json())


async def _keep_map(site: Site, options: Options, report: Report) -> None:
    """Leave the map to look at, in real time, when a person sits at the terminal."""
    if options.headless or not sys.stdin.isatty():
        return
    await site.start_hub()
    report.say(f"The map stays at {site.url}/ until Ctrl-C.")
    await asyncio.Event().wait()


@contextlib.asynccontextmanager
async def _running(*programs: Any) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(program) for program in programs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def _serving(receiver: Receiver, port: int) -> AsyncIterator[None]:
    config = uvicorn.Config(receiver.app(), host="127.0.0.1", port=port, log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    async with _running(server._serve()):  # noqa: SLF001  # serve() would take over the signals of the whole program
        try:
            yield
        finally:
            server.should_exit = True
