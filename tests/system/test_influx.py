"""The mirror into a real VictoriaMetrics, counted by reading back."""

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import pytest

from hub.errors import StoreError
from hub.model import Columns, Datastream
from hub.store.duckdb import DuckStore
from hub.store.influx import InfluxWriter
from hub.store.mirror import Mirror

pytestmark = pytest.mark.system

ORIGIN_MS = 1_380_873_600_000
STREAMS = [
    Datastream(
        f"micro-{row:03}/micro-{row:03}-pm/pm10", row, f"micro-{row:03}", f"micro-{row:03}-pm", "pm10", "ug/m3", 60
    )
    for row in range(40)
]
MINUTES = 300


@dataclass
class Victoria:
    """A VictoriaMetrics of our own, on loopback, its files in a folder of the test."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        binary = shutil.which("victoria-metrics")
        assert binary, "victoria-metrics is not installed: apt-get install victoria-metrics"
        self.process = subprocess.Popen(
            [
                binary,
                f"-storageDataPath={self.folder}",
                f"-httpListenAddr=127.0.0.1:{self.port}",
                "-retentionPeriod=100y",
                "-dedup.minScrapeInterval=1ms",
                "-selfScrapeInterval=0",
                "-loggerLevel=ERROR",
            ]
        )
        # The retries are of the connection only: they wait until it listens.
        with httpx.Client(transport=httpx.HTTPTransport(retries=6)) as client:
            client.get(f"{self.url}/health").raise_for_status()

    def kill(self) -> None:
        """End it at once, as a power cut does."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def readings(self) -> dict[tuple[str, int], float]:
        """Return every value of PM10 by device and time, as the database gives it back."""
        httpx.get(f"{self.url}/internal/force_flush").raise_for_status()
        span = {"start": ORIGIN_MS / 1000 - 1, "end": ORIGIN_MS / 1000 + 86_400}
        answer = httpx.get(f"{self.url}/api/v1/export", params={"match[]": "pm10_value", **span}, timeout=30)
        series = [json.loads(line) for line in answer.text.splitlines()]
        found = [
            ((one["metric"]["device"], time_ms), value)
            for one in series
            for time_ms, value in zip(one["timestamps"], one["values"], strict=True)
        ]
        assert len(found) == len(dict(found)), "a reading came back twice"
        return dict(found)


@pytest.fixture
def victoria(tmp_path: Path) -> Iterator[Victoria]:
    """Return a running database on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    database = Victoria(tmp_path / "victoria", port)
    database.start()
    yield database
    database.kill()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckStore]:
    """Return a store with `MINUTES` journal entries, each with one reading of every datastream."""
    opened = DuckStore(tmp_path / "hot.duckdb")
    opened.datastreams(STREAMS)
    for minute in range(MINUTES):
        opened.insert(_minute(minute), minute + 1)
    yield opened
    opened.close()


def _minute(minute: int) -> Columns:
    n = len(STREAMS)
    nowhere = np.full(n, np.nan)
    return Columns(
        np.arange(n, dtype=np.int32),
        np.full(n, ORIGIN_MS + minute * 60_000, np.int64),
        minute + np.arange(n) / 8,
        np.full(n, 2, np.uint8),
        nowhere,
        nowhere,
    )


def stored(store: DuckStore) -> dict[tuple[str, int], float]:
    """Return every value of the store by device and time."""
    export = store.readings()
    devices = [str(name).split("/")[1] for name in export.datastream]
    return dict(zip(zip(devices, export.time_ms.tolist(), strict=True), export.value.tolist(), strict=True))


def test_mirror_holds_what_the_store_holds(victoria: Victoria, store: DuckStore, tmp_path: Path) -> None:
    """Every reading once, with its value; copied again from the beginning it is still once."""
    for name in ("first.json", "again.json"):
        with InfluxWriter(victoria.url) as writer:
            mirror = Mirror(store, writer, tmp_path / name)
            while mirror.step():
                pass

    assert len(victoria.readings()) == len(STREAMS) * MINUTES
    assert victoria.readings() == stored(store)


def test_killed_database_gets_back_what_it_lost(victoria: Victoria, store: DuckStore, tmp_path: Path) -> None:
    """It had answered and not written: the mirror meets the failure and begins again from what it trusts."""
    with InfluxWriter(victoria.url) as writer:
        mirror = Mirror(store, writer, tmp_path / "mirror.json")
        while mirror.step():
            pass
        victoria.kill()
        store.insert(_minute(MINUTES), MINUTES + 1)
        with pytest.raises(StoreError):
            mirror.step()
        victoria.start()
        while mirror.step():
            pass

    assert victoria.readings() == stored(store)
