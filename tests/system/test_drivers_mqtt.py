"""The vehicle feed over a real broker that is killed, with a gateway that comes and goes."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiomqtt
import pytest

from edge.drivers import DRIVERS
from edge.drivers.mqtt.settings import MqttSettings
from edge.errors import PortError
from firmware_sim.instruments import vehicle
from wire.clock import SystemClock
from wire.reading import Reading

pytestmark = pytest.mark.system

PATIENCE_S = 30.0
REPORTS = 60


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, not longer than the patience of this test."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110  # what is waited for lies outside this process
            await asyncio.sleep(0.02)


class Broker:
    """Mosquitto on a loopback port, without memory on disk."""

    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self.config = directory / "mosquitto.conf"
        self.config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\n")

    async def start(self) -> None:
        """Start it and wait until it listens."""
        self.process = await asyncio.create_subprocess_exec(
            "mosquitto", "-c", str(self.config), stderr=asyncio.subprocess.DEVNULL
        )

        def listening() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0

        await until(listening)

    async def kill(self) -> None:
        """End it without a warning."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()


async def drive(broker: Broker, feed: vehicle.Feed) -> None:
    """Bring the vehicle's feed to the broker for ever."""

    async def listen(client: aiomqtt.Client) -> None:
        async for heard in client.messages:
            assert isinstance(heard.payload, bytes)
            sn = vehicle.acknowledged(heard.payload)
            assert sn is not None
            feed.acknowledge(sn)

    while True:
        with contextlib.suppress(aiomqtt.MqttError):
            async with aiomqtt.Client("127.0.0.1", broker.port, timeout=2) as client:
                await client.subscribe("vehicle/p/air/ack", qos=1)
                listening = asyncio.create_task(listen(client))
                try:
                    while not listening.done():
                        for octets in feed.due(asyncio.get_running_loop().time()):
                            await client.publish("vehicle/p/air", octets, qos=1)
                        await asyncio.sleep(0.05)
                finally:
                    listening.cancel()
                    await asyncio.gather(listening, return_exceptions=True)
        feed.lost_link()
        await asyncio.sleep(0.1)


async def gateway(broker: Broker, stored: list[Reading]) -> None:
    """Store what the driver gives, as the agent does: enter again when the port is lost."""
    settings = MqttSettings(
        id="p-air", station="p", driver="mqtt", host="127.0.0.1", port=broker.port, topic="vehicle/p/air"
    )
    driver = DRIVERS["mqtt"].open([settings], SystemClock())
    while True:
        with contextlib.suppress(PortError):
            async with driver:
                async for readings in driver.readings():
                    stored += readings
        await asyncio.sleep(0.2)


@contextlib.asynccontextmanager
async def running(*works: asyncio.Task[None]) -> AsyncIterator[None]:
    """Cancel tasks at the end of the block."""
    try:
        yield
    finally:
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)


def test_nothing_is_lost_when_broker_and_gateway_are_killed(tmp_path: Path) -> None:
    """Every report arrives, and the vehicle is told so, although it drove before anybody listened."""
    stored: list[Reading] = []

    async def scene() -> None:
        broker, feed = Broker(tmp_path), vehicle.Feed()
        await broker.start()
        async with running(asyncio.create_task(drive(broker, feed))):
            for sn in range(1, REPORTS + 1):
                feed.append(vehicle.payload(sn, 1_380_873_600_000 + sn * 1000, {"pm10": float(sn)}, None))
            await asyncio.sleep(0.5)
            async with running(asyncio.create_task(gateway(broker, stored))):
                await until(lambda: bool(stored))
                await broker.kill()
                await broker.start()
                await until(lambda: len({one.value for one in stored}) > REPORTS // 2)
            async with running(asyncio.create_task(gateway(broker, stored))):
                await until(lambda: len(feed) == 0)
        await broker.kill()

    asyncio.run(scene())

    assert sorted({one.value for one in stored}) == [float(sn) for sn in range(1, REPORTS + 1)]


def test_broker_that_is_not_there_is_named() -> None:
    """Opening says which broker."""
    settings = MqttSettings(
        id="p-air", station="p", driver="mqtt", host="127.0.0.1", port=free_port(), topic="vehicle/p/air"
    )

    async def scene() -> None:
        async with DRIVERS["mqtt"].open([settings], SystemClock()):
            pass

    with pytest.raises(PortError, match=r"mqtt://127\.0\.0\.1:\d+: no session with the broker"):
        asyncio.run(scene())
