"""The demo's processes: started, watched, started again when one dies, and gone within three seconds at the end."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from wire.clock import Clock

_SETPRIV = shutil.which("setpriv")


@dataclass(frozen=True, slots=True)
class Death:
    """A process that ended without being asked to.

    Attributes:
        name: of the process.
        died_ms: field time.
    """

    name: str
    died_ms: int


@dataclass(slots=True)
class Child:
    """One supervised process.

    Attributes:
        name: what it is, and the name of its log file.
        arguments: what follows `quietwatch` on its command line.
        ready: text of the line on its stdout that says it is ready, or "" when starting it is enough.
    """

    name: str
    arguments: tuple[str, ...]
    ready: str
    process: asyncio.subprocess.Process | None = None
    watcher: asyncio.Task[None] | None = None
    is_ready: asyncio.Event = field(default_factory=asyncio.Event)
    stopping: bool = False
    started_ms: list[int] = field(default_factory=list)


class StartError(RuntimeError):
    """A process did not come up.

    Attributes:
        name: of the process.
        log: where its own words stand.
    """

    def __init__(self, name: str, log: Path) -> None:
        tail = log.read_text(errors="replace").strip().splitlines()[-5:]
        super().__init__("\n".join([f"{name} did not start; the end of {log}:", *tail]))
        self.name = name
        self.log = log


class Processes:
    """Supervises the demo's programs; their pids stand in `processes.json`, their words in `log/`.

    Attributes:
        deaths: processes that ended by themselves or by somebody's kill; each was started again.
    """

    def __init__(self, directory: Path, clock: Callable[[], Clock]) -> None:
        self.deaths: list[Death] = []
        self._directory = directory
        self._clock = clock
        self._children: dict[str, Child] = {}
        (directory / "log").mkdir(parents=True, exist_ok=True)

    async def start(self, name: str, arguments: Sequence[str], ready: str = "", timeout_s: float = 30) -> None:
        """Start a program and wait until it says that it is ready.

        Raises:
            StartError: it did not within `timeout_s` real seconds.
        """
        child = self._children[name] = Child(name, tuple(arguments), ready)
        await self._spawn(child)
        await self._wait_ready(child, timeout_s)

    async def stop(self, *names: str, timeout_s: float = 15) -> None:
        """Ask programs to end, all at once, and wait; kill what has not ended after `timeout_s` real seconds."""
        await self._end(
            [self._children.pop(name) for name in names if name in self._children], signal.SIGTERM, timeout_s
        )

    async def kill_and_restart(self, name: str, timeout_s: float = 30) -> None:
        """Take a program down as a power cut would, and start it again."""
        child = self._children[name]
        await self._end([child], signal.SIGKILL, timeout_s)
        child.stopping = False
        child.is_ready.clear()
        await self._spawn(child)
        await self._wait_ready(child, timeout_s)

    async def stop_all(self) -> None:
        """End everything within three seconds."""
        children = list(self._children.values())
        self._children.clear()
        await self._end(children, signal.SIGTERM, 0.8)

    async def _spawn(self, child: Child) -> None:
        # setpriv lets the kernel take the children down should the demo itself be killed.
        guard = [_SETPRIV, "--pdeathsig", "KILL"] if _SETPRIV else []
        command = [*guard, sys.executable, "-m", "quietwatch", *child.arguments]
        with self._log(child).open("ab") as log:
            child.process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
            )
        child.started_ms.append(self._clock().utc_ms())
        child.watcher = asyncio.create_task(self._watch(child), name=f"watch-{child.name}")
        self._write_pids()

    async def _wait_ready(self, child: Child, timeout_s: float) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                await child.is_ready.wait()
        except TimeoutError:
            raise StartError(child.name, self._log(child)) from None
        if child.stopping:
            raise StartError(child.name, self._log(child))

    async def _watch(self, child: Child) -> None:
        process = child.process
        assert process is not None
        assert process.stdout is not None
        if not child.ready:
            child.is_ready.set()
        with self._log(child).open("ab") as log:
            async for line in process.stdout:
                log.write(line)
                log.flush()
                if child.ready and child.ready.encode() in line:
                    child.is_ready.set()
        await process.wait()
        if not child.is_ready.is_set():
            child.stopping = True  # it never worked: starting it again would not help
            child.is_ready.set()
        if not child.stopping:
            self.deaths.append(Death(child.name, self._clock().utc_ms()))
            await asyncio.sleep(0.5)  # as systemd would: RestartSec
            if not child.stopping:
                await self._spawn(child)

    async def _end(self, children: Sequence[Child], how: signal.Signals, timeout_s: float) -> None:
        for child in children:
            child.stopping = True
            _send(child, how)
        watchers = [child.watcher for child in children if child.watcher is not None]
        if watchers:
            await asyncio.wait(watchers, timeout=timeout_s)
        for child in children:
            _send(child, signal.SIGKILL)
        if watchers:
            await asyncio.wait(watchers)
        self._write_pids()

    def _log(self, child: Child) -> Path:
        return self._directory / "log" / f"{child.name}.log"

    def _write_pids(self) -> None:
        pids = {
            name: child.process.pid
            for name, child in self._children.items()
            if child.process is not None and child.process.returncode is None
        }
        fresh = self._directory / "processes.json.new"
        fresh.write_text(json.dumps(pids))
        fresh.replace(self._directory / "processes.json")


def _send(child: Child, how: signal.Signals) -> None:
    if child.process is not None and child.process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            child.process.send_signal(how)
