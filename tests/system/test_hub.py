"""The hub as a process, behind a real Mosquitto, with a gateway's real outbox, sender and uplink before it."""

import asyncio
import contextlib
import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from edge.catalogue import Inventory, Series
from edge.key import load_or_create, public_text
from edge.outbox import Identity, Outbox
from edge.sender import Sender
from edge.uplink import Callbacks, Uplink
from hub.ingest.days import JournalReader
from hub.store import DuckStore
from wire.batch import CatalogueDevice, CatalogueStation, Status
from wire.clock import ScaledClock
from wire.reading import Reading
from wire.topics import topic

pytestmark = pytest.mark.system

PATIENCE_S = 90.0
INVENTORY = Inventory(
    "test",
    (CatalogueStation("station", "micro_station", "站", 116.5, 39.8),),
    (CatalogueDevice("device", "station", "pms"),),
    (Series("device", "pm10", "ug/m3", 60.0),),
)


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Hub:
    """A hub's process and its directory."""

    def __init__(self, place: Path, broker: int, public_key: str) -> None:
        self.place = place
        self.clock = ScaledClock(1_381_000_000_000, time.monotonic_ns(), 60.0)
        for name in ("areas.geojson", "districts.geojson"):
            (place / name).write_text('{"type": "FeatureCollection", "features": []}')
        (place / "hub.toml").write_text(
            f'[hub]\ndirectory = "hub"\n[mqtt]\nport = {broker}\n[zone]\nname = "区"\n'
            f'[[gateway]]\nid = "gw"\npublic_key = "{public_key}"\n'
            '[[third_party]]\nid = "park"\n[[third_party.station]]\nid = "park-01"\nkind = "micro_station"\n'
            'name = "公园"\nlongitude = 116.5\nlatitude = 39.8\n'
        )
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> str:
        """Start it and return the page's address once it is ready."""
        command = [sys.executable, "-m", "quietwatch", "hub", "run", str(self.place / "hub.toml")]
        self.process = subprocess.Popen([*command, "--clock", str(self.clock)], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("hub ready "):
                return line.split()[2]
        raise AssertionError("the hub ended before it was ready")

    def end(self, number: signal.Signals) -> float:
        """Send it a signal and return the seconds until it was gone."""
        assert self.process is not None
        assert self.process.stdout is not None
        begun = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(PATIENCE_S)
        self.process.stdout.close()
        return time.monotonic() - begun


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[int]:
    """Run a Mosquitto and yield its port."""
    port, program = free_port(), shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    (tmp_path / "mosquitto.conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    with subprocess.Popen([program, "-c", str(tmp_path / "mosquitto.conf")], stderr=subprocess.DEVNULL) as process:
        yield port
        process.terminate()


@contextlib.asynccontextmanager
async def gateway(place: Path, broker: int, clock: ScaledClock) -> Any:
    """Run a gateway's outbox, sender and uplink; gives the outbox."""
    identity = Identity("gw", load_or_create(place / "key.pem"), bytes(16))
    with Outbox(place / "outbox", identity, INVENTORY) as outbox:
        outbox.set_clock(clock.utc_ms() - clock.monotonic_ms(), "ntp")
        sender = Sender(outbox, Random(1), timeout_s=1.0)  # jitter
        config: Any = SimpleNamespace(
            gateway=SimpleNamespace(id="gw"),
            hub=SimpleNamespace(host="127.0.0.1", port=broker, username="", password_env=""),
            ca_file=None,
        )
        status = Status(online=True, epoch=outbox.chain.epoch, clock="ntp")
        uplink = Uplink(
            config,
            Callbacks(
                lambda: status,
                lambda: sender.on_connect(time.monotonic()),
                lambda ack: sender.on_ack(ack, time.monotonic()),
            ),
        )

        async def turn() -> None:
            while True:
                await uplink.publish(sender.turn(time.monotonic()))
                await asyncio.sleep(0.02)

        tasks = [asyncio.create_task(uplink.run()), asyncio.create_task(turn())]
        yield outbox
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def feed(outbox: Outbox, clock: ScaledClock, first: int, count: int) -> None:
    """Append readings one by one, each with its number for a value."""
    for value in range(first, first + count):
        outbox.append([Reading("device", "pm10", clock.monotonic_ms(), float(value))])
        await asyncio.sleep(0.005)


async def drain(outbox: Outbox) -> None:
    """Wait until the hub has acknowledged everything."""
    async with asyncio.timeout(PATIENCE_S):
        while outbox.unacknowledged:  # noqa: ASYNC110  # what is waited for lies in another process
            await asyncio.sleep(0.05)


def test_killed_hub_keeps_what_it_acknowledged_and_gets_the_rest(tmp_path: Path, broker: int) -> None:
    """Killed twice while readings come in: each is stored once, the chain holds, and a farewell is quick."""
    hub = Hub(tmp_path, broker, public_text(load_or_create(tmp_path / "key.pem")))

    async def line() -> None:
        await asyncio.to_thread(hub.start)
        async with gateway(tmp_path, broker, hub.clock) as outbox:
            for killed in range(2):
                await feed(outbox, hub.clock, 300 * killed, 300)
                await asyncio.to_thread(hub.end, signal.SIGKILL)
                await asyncio.to_thread(hub.start)
            await feed(outbox, hub.clock, 600, 100)
            await drain(outbox)

    asyncio.run(line())
    assert hub.end(signal.SIGTERM) < 5  # not the half minute of whoever waits for its guests

    with JournalReader(tmp_path / "hub" / "journal") as reader:
        assert reader.verify() == reader.tip()
    url = hub.start()
    assert httpx.get(f"{url}healthz").status_code == 200
    hub.end(signal.SIGTERM)
    store = DuckStore(tmp_path / "hub" / "store.duckdb")
    assert sorted(store.readings().value.tolist()) == [float(value) for value in range(700)]
    store.close()


def published(broker: int, *values: float) -> None:
    """Publish reports of a third party as its page says, each of the same time."""
    program = shutil.which("mosquitto_pub") or "/usr/bin/mosquitto_pub"
    for value in values:
        reading = {"property": "pm2_5", "unit": "ug/m3", "time": "2013-10-05T00:00:00Z", "value": value}
        report = {"station": "park-01", "device": "box", "readings": [reading]}
        command = [program, "-p", str(broker), "-q", "1", "-t", topic("park", "reading"), "-m", json.dumps(report)]
        subprocess.run(command, check=True)


def shown(url: str) -> dict[str, Any]:
    """Return the third party's station once the map shows a value of it."""
    deadline_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline_s:
        for feature in httpx.get(f"{url}api/stations").json()["features"]:
            if feature["id"] == "park-01" and feature["properties"]["values"]:
                return dict(feature["properties"])
        time.sleep(0.1)
    raise AssertionError("the map shows nothing of the third party")


def test_third_party_is_shown_as_unsigned_and_stored_once(tmp_path: Path, broker: int) -> None:
    """Published with a program of the shelf; killed in between, the hub shows the same again; noise does no harm."""
    hub = Hub(tmp_path, broker, public_text(load_or_create(tmp_path / "key.pem")))
    url = hub.start()
    arrived = tmp_path / "hub" / "quarantine"
    # The hub may be ready before it has subscribed.
    deadline_s = time.monotonic() + PATIENCE_S
    while not list(arrived.glob("*-park.txt")) and time.monotonic() < deadline_s:
        published(broker, 1e13)
        time.sleep(0.1)
    published(broker, 35.2, 99.0)
    first = shown(url)
    hub.end(signal.SIGKILL)
    again = shown(hub.start())
    hub.end(signal.SIGTERM)

    assert (first["signed"], first["gateway"], first["values"]["pm2_5"]["value"]) == (False, "park", 35.2)
    assert again == first
    store = DuckStore(tmp_path / "hub" / "store.duckdb")
    assert store.readings().value.tolist() == [35.2]
    store.close()
