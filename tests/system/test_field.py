"""The field on real ptys, sockets and a real broker."""

import asyncio
import contextlib
import json
import os
import socket
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from firmware_sim.field import run
from firmware_sim.scenes import scene_start_ms
from wire.clock import ScaledClock

pytestmark = pytest.mark.system

SPEED = 360.0
READ_TEMPERATURE = bytes.fromhex("010400010001600a")  # public vector dev-219
PATIENCE_S = 20.0


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.asynccontextmanager
async def field(directory: Path, broker_port: int) -> AsyncIterator[dict[str, Any]]:
    """Run a field for a block; gives field.json."""
    start_ms = scene_start_ms("full")
    clock = ScaledClock(start_ms, time.monotonic_ns(), SPEED)
    until_ms = start_ms + 12 * 3_600_000
    task = asyncio.create_task(run(directory, "full", 1, clock, until_ms, 60, ("127.0.0.1", broker_port)))
    try:
        await until(lambda: task.done() or (directory / "field.json").exists())
        if task.done():
            task.result()
        yield json.loads((directory / "field.json").read_text())
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, not longer than the patience of this test."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110  # what is waited for lies outside this process
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def serial(port: str) -> AsyncIterator[tuple[int, Callable[[int], Awaitable[bytes]]]]:
    """Open a serial port; gives its file descriptor and what reads so many bytes of it."""
    line = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    held = bytearray()

    async def read(count: int) -> bytes:
        await until(lambda: len(held) >= count)
        octets = bytes(held[:count])
        del held[:count]
        return octets

    asyncio.get_running_loop().add_reader(line, lambda: held.extend(os.read(line, 4096)))
    try:
        yield line, read
    finally:
        asyncio.get_running_loop().remove_reader(line)
        os.close(line)


def ledger(directory: Path, device: str) -> list[tuple[str, float]]:
    """Return (property, value) of a device's lines."""
    rows = [line.split("\t") for line in (directory / "ledger.tsv").read_text().splitlines()]
    return [(row[1], float(row[3])) for row in rows if row[0] == device]


def port_of(described: dict[str, Any], device: str) -> dict[str, Any]:
    """Return a device's row."""
    return dict(next(row for row in described["devices"] if row["id"] == device))


def test_instruments_answer_on_ptys_and_tcp_what_the_ledger_says(tmp_path: Path) -> None:
    """A Plantower, a lab's RTU bus and a logger behind TCP; no broker is there, and that hinders nobody."""

    async def scene() -> None:
        async with field(tmp_path, free_port()) as described:
            pms, lab = (port_of(described, name)["port"] for name in ("micro-001-pm", "lab-03-air"))
            async with serial(pms) as (_, read):
                frames = [await read(32) for _ in range(3)]
            async with serial(lab) as (line, read):
                os.write(line, READ_TEMPERATURE)
                answer = await read(7)
            logger = port_of(described, "ref-dongsi-logger")
            registers = await ask(logger["port"], logger["unit"], 12)
        words = [float(int.from_bytes(f[at : at + 2], "big")) for f in frames for at in (12, 14)]
        said = ledger(tmp_path, "micro-001-pm")[: len(words)]

        assert [value for _, value in said] == words
        assert ledger(tmp_path, "lab-03-air") == [("temperature", int.from_bytes(answer[3:5], "big") * 0.1)]
        assert [value for _, value in ledger(tmp_path, "ref-dongsi-logger")] == list(struct.unpack(">6f", registers))

    asyncio.run(scene())


async def ask(address: str, unit: int, count: int) -> bytes:
    """Return holding registers 0 to count - 1 by Modbus TCP."""
    host, _, port = address.removeprefix("tcp://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(struct.pack(">HHHBBHH", 1, 0, 6, unit, 3, 0, count))
    octets = await reader.readexactly(9 + 2 * count)
    writer.close()
    await writer.wait_closed()
    return octets[9:]


def test_a_plantower_without_a_listener_says_nothing(tmp_path: Path) -> None:
    """Its frames are gone, and no ledger line claims that they were heard; the vehicles go on measuring."""

    async def scene() -> None:
        async with field(tmp_path, free_port()):
            await until(lambda: len(ledger(tmp_path, "patrol-2-air")) >= 4 * 4)

        assert ledger(tmp_path, "micro-001-pm") == []

    asyncio.run(scene())


def test_a_vehicle_survives_its_broker(tmp_path: Path) -> None:
    """The broker dies and comes back; every reading arrives, numbered without a hole."""
    port = free_port()
    got: dict[int, bytes] = {}

    async def collect() -> None:
        while True:
            with contextlib.suppress(aiomqtt.MqttError):
                async with aiomqtt.Client("127.0.0.1", port, timeout=2) as gateway:
                    await gateway.subscribe("vehicle/patrol-2/air", qos=1)
                    async for heard in gateway.messages:
                        assert isinstance(heard.payload, bytes)
                        sn = json.loads(heard.payload)["sn"]
                        got[sn] = heard.payload
                        if set(range(1, sn + 1)) <= set(got):
                            await gateway.publish("vehicle/patrol-2/air/ack", json.dumps({"sn": sn}), qos=1)
            await asyncio.sleep(0.1)

    async def scene() -> None:
        first = await broker(tmp_path, port)
        listening = asyncio.create_task(collect())
        async with field(tmp_path, port):
            await until(lambda: len(got) >= 5)
            first.kill()
            await first.wait()
            await asyncio.sleep(0.5)
            second = await broker(tmp_path, port)
            await until(lambda: len(got) >= 25 and 4 * len(got) == len(ledger(tmp_path, "patrol-2-air")))
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        second.kill()
        await second.wait()
        made = ledger(tmp_path, "patrol-2-air")
        arrived = [(n, json.loads(got[sn])[n]) for sn in sorted(got) for n in ("pm2_5", "pm10", "nox", "o3")]

        assert sorted(got) == list(range(1, len(got) + 1))
        assert arrived == made[: len(arrived)]

    asyncio.run(scene())


async def broker(directory: Path, port: int) -> asyncio.subprocess.Process:
    """Start Mosquitto on a loopback port, ready to be connected to."""
    config = directory / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nlog_dest none\n")
    process = await asyncio.create_subprocess_exec("mosquitto", "-c", str(config))

    def listening() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    await until(listening)
    return process
