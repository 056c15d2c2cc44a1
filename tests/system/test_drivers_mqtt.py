"""Feeds over a real broker: one that is killed under an acknowledged feed, and one that is reached by TLS."""

import asyncio
import contextlib
import gc
import getpass
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiomqtt
import pytest

from edge.drivers import DRIVERS
from edge.drivers.mqtt.settings import MqttSettings
from edge.errors import PortError
from firmware_sim.instruments import feeds, vehicle
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

    def __init__(self, directory: Path, *lines: str) -> None:
        self.port = free_port()
        self.config = directory / "mosquitto.conf"
        whole = (f"listener {self.port} 127.0.0.1", "allow_anonymous true", "persistence false", *lines)
        self.config.write_text("\n".join(whole) + "\n")

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


def certify(directory: Path) -> tuple[str, ...]:
    """Make an authority and a certificate of 127.0.0.1; return the broker's lines."""
    wanted = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    authority, other = directory / "ca.pem", directory / "other.pem"
    for path in (authority, other):
        names = f"-subj /CN={path.stem} -keyout {path.with_suffix('.key')} -out {path}"
        subprocess.run(["openssl", *wanted.split(), *names.split()], check=True, capture_output=True)
    signed = f"-CA {authority} -CAkey {authority.with_suffix('.key')} -addext subjectAltName=IP:127.0.0.1"
    names = f"-subj /CN=broker -keyout {directory}/broker.key -out {directory}/broker.pem {signed}"
    subprocess.run(["openssl", *wanted.split(), *names.split()], check=True, capture_output=True)
    # As root the broker would become another user, who cannot read the key.
    return (f"certfile {directory}/broker.pem", f"keyfile {directory}/broker.key", f"user {getpass.getuser()}")


def monitor(broker: Broker, ca_file: Path, identity: str) -> MqttSettings:
    """Return the table of a community monitor at a broker with TLS."""
    return MqttSettings(
        id=identity,
        station="s",
        driver="mqtt",
        host="127.0.0.1",
        port=broker.port,
        topic="monitors",
        mapping="airgradient",
        ca_file=str(ca_file),
        identity=identity,
    )


def test_monitors_of_one_topic_are_read_by_tls(tmp_path: Path) -> None:
    """Each takes its own payloads, and what the broker had kept from before, without a time, is nobody's."""
    lines = certify(tmp_path)
    trust = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))

    async def scene() -> dict[str, float]:
        broker, stored = Broker(tmp_path, *lines), dict[str, float]()
        await broker.start()
        devices = [monitor(broker, tmp_path / "ca.pem", name) for name in ("one", "two")]
        async with aiomqtt.Client("127.0.0.1", broker.port, tls_context=trust) as client:
            await client.publish("monitors", feeds.airgradient("one", {"pm2_5": 99}), qos=1, retain=True)
            async with DRIVERS["mqtt"].open(devices, SystemClock()) as driver, asyncio.timeout(PATIENCE_S):
                for name, value in (("two", 7), ("three", 8), ("one", 9)):
                    await client.publish("monitors", feeds.airgradient(name, {"pm2_5": value}), qos=1)
                async for readings in driver.readings():
                    stored |= {one.device: one.value for one in readings if one.property == "pm2_5"}
                    if len(stored) == 2:
                        break
        await broker.kill()
        return stored

    assert asyncio.run(scene()) == {"two": 7.0, "one": 9.0}


# paho leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
def test_broker_of_another_authority_is_refused(tmp_path: Path) -> None:
    """Whoever has another's certificate gets neither password nor subscription."""
    lines = certify(tmp_path)

    async def scene() -> None:
        broker = Broker(tmp_path, *lines)
        await broker.start()
        try:
            async with DRIVERS["mqtt"].open([monitor(broker, tmp_path / "other.pem", "one")], SystemClock()):
                pass
        finally:
            await broker.kill()

    with pytest.raises(PortError, match=r"mqtts://127\.0\.0\.1:\d+: .*certificate"):
        asyncio.run(scene())
    gc.collect()
