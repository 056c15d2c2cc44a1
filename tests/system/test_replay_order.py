"""A replay by order, in a process of its own."""

import asyncio
from pathlib import Path

import pytest

from hub.registry import Registry
from hub.replay.orders import OrderAnswer, OrderBook
from hub.replay.running import Wanted

pytestmark = pytest.mark.system

PATIENCE_S = 60.0


def test_an_order_runs_to_its_end_and_the_next_waits(tmp_path: Path) -> None:
    """While it runs the book is busy; what it found stays on disk; one that is ended stands as failed."""
    for name in ("areas.geojson", "districts.geojson"):
        (tmp_path / name).write_text('{"type": "FeatureCollection", "features": []}')
    (tmp_path / "hub.toml").write_text('[hub]\ndirectory = "."\n[zone]\nname = "区"\n', encoding="utf-8")
    with Registry.open(tmp_path / "registry.sqlite"):
        first, second = asyncio.run(_play(OrderBook(tmp_path / "hub.toml", tmp_path)))

    assert first["result"] is not None
    assert (first["state"], first["result"]["totals"]["leads_then"]) == ("done", 0)
    assert (second["state"], second["reason"], second["result"]) == ("failed", "it was ended", None)


async def _play(book: OrderBook) -> tuple[OrderAnswer, OrderAnswer]:
    number = await book.place(Wanted({}, 1.0))
    busy = [book.busy]
    await asyncio.wait_for(book.wait(), PATIENCE_S)
    busy.append(book.busy)
    assert busy == [True, False]
    later = await book.place(Wanted({}, 1.0))
    await book.end()
    first, second = book.order(number), book.order(later)
    assert first is not None
    assert second is not None
    return first, second
