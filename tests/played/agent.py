"""An agent's process with particle counters behind serial servers: for tests that look at it from outside."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge.state import AgentState, decode_state
from firmware_sim.instruments.pms import air_frame

PATIENCE_S = 20.0
OPEN_SESAME = "lab-and-nobody-else"


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Counter:
    """A particle counter behind a serial server: talks by itself to whoever connects.

    Attributes:
        opened: how often it was connected to.
    """

    port: int = 0
    opened: int = 0
    _serving: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Send a frame every tenth of a second."""
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        self.opened += 1
        octets, _ = air_frame(12.0, 34.0)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            while True:
                writer.write(octets)
                await writer.drain()
                await asyncio.sleep(0.1)
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    async def end(self) -> None:
        """Hang up."""
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)


@contextlib.asynccontextmanager
async def counters(count: int) -> AsyncIterator[list[Counter]]:
    """Run so many counters."""
    async with contextlib.AsyncExitStack() as stack:
        devices = [Counter() for _ in range(count)]
        for device in devices:
            server = await asyncio.start_server(device.serve, "127.0.0.1", 0)
            stack.push_async_callback(device.end)
            stack.callback(server.close)
            device.port = server.sockets[0].getsockname()[1]
        yield devices


class Agent:
    """An agent's process in a directory."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.page_port = free_port()
        self.heard: list[str] = []
        self._systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._systemd.bind(str(place / "notify"))
        self._systemd.setblocking(False)  # noqa: FBT003  # the library's
        self._process: subprocess.Popen[bytes] | None = None

    def configure(self, devices: dict[str, int], *, page: str = "", gateway: str = "", hub_port: int = 9) -> None:
        """Write the file: particle counters by id and port."""
        stations = '[[station]]\nid = "lab-1"\nkind = "lab"\nname = "一号实验室"\nlongitude = 116.5\nlatitude = 39.8\n'
        tables = [
            f'[[device]]\nid = "{name}"\nstation = "lab-1"\ndriver = "pms"\n'
            f'port = "tcp://127.0.0.1:{port}"\nperiod_s = 1\n'
            for name, port in devices.items()
        ]
        (self.place / "edge.toml").write_text(
            f'[gateway]\nid = "gw-1"\nflush_s = 0.2\nhealth_period_s = 0.2\n{gateway}\n'
            f'[hub]\nhost = "127.0.0.1"\nport = {hub_port}\n'
            f"[page]\nport = {self.page_port}\n{page}\n{stations}{''.join(tables)}"
        )

    def start(self, **environ: str) -> None:
        """Start it, as systemd would."""
        command = [sys.executable, "-m", "quietwatch", "edge", "run", str(self.place / "edge.toml")]
        variables = os.environ | {"NOTIFY_SOCKET": str(self.place / "notify"), "WATCHDOG_USEC": "400000"} | environ
        with (self.place / "log").open("wb") as log:
            self._process = subprocess.Popen(command, env=variables, stdout=log, stderr=log)

    def end(self) -> int:
        """Tell it to end and return its exit status."""
        assert self._process is not None
        self._process.terminate()
        status = self._process.wait(PATIENCE_S)
        self.listen()
        self._systemd.close()
        return status

    def tell(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def listen(self) -> list[str]:
        """Return the lines that systemd was told so far."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self.heard += self._systemd.recv(4096).decode().splitlines()
        return self.heard

    def log(self) -> str:
        """Return what it has written."""
        return (self.place / "log").read_text()

    def state(self) -> AgentState | None:
        """Return what its socket says, None when nobody answers."""
        with socket.socket(socket.AF_UNIX) as channel, contextlib.suppress(OSError):
            channel.settimeout(5)
            channel.connect(str(self.place / "agent.sock"))
            octets = b"".join(iter(lambda: channel.recv(65536), b""))
            return decode_state(octets)
        return None

    async def until(self, wanted: Callable[[AgentState], Any]) -> AgentState:
        """Return the first state that has what is wanted."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                state = await asyncio.to_thread(self.state)
                if state is not None and wanted(state):
                    return state
                await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def running(place: Path, devices: dict[str, int], **tables: Any) -> AsyncIterator[Agent]:
    """Run an agent."""
    agent = Agent(place)
    agent.configure(devices, **tables)
    agent.start(QW_PAGE=OPEN_SESAME)
    try:
        yield agent
    finally:
        assert agent.end() == 0, agent.log()


def answering(state: AgentState) -> dict[str, int]:
    """Return the answers of each device that has given any."""
    return {device.id: device.answers for device in state.devices if device.answers}
