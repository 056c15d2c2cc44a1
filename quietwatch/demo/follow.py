"""Watches the hub's live stream as the map does, and notes when each area was first shown red."""

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from wire.clock import Clock


@dataclass(slots=True)
class Follower:
    """A reader of the live stream that comes back by itself when the hub was away.

    Attributes:
        url: of the hub, without a slash at the end.
        clock: field time.
        tell: called with each lead and ticket as the hub sends it, and its kind.
        minute_ms: the last closed minute that was seen.
        red_ms: field time at which an area was first seen red, by area id.
    """

    url: str
    clock: Clock
    tell: Callable[[str, dict[str, Any]], None]
    minute_ms: int = 0
    red_ms: dict[str, int] = field(default_factory=dict)

    async def run(self) -> None:
        """Follow until cancelled."""
        async with httpx.AsyncClient(timeout=httpx.Timeout(5, read=30)) as client:
            while True:
                with contextlib.suppress(httpx.HTTPError):
                    await self._follow(client)
                await asyncio.sleep(0.3)

    async def _follow(self, client: httpx.AsyncClient) -> None:
        async with client.stream("GET", f"{self.url}/api/live") as response:
            name = ""
            async for line in response.aiter_lines():
                if line.startswith("event:"):
                    name = line[6:].strip()
                elif line.startswith("data:"):
                    self._take(name, json.loads(line[5:]))

    def _take(self, name: str, content: dict[str, Any]) -> None:
        if name != "snapshot":
            self.tell(name, content)
            return
        self.minute_ms = max(self.minute_ms, content["minute_ms"])
        for area in content["areas"]:
            if area["level"] == "red":
                self.red_ms.setdefault(area["id"], self.clock.utc_ms())
