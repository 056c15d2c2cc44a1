"""One stream of changes for all pages: made once, off the loop, whoever listens."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NamedTuple

import anyio.to_thread
import msgspec
from anyio import CapacityLimiter
from sse_starlette import ServerSentEvent

from hub.bell import Bell
from hub.errors import StoreError
from hub.map_api import geojson
from hub.map_api.leads import lead_answer, ticket_answer
from hub.map_api.live import LiveView
from hub.registry import Registry
from hub.replay.orders import OrderBook
from hub.store.hours import HourReader
from wire.clock import Clock

# Real seconds between two snapshots: at most four a second, however fast the field's clock runs.
PACE_S: Final = 0.25
MAX_NEWS: Final = 1000
_LOG = logging.getLogger(__name__)


class News(NamedTuple):
    """A lead or ticket that is new or changed."""

    revision: int
    channel: str
    text: str


@dataclass(frozen=True)
class Sources:
    """Where the interface reads from."""

    zone: geojson.Zone
    live: LiveView
    registry: Registry
    clock: Clock
    hours: HourReader
    orders: OrderBook


class Broadcast:
    """Turns snapshots, leads and tickets into server-sent events. `run` feeds it, `stream` is what one page hears."""

    def __init__(self, sources: Sources) -> None:
        self._from = sources
        self._threads = CapacityLimiter(1)
        self._changed = asyncio.Condition()
        self._version = 0
        self._snapshot = ""
        self._revision = 0
        self._news: deque[News] = deque(maxlen=MAX_NEWS)
        self._bell = Bell()
        self._listeners = 0
        self._closed = False

    async def run(self) -> None:
        """Follow the live view until it is closed, or until cancelled."""
        self._from.live.watch(self._bell)
        try:
            self._revision = await self._off_loop(self._from.registry.revision)
            while not self._from.live.closed:
                try:
                    await self._collect()
                except StoreError as error:
                    _LOG.warning("the live streams wait: %s", error)
                await asyncio.sleep(PACE_S)
                await self._bell.wait()
        finally:
            self._from.live.unwatch(self._bell)
            self._closed = True
            await self._notify()

    @property
    def closed(self) -> bool:
        """Whether nothing will be streamed any more, by the end of the hub or by a fault."""
        return self._closed

    async def stream(self) -> AsyncIterator[ServerSentEvent]:
        """Yield the latest snapshot, then what changes; a page too slow for all snapshots hears the latest only."""
        version, revision = -1, self._revision
        self._listeners += 1
        self._bell.ring()
        try:
            while not self._closed:
                if self._snapshot and version != self._version:
                    version = self._version
                    yield ServerSentEvent(self._snapshot, event="snapshot")
                news_since, revision = revision, self._revision
                for news in [one for one in self._news if one.revision > news_since]:
                    yield ServerSentEvent(news.text, event=news.channel)
                await self._wait_for_change(version, revision)
        finally:
            self._listeners -= 1

    async def _wait_for_change(self, version: int, revision: int) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._closed or self._has_more(version, revision))

    def _has_more(self, version: int, revision: int) -> bool:
        return bool(self._snapshot and self._version != version) or self._revision > revision

    async def _collect(self) -> None:
        version = self._from.live.version()
        if not self._listeners:
            self._snapshot = ""  # nobody looks: the next page to come gets a fresh one
        elif version != self._version or not self._snapshot:
            self._snapshot = await self._off_loop(self._snapshot_text)
        news = await self._off_loop(self._news_since)
        self._news.extend(news)
        self._version = version
        self._revision = max((one.revision for one in news), default=self._revision)
        await self._notify()

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _snapshot_text(self) -> str:
        now_ms = self._from.clock.utc_ms()
        return _json(geojson.snapshot_answer(self._from.zone, self._from.live.latest(), now_ms))

    def _news_since(self) -> list[News]:
        registry, after = self._from.registry, self._revision
        leads = [News(lead.revision, "lead", _json(lead_answer(lead))) for lead in registry.leads(after)]
        tickets = [News(one.revision, "ticket", _json(ticket_answer(one))) for one in registry.tickets(after)]
        return sorted(leads + tickets)

    async def _off_loop(self, work: Callable[[], Any]) -> Any:
        return await anyio.to_thread.run_sync(partial(work), limiter=self._threads)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
