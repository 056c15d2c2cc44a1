"""Particle counters on ptys and behind a serial server: twins on one side, drivers on the other, a ledger between."""

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import msgspec
import pytest

from edge.drivers import DRIVERS
from firmware_sim.instruments.hpma import Hpma
from firmware_sim.instruments.pms import Plantower, spoilt
from firmware_sim.instruments.sds011 import Nova
from firmware_sim.instruments.sps30 import Sps30
from firmware_sim.ports import SerialPort
from wire.clock import SystemClock
from wire.reading import Flag

pytestmark = pytest.mark.system

NOISE = b"\x00\x42\xff\x42\xaa\x40\x05"
BEAT_S = 0.02
FRAMES = 15
Ledger = list[Mapping[str, float]]


class Talker(Protocol):
    """A twin that sends by itself."""

    def hear(self, octets: bytes) -> bytes:
        """Obey."""
        ...

    def beat(self, air: Mapping[str, float]) -> tuple[bytes, dict[str, float]]:
        """Send."""
        ...


def air(n: int) -> dict[str, float]:
    """Return air that is different each time."""
    fine = 20.0 + n
    return {
        "pm1": 0.7 * fine,
        "pm2_5": fine,
        "pm4": 1.3 * fine,
        "pm10": 2.1 * fine,
        "tsp": 3.0 * fine,
        "temperature": 5.0 - n / 10,
        "humidity": 50.0 + n / 10,
    }


@dataclass
class Bench:
    """One twin at work: now and then it sends noise before a frame, or a frame that does not add up."""

    twin: Any
    ledger: Ledger = field(default_factory=list)

    async def talk(self, port: SerialPort) -> None:
        """Send by itself, a frame in two pieces each beat, and do what it is told."""
        for n in count():
            said = self.twin.hear(port.read())
            octets, stated = self.twin.beat(air(n))
            if stated and n % 7 == 6:
                octets, stated = spoilt(octets), {}
            port.write(said + (NOISE if n % 5 == 2 else b"") + octets[:5])
            await asyncio.sleep(BEAT_S / 2)
            port.write(octets[5:])
            self.ledger += [stated] if stated else []
            await asyncio.sleep(BEAT_S / 2)

    def answer(self, n: int, asked: bytes) -> bytes:
        """Return what an SPS30 says when it is asked the n-th time, always with something new."""
        self.twin.renew(air(n))
        said: bytes = self.twin.hear(asked)
        if len(said) < 40:
            return said
        if n % 7 == 6:
            return spoilt(said)
        self.ledger += [self.twin.stated] if self.twin.stated else []
        return (NOISE if n % 5 == 2 else b"") + said


@contextlib.asynccontextmanager
async def on_pty(bench: Bench, link: Path) -> AsyncIterator[str]:
    """Put a twin that talks on a pty and return its port."""
    port = SerialPort(link, held_open=True)
    talking = asyncio.create_task(bench.talk(port))
    try:
        yield str(link)
    finally:
        talking.cancel()
        port.close()


@contextlib.asynccontextmanager
async def asked_on_pty(bench: Bench, link: Path) -> AsyncIterator[str]:
    """Put a twin that answers on a pty and return its port."""
    port, n, loop = SerialPort(link, held_open=True), count(), asyncio.get_running_loop()

    def hear() -> None:
        said = bench.answer(next(n), port.read())
        port.write(said[:9])
        loop.call_later(0.002, port.write, said[9:])

    loop.add_reader(port.master, hear)
    try:
        yield str(link)
    finally:
        loop.remove_reader(port.master)
        await asyncio.sleep(0.01)
        port.close()


@contextlib.asynccontextmanager
async def asked_on_network(bench: Bench, link: Path) -> AsyncIterator[str]:
    """Put a twin that answers behind a serial server and return its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        n = count()
        while asked := await reader.read(4096):
            writer.write(bench.answer(next(n), asked))
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"


Place = Callable[[Bench, Path], contextlib.AbstractAsyncContextManager[str]]


def passive() -> Plantower:
    """Return a Plantower that somebody left waiting to be asked."""
    twin = Plantower()
    twin.passive = True
    return twin


def stopped() -> Hpma:
    """Return a Honeywell that somebody left without a fan and quiet."""
    twin = Hpma()
    twin.measuring = twin.sending = False
    return twin


async def collected(kind: str, table: dict[str, Any], bench: Bench, place: Place, link: Path) -> int:
    """Compare what a driver reads with what its twin states, reading by reading; return how many were missing."""
    async with place(bench, link) as port:
        settings = {"id": link.name, "station": "s", "driver": kind, "port": port, "period_s": 0.03} | table
        device = msgspec.convert(settings, DRIVERS[kind].settings)
        async with DRIVERS[kind].open([device], SystemClock()) as driver:
            bench.ledger.clear()
            found, missing = [], 0
            async for readings in driver.readings():
                if all(reading.flag == Flag.MISSING and math.isnan(reading.value) for reading in readings):
                    missing += 1
                    continue
                assert {reading.flag for reading in readings} == {Flag.UNKNOWN}
                found.append({reading.property: reading.value for reading in readings})
                if len(found) == FRAMES:
                    break
            assert driver.health[link.name].failures > 0  # the noise and what did not add up
    assert found == bench.ledger[:FRAMES]
    return missing


def test_every_counter_is_read_as_its_twin_states(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those that were asleep, quiet or stopped; noise and wrong sums cost their own frames only."""
    monkeypatch.setattr("edge.drivers.serial_port.SILENT_S", 0.3)
    asked: dict[str, Any] = {"timeout_s": 0.2}
    sleeper = Sps30(warm_up=2)
    sleeper.state = "asleep"
    devices: list[tuple[str, dict[str, Any], Talker | Sps30, Place]] = [
        ("pms", {}, passive(), on_pty),
        ("pms", {"model": "pms3003"}, Plantower("pms3003"), on_pty),
        ("pms", {"model": "pms5003t"}, Plantower("pms5003t", answers_mode=False), on_pty),
        ("sds011", {}, Nova(awake=False, active=False), on_pty),
        ("sds011", {"model": "sds198"}, Nova(large=True), on_pty),
        ("hpma", {}, stopped(), on_pty),
        ("hpma", {"model": "115c0"}, Hpma(compact=True), on_pty),
        ("sps30", asked, sleeper, asked_on_pty),
        ("sps30", asked, Sps30(), asked_on_network),
    ]

    async def run() -> list[int]:
        reading: list[Awaitable[int]] = [
            collected(kind, table, Bench(twin), place, tmp_path / f"{kind}-{i}")
            for i, (kind, table, twin, place) in enumerate(devices)
        ]
        async with asyncio.timeout(20):
            return await asyncio.gather(*reading)

    missing = asyncio.run(run())

    # What was off before warms up in front of the driver.
    assert (missing[0], missing[3], missing[5], missing[7], missing[8]) == (3, 0, 5, 2, 0)
