"""Replays by order: what is refused, what is shown. The replay itself runs in tests/system."""

import asyncio
import dataclasses
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from fastapi import FastAPI

from hub.anomaly.rulebook import rule_texts
from hub.replay.orders import KEPT, OrderBook
from hub.replay.running import Wanted

LOCAL = rule_texts()["local_excess.toml"]


@pytest.fixture
def app(hub: Any, tmp_path: Path) -> FastAPI:
    """Return the application of a hub that has a configuration, and no past."""
    (tmp_path / "areas.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    (tmp_path / "districts.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    (tmp_path / "hub.toml").write_text('[hub]\ndirectory = "."\n[zone]\nname = "区"\n')
    found: FastAPI = dataclasses.replace(hub, orders=OrderBook(tmp_path / "hub.toml", tmp_path)).app()
    return found


def ask(app: FastAPI, method: str, path: str, **options: Any) -> httpx.Response:
    """Return the answer to one request."""

    async def play() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", trust_env=False) as client:
            return await client.request(method, path, **options)

    return asyncio.run(play())


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ({"rules": {"more.toml": "= 1"}}, "more.toml"),
        ({"rules": {"more.toml": LOCAL}}, "id is used twice"),
        ({"rules": {"../local.toml": LOCAL}}, "rules"),
        ({"rules": {"local.txt": LOCAL}}, "rules"),
        ({"days": 0}, "days"),
        ({"days": 5000}, "days"),
        ({"weeks": 1}, "weeks"),
    ],
)
def test_order_that_cannot_be_is_refused_with_the_reason(app: FastAPI, order: dict[str, Any], reason: str) -> None:
    """Rules are checked before anything runs: what the check finds is in the answer."""
    answer = ask(app, "POST", "/api/replays", json=order)

    assert answer.status_code == 400
    assert reason in answer.text
    assert ask(app, "GET", "/api/replays").json() == []


def test_order_that_is_too_long_is_not_read_to_its_end(app: FastAPI) -> None:
    """A megabyte of rules is enough for anybody."""
    assert ask(app, "POST", "/api/replays", json={"rules": {"a.toml": "#" * (1 << 20)}}).status_code == 413


def test_replay_that_was_never_asked_for_is_not_there(app: FastAPI) -> None:
    """Neither by number, nor by something that is none."""
    assert [ask(app, "GET", f"/api/replays/{number}").status_code for number in (7, 0, "x")] == [404, 422, 422]


def test_what_is_on_disk_is_shown(tmp_path: Path) -> None:
    """Done, failed with its reason, or ended with the hub; progress as a share."""
    book = OrderBook(tmp_path / "hub.toml", tmp_path)
    wanted = msgspec.json.encode(Wanted({"more.toml": ""}, 30.0))
    kept: list[dict[str, bytes]] = [
        {"result.json": b'{"minutes": 1}'},
        {"failed.json": b'{"reason": "no journal"}'},
        {"progress.json": b'{"at": 25, "begin": 0, "end": 100}'},
    ]
    for number, files in enumerate(kept, 1):
        folder = tmp_path / "replays" / f"{number:06d}"
        folder.mkdir(parents=True)
        for name, content in (files | {"wanted.json": wanted}).items():
            (folder / name).write_bytes(content)
    orders = [book.order(number) for number in (1, 2, 3)]

    assert [order and (order["state"], order["reason"], order["progress"]) for order in orders] == [
        ("done", "", 1.0),
        ("failed", "no journal", 0.0),
        ("failed", "it was ended", 0.25),
    ]
    assert [order["id"] for order in book.orders()] == [3, 2, 1]
    assert KEPT == 20
