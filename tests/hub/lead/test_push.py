"""Pushing: at least once, under a key that stays the same."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.lead import push
from hub.lead.push import Backoff, Pusher
from hub.model import Cause, LeadOpening
from hub.registry import Registry
from wire.clock import Clock, ScaledClock

OPENED_MS = 1_380_873_600_000
OPENING = LeadOpening("site-3", Cause("pm10", "local_excess"), OPENED_MS - 60_000, OPENED_MS, False, (), "扬尘", "Dust")  # noqa: FBT003


class Phone:
    """A receiver that answers as it is told and remembers what it got."""

    def __init__(self, *answers: int) -> None:
        self.answers = list(answers)
        self.got: list[tuple[str, dict[str, Any]]] = []
        self.enough = asyncio.Event()
        self.app = Starlette(routes=[Route("/lead", self._lead, methods=["POST"])])

    async def _lead(self, request: Request) -> Response:
        self.got.append((request.headers["Idempotency-Key"], await request.json()))
        status = self.answers.pop(0)
        if not self.answers:
            self.enough.set()
        return Response("x" * 10, status, {"Location": "http://elsewhere.test/"})


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    """Return a registry with one lead to push to the duty officer."""
    with Registry.open(tmp_path / "registry.sqlite", ("duty",)) as opened:
        opened.open_lead(OPENING)
        yield opened


@pytest.fixture
def clock() -> Clock:
    """Return a clock that starts when the lead was opened."""
    return ScaledClock(OPENED_MS, 0, 1e-9)


def deliver(registry: Registry, clock: Clock, *answers: int) -> Phone:
    """Run a pusher until its receiver has given all its answers and all are noted; two failures in a row wait long."""

    async def play() -> Phone:
        phone = Phone(*answers)
        transport = httpx.ASGITransport(app=phone.app)
        pusher = Pusher(
            registry,
            {"duty": "http://phone.test/lead"},
            clock,
            "http://hub.test/",
            Backoff(60.0 if len(answers) == 1 else 0.0),
            transport,
        )
        await _until(pusher, phone.enough.wait, lambda: attempts(registry) == len(answers))
        return phone

    return asyncio.run(play())


async def _until(pusher: Pusher, first: Callable[[], Awaitable[object]], done: Callable[[], bool]) -> None:
    task = asyncio.create_task(pusher.run())
    async with asyncio.timeout(5):
        while not done() and not task.done():
            for bell in pusher.registry._bells:
                bell.ring()
            await asyncio.to_thread(lambda: None)
        await first()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def attempts(registry: Registry) -> int:
    """Return how often the one push was tried."""
    lead = registry.lead(1)
    return lead.pushes[0].attempts if lead else 0


def test_push_tells_what_an_inspector_needs(registry: Registry, clock: Clock) -> None:
    """The receiver gets area, cause, times, words and a link, under the key that is in the body too."""
    key, body = deliver(registry, clock, 200).got[0]

    assert body == {
        "push_id": key,
        "lead_id": 1,
        "area": "site-3",
        "cause": {"property": "pm10", "detector": "local_excess"},
        "episode_start_ms": OPENED_MS - 60_000,
        "opened_ms": OPENED_MS,
        "explanation": "扬尘",
        "explanation_en": "Dust",
        "url": "http://hub.test/?lead=1",
    }


@pytest.mark.parametrize("failure", [500, 404, 307])
def test_refused_push_is_sent_again_under_the_same_key(registry: Registry, clock: Clock, failure: int) -> None:
    """Only a 2xx ends it: an error, a wrong address and a redirection do not."""
    phone = deliver(registry, clock, failure, 204)

    assert len({key for key, _ in phone.got}) == 1
    assert registry.due_pushes() == []


def test_failure_is_noted_for_the_duty_officer(registry: Registry, clock: Clock) -> None:
    """The registry says how often it was tried and why it failed."""
    deliver(registry, clock, 503)

    lead = registry.lead(1)
    assert lead is not None
    assert (lead.pushes[0].attempts, lead.pushes[0].delivered_ms, lead.pushes[0].problem) == (1, None, "HTTP 503")


def test_delivery_is_dated_in_field_time(registry: Registry, clock: Clock) -> None:
    """Delivered when the field's clock says so."""
    deliver(registry, clock, 201)

    lead = registry.lead(1)
    assert lead is not None
    assert lead.pushes[0].delivered_ms == clock.utc_ms()


def test_delivered_push_is_not_sent_by_the_next_process(registry: Registry, clock: Clock) -> None:
    """What one process delivered, the next one has nothing to do with."""
    deliver(registry, clock, 200)
    registry.open_lead(LeadOpening("road-1", OPENING.cause, OPENED_MS, OPENED_MS, False, (), "", ""))  # noqa: FBT003

    async def play() -> list[Any]:
        phone = Phone(200)
        pusher = Pusher(
            registry, {"duty": "http://phone.test/lead"}, clock, transport=httpx.ASGITransport(app=phone.app)
        )
        await _until(pusher, phone.enough.wait, lambda: not registry.due_pushes())
        return [body["area"] for _, body in phone.got]

    assert asyncio.run(play()) == ["road-1"]


def test_unreachable_receiver_leaves_the_push_due(registry: Registry, clock: Clock) -> None:
    """A connection that fails is an attempt that failed, not the end of the task."""

    async def away(_scope: object, _receive: object, _send: object) -> None:
        raise httpx.ConnectError("no route")

    async def play() -> None:
        pusher = Pusher(registry, {"duty": "http://phone.test/lead"}, clock, transport=httpx.ASGITransport(app=away))
        await _until(pusher, _nothing, lambda: attempts(registry) == 1)

    asyncio.run(play())
    assert [push.receiver for push in registry.due_pushes()] == ["duty"]


async def _nothing() -> None:
    return None


def test_new_lead_is_pushed_at_once(registry: Registry, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The registry wakes the task: nobody waits for its next look."""
    monkeypatch.setattr(push, "LOOK_S", 1000.0)

    async def play() -> list[Any]:
        phone = Phone(200, 200)
        pusher = Pusher(
            registry, {"duty": "http://phone.test/lead"}, clock, transport=httpx.ASGITransport(app=phone.app)
        )
        task = asyncio.create_task(pusher.run())
        async with asyncio.timeout(5):
            while not phone.got:
                await asyncio.to_thread(lambda: None)
            await asyncio.to_thread(registry.open_lead, dataclasses.replace(OPENING, area="road-1"))
            await phone.enough.wait()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        return [body["area"] for _, body in phone.got]

    assert asyncio.run(play()) == ["site-3", "road-1"]


def test_receiver_without_address_keeps_its_pushes(registry: Registry, clock: Clock) -> None:
    """A receiver that was taken out of the configuration is not forgotten: its pushes stay due."""

    async def play() -> None:
        await asyncio.wait_for(Pusher(registry, {}, clock).run(), 5)

    asyncio.run(play())
    assert len(registry.due_pushes()) == 1


def test_wait_doubles_up_to_the_longest() -> None:
    """1, 2, 4 … and never more than the longest, however often it failed."""
    assert [Backoff(1, 300).wait_s(n) for n in (1, 2, 3, 10, 10_000)] == [1, 2, 4, 300, 300]
