"""What people say through the interface: kept, counted, and never said by another site's page."""

import asyncio
import dataclasses
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from hub.model import Cause, LeadOpening, TicketOpening
from hub.registry import Registry

pytestmark = pytest.mark.component

LEAD = LeadOpening(
    "site-1", Cause("pm10", "local_excess"), 1, 2, late=False, evidence=(), explanation="", explanation_en=""
)
TICKET = TicketOpening("micro-1-pm", "flat_line", 1, 2, "", "")


@pytest.fixture
def app(hub: Any, tmp_path: Path) -> Any:
    """Return the application over a registry of its own, with a lead and a ticket."""
    with Registry.open(tmp_path / "registry.sqlite") as registry:
        registry.open_lead(LEAD)
        registry.open_ticket(TICKET)
        yield dataclasses.replace(hub, registry=registry).app()


def ask(app: FastAPI, method: str, path: str, **options: Any) -> httpx.Response:
    """Return the answer to one request."""

    async def play() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", trust_env=False) as client:
            return await client.request(method, path, **options)

    return asyncio.run(play())


def test_label_is_kept_and_shown(app: FastAPI) -> None:
    """With who said it and when; the lead says so at once, and closes if that was asked."""
    answer = ask(app, "POST", "/api/leads/1/label", json={"outcome": "regional", "note": "haze", "close": True})
    lead = ask(app, "GET", "/api/leads/1").json()

    assert (answer.status_code, answer.json()["outcome"], answer.json()["said_by"]) == (200, "regional", "duty")
    assert lead["label"] == answer.json()
    assert lead["closed_ms"] == answer.json()["said_ms"]


def test_ticket_is_labelled_and_corrected(app: FastAPI) -> None:
    """The latest counts, in the list and in the precision."""
    for outcome in ("false", "sensor_fault"):
        assert ask(app, "POST", "/api/tickets/1/label", json={"outcome": outcome}).status_code == 200
    ticket = ask(app, "GET", "/api/tickets").json()[0]
    rows = {row["name"]: row for row in ask(app, "GET", "/api/precision").json() if not row["month"]}

    assert (ticket["label"]["outcome"], ticket["closed_ms"]) == ("sensor_fault", None)
    assert (rows["flat_line"]["labelled"], rows["flat_line"]["precision"]) == (1, 1.0)
    assert (rows["local_excess"]["opened"], rows["local_excess"]["precision"]) == (1, None)


def test_who_gave_the_password_has_said_it(hub: Any, tmp_path: Path) -> None:
    """The user's name stands in the label."""
    with Registry.open(tmp_path / "registry.sqlite") as registry:
        registry.open_lead(LEAD)
        known = "li", "open sesame"
        app = dataclasses.replace(hub, registry=registry).app(username=known[0], password=known[1])
        answer = ask(app, "POST", "/api/leads/1/label", json={"outcome": "confirmed"}, auth=known)

    assert answer.json()["said_by"] == "li"


@pytest.mark.parametrize(
    ("path", "said", "status"),
    [
        ("/api/leads/9/label", b'{"outcome": "false"}', 404),
        ("/api/leads/0/label", b'{"outcome": "false"}', 422),
        ("/api/leads/1/label", b'{"outcome": "perhaps"}', 400),
        ("/api/leads/1/label", b'{"outcome": "false", "by": "me"}', 400),
        ("/api/leads/1/label", b"\xff", 400),
        ("/api/leads/1/label", b'{"outcome": "false", "note": "' + b"x" * 20_000 + b'"}', 413),
        ("/api/leads/1/label", b'{"outcome": "false", "note": "' + b"x" * 3_000 + b'"}', 400),
    ],
)
def test_what_cannot_be_is_refused(app: FastAPI, path: str, said: bytes, status: int) -> None:
    """Nothing of it is kept."""
    answer = ask(app, "POST", path, content=said, headers={"Content-Type": "application/json"})

    assert answer.status_code == status
    assert ask(app, "GET", "/api/leads/1").json()["label"] is None


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "application/json", "Origin": "https://elsewhere.example"}, 403),
        ({"Content-Type": "application/json", "Origin": "null"}, 403),
        ({"Content-Type": "application/json", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Content-Type": "application/json", "Sec-Fetch-Site": "same-site"}, 403),
        ({"Content-Type": "application/json; charset=utf-8", "Origin": "http://127.0.0.1"}, 200),
        ({"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"}, 200),
    ],
)
def test_no_other_sites_page_can_say_anything(app: FastAPI, headers: dict[str, str], status: int) -> None:
    """A form needs no permission to post, JSON does; and a browser tells whose page it is."""
    answer = ask(app, "POST", "/api/tickets/1/label", content=b'{"outcome": "false"}', headers=headers)

    assert answer.status_code == status
