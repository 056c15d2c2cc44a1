"""A clock that stands still until somebody sleeps, serial lines in memory, and the public frames."""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "device_vectors.json").read_text("utf-8"))


def pytest_configure(config: pytest.Config) -> None:
    """Announce the marker below."""
    config.addinivalue_line("markers", "frames(*devices, kinds): the public frames that `vector` runs through")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give `vector` every public frame of the devices and kinds that the marker `frames` names."""
    if "vector" not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker("frames")
    assert marker is not None
    kinds = marker.kwargs.get("kinds", ("frame", "response"))
    chosen = [v for v in VECTORS if v["device"].startswith(marker.args) and v["kind"] in kinds]
    metafunc.parametrize("vector", chosen, ids=[v["id"] for v in chosen])


class StillClock:
    """Field time that passes only in sleep; `real_s` as if it ran 60 times as fast as life."""

    def __init__(self, utc_ms: int, monotonic_ms: int) -> None:
        self.ahead_ms = utc_ms - monotonic_ms
        self.now_ms = monotonic_ms
        self.slept_s: list[float] = []

    def utc_ms(self) -> int:
        """Field time."""
        return self.now_ms + self.ahead_ms

    def monotonic_ms(self) -> int:
        """Since boot."""
        return self.now_ms

    def offset_ms(self) -> int:
        """Return UTC minus monotonic milliseconds."""
        return self.utc_ms() - self.monotonic_ms()

    def real_s(self, field_s: float) -> float:
        """As if 60 times as fast as life."""
        return field_s / 60

    async def sleep(self, field_s: float) -> None:
        """Let field time pass at once."""
        self.slept_s.append(field_s)
        self.now_ms += round(field_s * 1000)
        await asyncio.sleep(0)


class MemoryTransport(asyncio.Transport):
    """The far end of a serial line in memory: what is written is kept."""

    def __init__(self, protocol: asyncio.StreamReaderProtocol) -> None:
        super().__init__()
        self.protocol = protocol
        self.written = b""
        self.spoken = asyncio.Event()
        self.closed = False

    def write(self, chunk: Any) -> None:
        """Keep what is sent."""
        self.written += chunk
        self.spoken.set()

    def abort(self) -> None:
        """Close."""
        self.closed = True
        self.protocol.connection_lost(None)

    def is_closing(self) -> bool:
        """Nothing here closes slowly."""
        return self.closed


class MemoryLine:
    """A serial line in memory; open it with `open`, feed it with `reader`."""

    def __init__(self) -> None:
        self.opened: list[tuple[str, int]] = []

    async def open(self, port: str, baud: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open it anew."""
        self.opened.append((port, baud))
        self.reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(self.reader)
        self.transport = MemoryTransport(protocol)
        protocol.connection_made(self.transport)
        return self.reader, asyncio.StreamWriter(self.transport, protocol, self.reader, asyncio.get_running_loop())


@pytest.fixture
def clock() -> StillClock:
    """2013-10-04T08:00:00Z, five seconds after boot."""
    return StillClock(1_380_873_600_000, 5_000)


@pytest.fixture
def vectors() -> list[dict[str, Any]]:
    """All public frames."""
    return list(VECTORS)


@pytest.fixture
def line() -> MemoryLine:
    """A serial line that nobody has opened yet."""
    return MemoryLine()


@pytest.fixture
def chunked() -> Callable[[bytes, int], Iterator[bytes]]:
    """Cut bytes into chunks of one size."""

    def cut(raw: bytes, size: int) -> Iterator[bytes]:
        return (raw[at : at + size] for at in range(0, len(raw), size))

    return cut
