"""Delivers leads to receivers: at least once, under a key by which a receiver knows what it has already."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import httpx

from hub.bell import Bell
from hub.errors import PushFailed
from hub.registry import DuePush, Registry
from wire.clock import Clock

# All in real seconds: they guard against a receiver that does not answer, not against field time.
TIMEOUT_S: Final = 10.0
LOOK_S: Final = 0.5
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait after a failed attempt: doubling from `first_s` to `longest_s` (real seconds)."""

    first_s: float = 1.0
    longest_s: float = 300.0

    def wait_s(self, failures: int) -> float:
        """Return the wait after so many failures in a row, 1 or more."""
        return float(min(self.longest_s, self.first_s * 2.0 ** min(failures - 1, 60)))


@dataclass
class _Waiting:
    failures: int = 0
    not_before_s: float = 0.0


@dataclass(eq=False)
class Pusher:
    """Posts due pushes as JSON, each receiver at its own pace, each push again until it is answered with a 2xx.

    Attributes:
        registry: where due pushes lie; a push is a row there before anything is sent, so a crash loses none.
        urls: receiver name to where it is posted; a receiver that is not here keeps its pushes due.
        clock: field time, for the time of delivery.
        page: the map page's address, for a link in the push; "" for none.
        transport: how requests travel; None for the network.
    """

    registry: Registry
    urls: Mapping[str, str]
    clock: Clock
    page: str = ""
    backoff: Backoff = Backoff()
    transport: httpx.AsyncBaseTransport | None = None

    async def run(self) -> None:
        """Deliver until cancelled."""
        # Straight to the receiver: by no proxy of the environment and, as httpx does by itself, by no redirection.
        async with (
            httpx.AsyncClient(transport=self.transport, timeout=TIMEOUT_S, trust_env=False) as client,
            asyncio.TaskGroup() as tasks,
        ):
            for receiver in self.urls:
                tasks.create_task(self._serve(client, receiver), name=f"hub.lead.push.{receiver}")

    async def _serve(self, client: httpx.AsyncClient, receiver: str) -> None:
        bell = Bell()
        self.registry.watch(bell)
        try:
            await self._deliver(client, receiver, bell)
        finally:
            self.registry.unwatch(bell)

    async def _deliver(self, client: httpx.AsyncClient, receiver: str, bell: Bell) -> None:
        waiting: dict[str, _Waiting] = {}
        while True:
            due = await asyncio.to_thread(self.registry.due_pushes)
            mine = [push for push in due if push.receiver == receiver]
            waiting = {push.id: waiting.get(push.id, _Waiting()) for push in mine}
            for push in mine:
                await self._try(client, push, waiting[push.id])
            # Not wait_for: in Python 3.11 it forgets a cancellation that comes together with the ring.
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await bell.wait()

    async def _try(self, client: httpx.AsyncClient, push: DuePush, state: _Waiting) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() < state.not_before_s:
            return
        try:
            await self._post(client, push)
        except PushFailed as error:
            state.failures += 1
            state.not_before_s = loop.time() + self.backoff.wait_s(state.failures)
            if state.failures == 1:
                _LOG.warning("push %s to %s failed: %s", push.id, push.receiver, error)
            await asyncio.to_thread(self.registry.mark_push, push.id, None, error.reason)
            return
        if state.failures:
            _LOG.info("push %s to %s delivered after %d failures", push.id, push.receiver, state.failures)
        await asyncio.to_thread(self.registry.mark_push, push.id, self.clock.utc_ms())

    async def _post(self, client: httpx.AsyncClient, push: DuePush) -> None:
        url = self.urls[push.receiver]
        try:
            async with client.stream(
                "POST", url, json=self._body(push), headers={"Idempotency-Key": push.id}
            ) as answer:
                status = answer.status_code  # the body is left unread: nobody's endless answer shall fill the memory
        except httpx.HTTPError as error:
            raise PushFailed(url, f"{type(error).__name__}: {error}") from error
        if not 200 <= status < 300:
            raise PushFailed(url, f"HTTP {status}")

    def _body(self, push: DuePush) -> dict[str, object]:
        return {
            "push_id": push.id,
            "lead_id": push.lead,
            "area": push.area,
            "cause": {"property": push.cause.property, "detector": push.cause.detector},
            "episode_start_ms": push.episode_start_ms,
            "opened_ms": push.opened_ms,
            "explanation": push.explanation,
            "explanation_en": push.explanation_en,
            "url": f"{self.page}?lead={push.lead}" if self.page else "",
        }
