"""What is not signed is stored once, shown, and never evidence; a replay of the journal gives the same rows."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hub.catalogue import Catalogue
from hub.ingest.entry import Entry
from hub.judge import Judge
from hub.map_api.geojson import stations
from hub.model import MINUTE_MS, AreaStatus, Columns, LeadOpening, TicketOpening
from hub.store import DuckStore
from hub.third_party import ThirdParty, ThirdPartyStation, said

pytestmark = pytest.mark.component

NOON_MS = 1_420_776_000_000
PARK = ThirdParty("park", (ThirdPartyStation("park-01", "micro_station", "公园", 116.5, 39.8),))


class Said:
    """A registry that writes down what it is told."""

    def __init__(self) -> None:
        self.lines: list[Any] = []

    def open_lead(self, opening: LeadOpening) -> None:
        """Note a lead."""
        self.lines.append(opening)

    def open_ticket(self, opening: TicketOpening) -> None:
        """Note a ticket."""
        self.lines.append(opening)

    def record_levels(self, changes: Any, judged_ms: int) -> None:
        """Note levels."""
        self.lines += [asdict(one) | {"judged_ms": judged_ms} for one in changes if isinstance(one, AreaStatus)]


@pytest.fixture
def new_store(tmp_path: Path) -> Iterator[Callable[[], DuckStore]]:
    """Yield what makes an empty store."""
    made: list[DuckStore] = []

    def make() -> DuckStore:
        made.append(DuckStore(tmp_path / f"{len(made)}.duckdb", 1 << 28))
        return made[-1]

    yield make
    for store in made:
        store.close()


def reported(book: Any, minute: int, value: float, device: str = "m12-d") -> None:
    """Append what the park says at a minute after noon: of a device with the id of a gateway's."""
    stamp = f"{np.datetime64(NOON_MS + minute * MINUTE_MS, 'ms')}Z"
    readings = [{"property": name, "unit": "ug/m3", "time": stamp, "value": value} for name in ("pm2_5", "pm10")]
    entry = book.entries[-1]
    body = json.dumps({"station": "park-01", "device": device, "readings": readings}).encode()
    book.entries.append(Entry(entry.id + 1, entry.received_ms, "reading", "park", 0, 0, body, b"", fresh=True))


def played(book: Any, minutes: range, *, with_park: bool) -> list[Entry]:
    """Return minutes of the dusty town, with an exorbitant and repetitive third party in its middle or not."""
    if with_park:
        book.write("config", said((PARK,)), NOON_MS)
    for minute in minutes:
        book.day(range(minute, minute + 1))
        if with_park:
            reported(book, minute, 4000.0, f"m{minute % 2:02}-d")
            reported(book, minute - 1, 1.0, f"m{(minute - 1) % 2:02}-d")
    entries: list[Entry] = book.entries
    return entries


def told(columns: Columns) -> list[tuple[Any, ...]]:
    """Return readings as tuples, their order left out: the store gives those of one time in any."""
    names = ("row", "time_ms", "value", "flag")
    return sorted(zip(*(getattr(columns, name).tolist() for name in names), strict=True))


def test_what_is_not_signed_is_never_evidence(book: Any, town: Any, new_store: Callable[[], DuckStore]) -> None:
    """Leads, tickets and levels are word for word those of the same town without the third party."""
    fellow = type(book)(town)
    with_park, without = Said(), Said()
    Judge(Catalogue(), town.areas, new_store(), with_park).apply(played(book, range(50, 80), with_park=True))
    Judge(Catalogue(), town.areas, new_store(), without).apply(played(fellow, range(50, 80), with_park=False))

    assert any(isinstance(one, LeadOpening) for one in without.lines)
    assert with_park.lines == without.lines


def test_the_first_value_of_a_time_stands_and_the_map_shows_the_latest(
    book: Any, town: Any, new_store: Callable[[], DuckStore]
) -> None:
    """In one portion of entries, in the next, and when a backlog comes behind."""
    store = new_store()
    judge = Judge(Catalogue(), town.areas, store, Said())
    book.write("config", said((PARK,)), NOON_MS)
    reported(book, 5, 50.0)
    reported(book, 5, 51.0)
    judge.apply(book.entries)
    seen = len(book.entries)
    reported(book, 5, 52.0)
    reported(book, 3, 30.0)
    shown = judge.apply(book.entries[seen:])

    rows = [stream.row for stream in shown.datastreams if stream.station == "park-01"]
    assert store.series(rows, 0, 2 * NOON_MS).value.tolist() == [30.0, 50.0, 30.0, 50.0]
    feature = next(one for one in stations(shown)["features"] if one["id"] == "park-01")
    assert (feature["properties"]["signed"], feature["properties"]["gateway"]) == (False, "park")
    assert feature["properties"]["values"]["pm10"] == {
        "value": 50.0,
        "unit": "ug/m3",
        "time_ms": NOON_MS + 5 * MINUTE_MS,
        "flag": 2,
    }


@pytest.mark.parametrize("broken_at", [4, 15])
def test_a_replay_gives_the_same_rows(
    book: Any, town: Any, new_store: Callable[[], DuckStore], tmp_path: Path, broken_at: int
) -> None:
    """From the beginning, entry by entry, and from the memory on disk."""
    entries = played(book, range(58, 62), with_park=True)
    whole, parted, rebuilt = new_store(), new_store(), new_store()
    end = Judge(Catalogue(), town.areas, whole, Said()).apply(entries)
    Judge(Catalogue(), town.areas, parted, Said(), tmp_path / "memory").apply(entries[:broken_at])
    second = Judge(Catalogue(), town.areas, parted, Said(), tmp_path / "memory")
    again = second.apply([entry for entry in entries if entry.id > second.after])
    single = Judge(Catalogue(), town.areas, rebuilt, Said())
    for entry in entries:
        single.apply([entry])

    assert end.datastreams == again.datastreams
    assert end.stations == again.stations
    assert np.array_equal(end.latest_value, again.latest_value, equal_nan=True)
    assert np.array_equal(end.latest_ms, again.latest_ms)
    rows = list(range(len(end.datastreams)))
    assert told(whole.series(rows, 0, 2 * NOON_MS)) == told(parted.series(rows, 0, 2 * NOON_MS))
    assert told(whole.series(rows, 0, 2 * NOON_MS)) == told(rebuilt.series(rows, 0, 2 * NOON_MS))
    assert whole.catalogue() == rebuilt.catalogue()


def test_what_an_earlier_hub_journalled_is_passed_over(
    book: Any, town: Any, new_store: Callable[[], DuckStore]
) -> None:
    """Reports of nobody who was configured then: no row, no failure."""
    store = new_store()
    book.write("config", b'{"grace_s": 30.0}', NOON_MS)
    reported(book, 1, 1.0)
    shown = Judge(Catalogue(), town.areas, store, Said()).apply(book.entries)

    assert "park-01" not in {station.id for station in shown.stations}
    assert store.applied() == len(book.entries)
