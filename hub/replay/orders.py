"""Replays that the map's interface asks for: one at a time, each in a process of its own, the last of them kept.

replays/000001/{wanted,progress,result,failed}.json
"""

import asyncio
import shutil
import sys
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from typing_extensions import TypedDict

from hub.anomaly.lint import Flaw
from hub.config import load_config
from hub.replay.account import AccountAnswer
from hub.replay.running import Wanted, flaws

REPLAYS: Final = "replays"
KEPT: Final = 20
State = Literal["running", "done", "failed"]


class OrderAnswer(TypedDict):
    """A replay: how far it is, and what it found; null while it runs, and when it has failed for the reason given.

    `progress` is the share that is judged, 0 to 1.
    """

    id: int
    state: State
    days: float
    rules: list[str]
    progress: float
    reason: str
    result: AccountAnswer | None


class OrderBook:
    """What was asked for, on disk; belongs to the event loop."""

    def __init__(self, config: Path, directory: Path) -> None:
        """Take up what is there.

        Args:
            config: the hub's configuration file.
            directory: of the hub.
        """
        self._config = config
        self._directory = directory / REPLAYS
        self._running: tuple[int, asyncio.subprocess.Process] | None = None

    @property
    def busy(self) -> bool:
        """Whether one runs."""
        return self._running is not None and self._running[1].returncode is None

    def flaws(self, wanted: Wanted) -> tuple[Flaw, ...]:
        """Return what is wrong with the rules that are wanted.

        Raises:
            ConfigError: they cannot be read.
        """
        return flaws(load_config(self._config), wanted.rules)

    async def place(self, wanted: Wanted) -> int:
        """Start a replay and return its number; the oldest that are kept go."""
        number = max(self._numbers(), default=0) + 1
        folder = self._folder(number)
        folder.mkdir(parents=True)
        (folder / "wanted.json").write_bytes(msgspec.json.encode(wanted))
        for old in sorted(self._numbers())[:-KEPT]:
            shutil.rmtree(self._folder(old), ignore_errors=True)
        words = (sys.executable, "-m", "hub.replay", str(self._config), str(folder))
        process = await asyncio.create_subprocess_exec(*words, stdin=asyncio.subprocess.DEVNULL)
        self._running = number, process
        return number

    async def wait(self) -> None:
        """Return when none runs."""
        if self._running is not None:
            await self._running[1].wait()

    async def end(self) -> None:
        """End what runs; it stands as failed."""
        if self._running is not None and self._running[1].returncode is None:
            self._running[1].terminate()
        await self.wait()

    def order(self, number: int) -> OrderAnswer | None:
        """Return how a replay stands, None when there is no such one."""
        folder = self._folder(number)
        if not (folder / "wanted.json").is_file():
            return None
        wanted = msgspec.json.decode((folder / "wanted.json").read_bytes(), type=Wanted)
        found: Any = _read(folder / "result.json") or None
        failed = _read(folder / "failed.json")
        running = self.busy and self._running is not None and self._running[0] == number
        state: State = "done" if found else "running" if running and not failed else "failed"
        return {
            "id": number,
            "state": state,
            "days": wanted.days,
            "rules": sorted(wanted.rules),
            "progress": 1.0 if found else _share(_read(folder / "progress.json")),
            "reason": "" if state != "failed" else str(failed.get("reason", "it was ended")),
            "result": found,
        }

    def orders(self) -> list[OrderAnswer]:
        """Return all that are kept, the latest first, without their results."""
        found = (self.order(number) for number in sorted(self._numbers(), reverse=True))
        return [{**order, "result": None} for order in found if order is not None]

    def _numbers(self) -> list[int]:
        return [int(path.name) for path in self._directory.glob("??????") if path.name.isdecimal()]

    def _folder(self, number: int) -> Path:
        return self._directory / f"{number:06d}"


def _read(path: Path) -> dict[str, Any]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except OSError:
        return {}


def _share(progress: dict[str, Any]) -> float:
    if not progress:
        return 0.0
    whole = max(progress["end"] - progress["begin"], 1)
    return float(min(max((progress["at"] - progress["begin"]) / whole, 0.0), 1.0))
