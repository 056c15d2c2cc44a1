"""Programs of the line as processes of their own, and what they use up."""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

TICKS = os.sysconf("SC_CLK_TCK")
PATIENCE_S = 60.0


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Program:
    """A process that can be started again; its words stand in PLACE/NAME.log.

    Attributes:
        log: of all its lives.
        spent_s: processor seconds of its ended lives.
    """

    def __init__(self, name: str, command: Sequence[str | Path], place: Path, ready: str = "") -> None:
        """Prepare for `start`.

        Args:
            name: of the log.
            command: its words.
            place: its working directory, too.
            ready: what it says when it is ready, "" when starting it is enough.
        """
        place.mkdir(parents=True, exist_ok=True)
        self.log = place / f"{name}.log"
        self.spent_s = 0.0
        self._command = [str(word) for word in command]
        self._place = place
        self._ready = ready
        self._environment: dict[str, str] = {**os.environ, "PYTHONUNBUFFERED": "1"}
        self._process: subprocess.Popen[bytes] | None = None

    def with_environment(self, **variables: str) -> "Program":
        """Set variables for the lives to come."""
        self._environment |= variables
        return self

    def without(self, word: object) -> "Program":
        """Leave out a word of its command in the lives to come."""
        self._command.remove(str(word))
        return self

    @property
    def pid(self) -> int:
        """Of the present life."""
        assert self._process is not None
        return self._process.pid

    async def start(self, *, wait: bool = True) -> str:
        """Start it and return what followed its word of readiness.

        Raises:
            RuntimeError: it ended before it was ready, or was not ready in time.
        """
        self.log.touch()
        already = self.log.stat().st_size
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: ASYNC220  # started in no time; its words are in a file
                self._command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self._place,
                env=self._environment,
            )
        return await self.heard(self._ready, already) if wait and self._ready else ""

    async def heard(self, word: str, behind: int = 0) -> str:
        """Return the rest of the line in which it says a word, once it does so behind a place of the log."""
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            said = self.log.read_bytes()[behind:].decode(errors="replace")
            line = next((each for each in said.splitlines(keepends=True) if word in each and each.endswith("\n")), "")
            if line:
                return line.split(word, 1)[1].strip()
            ended = self._process is not None and self._process.poll() is not None
            if ended or time.monotonic() > deadline_s:
                raise RuntimeError(f"{self.log.name}: never said {word!r}:\n{said[-2000:]}")
            await asyncio.sleep(0.02)

    def say(self, line: str) -> None:
        """Write a line on its stdin."""
        assert self._process is not None
        stdin: IO[bytes] | None = self._process.stdin
        assert stdin is not None
        stdin.write(f"{line}\n".encode())
        stdin.flush()

    def kill(self) -> None:
        """Take it down as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end, and see to it."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(OSError):
            self.spent_s += _cpu_s(process.pid)
        process.send_signal(how)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin is not None:
            process.stdin.close()

    def cpu_s(self) -> float:
        """Return the processor seconds of all its lives, system calls included."""
        return self.spent_s + (_cpu_s(self.pid) if self._process is not None else 0.0)

    def rss_mb(self) -> float:
        """Return its resident memory."""
        status = Path(f"/proc/{self.pid}/status").read_text("ascii")
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def own_mb(self) -> float:
        """Return the memory that it shares with nobody: what ending it would free."""
        rows = Path(f"/proc/{self.pid}/smaps_rollup").read_text("ascii").splitlines()
        return sum(int(row.split()[1]) for row in rows if row.startswith("Private_")) / 1024


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def mosquitto(place: Path, port: int) -> Program:
    """Return a broker on loopback that keeps nothing on disk."""
    place.mkdir(parents=True, exist_ok=True)
    (place / "mosquitto.conf").write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nset_tcp_nodelay true\n"
        "max_queued_messages 0\nmax_inflight_messages 0\n"
    )
    program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    return Program("mosquitto", [program, "-c", place / "mosquitto.conf"], place, "running")
