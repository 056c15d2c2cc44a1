"""The live stream."""

import asyncio
import dataclasses
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import FastAPI

from hub.map_api import broadcast
from hub.map_api.live import EMPTY, LiveView
from hub.model import LeadOpening

pytestmark = pytest.mark.component

Take = Callable[[str], Awaitable[Any]]


@pytest.fixture(autouse=True)
def pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no real time pass between snapshots."""
    monkeypatch.setattr(broadcast, "PACE_S", 0.0)


@asynccontextmanager
async def page(app: FastAPI) -> AsyncIterator[Take]:
    """Open /api/live as a browser does; give the next event of a name, and its JSON."""
    heard: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
    gone = asyncio.Event()
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/api/live",
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
    }

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(part: Any) -> None:
        text = part.get("body", b"").decode()
        if text.startswith("event: "):
            name, body = text.split("\r\n")[:2]
            heard.put_nowait((name.removeprefix("event: "), json.loads(body.removeprefix("data: "))))

    async def take(wanted: str) -> Any:
        async with asyncio.timeout(5):
            while True:
                name, said = await heard.get()
                if name == wanted:
                    return said

    request = asyncio.create_task(app(scope, receive, send))
    yield take
    gone.set()
    async with asyncio.timeout(5):
        await request


def play(hub: Any, scene: Callable[[FastAPI], Awaitable[None]]) -> None:
    """Run a scene with the application started."""

    async def run() -> None:
        app = hub.app()
        async with app.router.lifespan_context(app):
            await scene(app)

    asyncio.run(run())


def test_page_hears_the_latest_snapshot_at_once(own_hub: Any) -> None:
    """A page need not wait for the next minute to be closed."""

    async def scene(app: FastAPI) -> None:
        async with page(app) as take:
            snapshot = await take("snapshot")
        assert [area["level"] for area in snapshot["areas"]] == ["red", "normal"]
        assert snapshot["stations"][1]["longitude"] == 116.51
        assert snapshot["now_ms"] == own_hub.clock.utc_ms()

    play(own_hub, scene)


def test_page_hears_what_another_thread_publishes(own_hub: Any) -> None:
    """The judge publishes from its own thread."""
    later = dataclasses.replace(EMPTY, minute_ms=60_000)

    async def scene(app: FastAPI) -> None:
        async with page(app) as take:
            first = await take("snapshot")
            thread = threading.Thread(target=own_hub.live.publish, args=(later,))
            thread.start()
            second = await take("snapshot")
            thread.join()
        assert [first["minute_ms"] > 0, second["minute_ms"]] == [True, 60_000]

    play(own_hub, scene)


def test_new_lead_and_ticket_are_heard(own_hub: Any) -> None:
    """What was opened before is in the lists; what is opened now is heard."""

    async def scene(app: FastAPI) -> None:
        async with page(app) as take:
            await take("snapshot")
            opened = own_hub.registry.leads()[0]
            own_hub.registry.open_lead(
                LeadOpening("road-1", opened.cause, 5, 6, late=False, evidence=(), explanation="", explanation_en="")
            )
            own_hub.registry.close_ticket(1, 77)
            own_hub.live.publish(EMPTY)
            lead, ticket = await take("lead"), await take("ticket")
        assert [lead["area"], ticket["closed_ms"]] == ["road-1", 77]

    play(own_hub, scene)


def test_lead_from_before_is_not_repeated(own_hub: Any) -> None:
    """The stream carries changes only: the first lead that a page hears is the new one."""

    async def scene(app: FastAPI) -> None:
        async with page(app) as take:
            await take("snapshot")
            own_hub.registry.close_lead(1, 9)
            own_hub.live.publish(EMPTY)
            assert (await take("lead"))["closed_ms"] == 9

    play(own_hub, scene)


def test_second_page_later_hears_a_fresh_snapshot(own_hub: Any) -> None:
    """While nobody listens no snapshot is written; the next page still gets the latest one."""

    async def scene(app: FastAPI) -> None:
        async with page(app) as take:
            await take("snapshot")
        own_hub.live.publish(dataclasses.replace(EMPTY, minute_ms=120_000))
        async with page(app) as take:
            while (await take("snapshot"))["minute_ms"] != 120_000:
                pass

    play(own_hub, scene)


def test_closing_the_view_ends_the_streams(own_hub: Any) -> None:
    """A hub that stops does not wait for its visitors."""

    async def scene(app: FastAPI) -> None:
        async with page(app) as take:
            await take("snapshot")
            own_hub.live.close()

    play(own_hub, scene)


def test_publishing_after_the_loop_is_gone_is_harmless(own_hub: Any) -> None:
    """The judge's last snapshot may come when the web server has stopped."""

    async def scene(app: FastAPI) -> None:
        async with page(app) as take:
            await take("snapshot")

    play(own_hub, scene)
    own_hub.live.publish(EMPTY)
    assert own_hub.live.latest() is EMPTY


def test_view_before_the_first_minute_is_empty() -> None:
    """The map can be asked before the judge has spoken."""
    assert [LiveView().latest().minute_ms, LiveView().version()] == [0, 0]


def test_page_is_told_when_the_streams_have_ended_by_a_fault(own_hub: Any) -> None:
    """A stream that opens and stays silent would look alive; and the hub still ends in order."""
    told: list[int] = []

    async def scene(app: FastAPI) -> None:
        own_hub.live.publish(dataclasses.replace(EMPTY, minute_ms=complex(1)))  # what JSON cannot say

        async def send(part: Any) -> None:
            told.extend([part["status"]] if "status" in part else [])

        headers = [(b"host", b"localhost")]
        scope = {"type": "http", "method": "GET", "path": "/api/live", "query_string": b"", "headers": headers}
        async with asyncio.timeout(5):
            await app(dict(scope), asyncio.Event().wait, send)  # the stream that meets the fault, and ends
            await app(dict(scope), asyncio.Event().wait, send)

    play(own_hub, scene)

    assert [200, 503] == told
