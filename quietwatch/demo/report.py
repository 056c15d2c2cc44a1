"""What the demo tells a person: progress while it runs, a table at its end. All but the result goes to stderr."""

import asyncio
import json
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from quietwatch.demo.outcome import Outcome
from quietwatch.demo.times import beijing
from wire.clock import Clock

REFRESH_REAL_S = 0.2


class Report:
    """Speaks to the person at the terminal."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._console = Console(stderr=True)
        self._told: set[tuple[str, int]] = set()
        self.progress = Progress(
            TextColumn("{task.description:<34}"),
            BarColumn(),
            TextColumn("{task.fields[clock]}"),
            TimeRemainingColumn(),
            console=self._console,
        )

    def say(self, text: str) -> None:
        """Print one line above the progress bars."""
        self._console.print(text, highlight=False, markup=False)

    def tell(self, kind: str, content: dict[str, Any]) -> None:
        """Print one line for a lead or a ticket when it is heard of for the first time."""
        if (kind, content["id"]) in self._told:
            return
        self._told.add((kind, content["id"]))
        if kind == "lead":
            self.say(f"  lead    {content['area']}: {content['explanation_en']}")
        elif kind == "ticket":
            self.say(f"  ticket  {content['subject']}: {content['explanation_en']}")

    async def follow(self, name: str, clock: Clock, start_ms: int, end_ms: int) -> None:
        """Show a bar from one field time to another, and return when it is reached."""
        task = self.progress.add_task(name, total=end_ms - start_ms, clock="")
        while (now_ms := clock.utc_ms()) < end_ms:
            self.progress.update(task, completed=now_ms - start_ms, clock=beijing(now_ms))
            await asyncio.sleep(REFRESH_REAL_S)
        self.progress.update(task, completed=end_ms - start_ms, clock=beijing(end_ms))

    def result(self, outcome: Outcome) -> None:
        """Print the result: a JSON object on stdout, or a table."""
        if self._as_json:
            print(json.dumps(outcome.as_json(), ensure_ascii=False))  # noqa: T201  # this is the program's result
            return
        table = Table(title="QuietWatch demo", show_header=False)
        for key, value in outcome.as_json().items():
            table.add_row(key, _plain(value))
        Console().print(table)


def _plain(value: object) -> str:
    if isinstance(value, list):
        return "\n".join(_plain(item) for item in value) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(item)}" for key, item in value.items())
    return str(value)
