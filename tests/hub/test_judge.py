"""The judge: the journal in, readings, leads and tickets out, the same however often and in whatever portions."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from hub.catalogue import Catalogue
from hub.ingest.entry import ForkNote, GapNote
from hub.judge import Judge
from hub.model import MINUTE_MS, AreaStatus, Columns, Datastream, LeadOpening, Level, TicketOpening

pytestmark = pytest.mark.component
NOON = int(1_420_776_000 / 60)


@dataclass
class Shelf:
    """A store in memory."""

    parts: list[Columns] = field(default_factory=list)
    known: dict[int, str] = field(default_factory=dict)
    entry: int = 0

    def datastreams(self, new: Sequence[Datastream]) -> None:
        """Keep series."""
        self.known |= {stream.row: stream.id for stream in new}

    def insert(self, columns: Columns, entry_id: int) -> None:
        """Keep readings once."""
        if entry_id > self.entry:
            self.parts.append(columns)
            self.entry = entry_id

    def holds(self, columns: Columns) -> Any:
        """Return False for each: gateways' readings are not asked for."""
        return np.zeros(len(columns), np.bool_)

    def applied(self) -> int:
        """Return the last entry."""
        return self.entry

    def rows(self) -> list[tuple[str, int]]:
        """Return (datastream, time) of all readings."""
        return sorted(
            (self.known[row], time_ms)
            for part in self.parts
            for row, time_ms in zip(part.row.tolist(), part.time_ms.tolist(), strict=True)
        )


@dataclass
class Desk:
    """A registry in memory: one open lead for each area and cause, one open ticket for each subject and kind."""

    leads: dict[tuple[Any, ...], LeadOpening] = field(default_factory=dict)
    tickets: dict[tuple[str, str], TicketOpening] = field(default_factory=dict)
    levels: list[tuple[str, Level, int]] = field(default_factory=list)

    def open_lead(self, opening: LeadOpening) -> int | None:
        """Open or attach."""
        self.leads.setdefault((opening.area, *opening.cause), opening)
        return None

    def open_ticket(self, opening: TicketOpening) -> int | None:
        """Open once."""
        self.tickets.setdefault((opening.subject, opening.kind), opening)
        return None

    def record_levels(self, changes: Sequence[AreaStatus], judged_ms: int) -> None:
        """Note."""
        self.levels += [(status.area, status.level, judged_ms) for status in changes]


def judge(book: Any, shelf: Shelf, desk: Desk, directory: Path | None = None) -> Judge:
    """Return a judge of the town."""
    return Judge(Catalogue(), book.town.areas, shelf, desk, directory)


EXPECTED = ("site", "pm10", "local_excess")


def test_the_journal_becomes_readings_levels_and_a_lead(book: Any) -> None:
    """All readings are stored, the lead opens within minutes, at the judge's own time."""
    book.day(range(50, 80))
    shelf, desk = Shelf(), Desk()
    snapshot = judge(book, shelf, desk).apply(book.entries)
    lead = desk.leads[EXPECTED]

    assert len(shelf.rows()) == len(set(shelf.rows())) == 30 * len(book.town.streams)
    assert shelf.applied() == len(book.entries)
    assert list(desk.leads) == [EXPECTED]
    assert not lead.late
    assert (lead.episode_start_ms, lead.opened_ms) == ((NOON + 60) * MINUTE_MS, (NOON + 63) * MINUTE_MS)
    assert ("site", Level.RED, (NOON + 62) * MINUTE_MS + 90_000) in desk.levels
    assert snapshot.minute_ms == (NOON + 79) * MINUTE_MS
    assert snapshot.latest_value[:2].tolist() == [31.0, 31.0]
    assert len(snapshot.datastreams) == len(snapshot.latest_flag) == len(book.town.streams)


def test_portions_make_no_difference(book: Any) -> None:
    """One entry at a time, or all at once."""
    book.day(range(50, 85), cut=range(62, 70))
    whole, single = (Shelf(), Desk()), (Shelf(), Desk())
    end = judge(book, *whole).apply(book.entries)
    one_by_one = judge(book, *single)
    for entry in book.entries:
        last = one_by_one.apply([entry])

    assert whole[1] == single[1]
    assert whole[0].rows() == single[0].rows()
    assert end.statuses == last.statuses
    assert np.array_equal(end.latest_flag, last.latest_flag)


def test_applying_the_journal_again_changes_nothing(book: Any) -> None:
    """A judge without memory starts from the beginning: nothing is stored or opened twice."""
    book.day(range(50, 70))
    shelf, desk = Shelf(), Desk()
    judge(book, shelf, desk).apply(book.entries)
    rows, leads = shelf.rows(), dict(desk.leads)
    judge(book, shelf, desk).apply(book.entries)

    assert shelf.rows() == rows
    assert desk.leads == leads


@pytest.mark.parametrize("broken_at", [30, 60])
def test_a_restart_goes_on_as_if_nothing_had_happened(book: Any, tmp_path: Path, broken_at: int) -> None:
    """From its memory on disk; only what came after it is read again."""
    book.day(range(50, 100), cut=range(64, 70))
    unbroken, broken = (Shelf(), Desk()), (Shelf(), Desk())
    end = judge(book, *unbroken).apply(book.entries)
    judge(book, *broken, tmp_path).apply(book.entries[:broken_at])
    second = judge(book, *broken, tmp_path)
    after = second.after
    last = second.apply([entry for entry in book.entries if entry.id > after])

    assert 0 < after <= broken_at
    assert broken[1].leads == unbroken[1].leads
    assert broken[0].rows() == unbroken[0].rows()
    assert {a: (s.level, s.freshness, s.since_ms) for a, s in last.statuses.items()} == {
        a: (s.level, s.freshness, s.since_ms) for a, s in end.statuses.items()
    }
    assert np.array_equal(last.latest_value, end.latest_value, equal_nan=True)


@pytest.mark.parametrize("damage", ["cut", "other zone", "empty store"])
def test_a_memory_that_cannot_be_used_costs_time_only(book: Any, tmp_path: Path, damage: str) -> None:
    """Torn, of other areas, or ahead of the store: the journal is read from its beginning."""
    book.day(range(50, 65))
    shelf, desk = Shelf(), Desk()
    judge(book, shelf, desk, tmp_path).apply(book.entries)
    if damage == "cut":
        (tmp_path / "newest.npz").write_bytes((tmp_path / "newest.npz").read_bytes()[:1000])
    elif damage == "other zone":
        book.town.areas = book.town.areas[:2]
    else:
        shelf = Shelf()
    again = judge(book, shelf, desk, tmp_path)

    assert again.after == 0
    again.apply(book.entries)
    assert len(shelf.rows()) == 15 * len(book.town.streams)


def test_a_backlog_is_judged_at_its_own_time(book: Any) -> None:
    """The gateway was cut off during the dust: the lead opens late, with the true start, and nothing turns red now."""
    book.day(range(50, 125), cut=range(60, 110))
    shelf, desk = Shelf(), Desk()
    judge(book, shelf, desk).apply(book.entries)
    lead = desk.leads[EXPECTED]

    assert list(desk.leads) == [EXPECTED]
    assert lead.late
    assert lead.episode_start_ms == (NOON + 60) * MINUTE_MS
    assert lead.opened_ms < (NOON + 120) * MINUTE_MS
    assert all(level < Level.RED for _, level, _ in desk.levels)
    assert len(shelf.rows()) == 75 * len(book.town.streams)


def test_a_backlog_of_ordinary_air_opens_nothing(book: Any) -> None:
    """Lateness is no cause for suspicion."""
    held = book.town.air
    book.town.air = lambda s, n, _m: held(s, n, 0)
    book.day(range(50, 125), cut=range(60, 110))
    desk = Desk()
    judge(book, Shelf(), desk).apply(book.entries)

    assert desk.leads == {}


def test_an_episode_that_was_seen_live_is_not_opened_late(book: Any) -> None:
    """A part of the network comes late and tells the same: one lead."""
    book.day(range(50, 125), cut=range(60, 110), gone="m1")
    desk = Desk()
    judge(book, Shelf(), desk).apply(book.entries)

    assert list(desk.leads) == [EXPECTED]
    assert not desk.leads[EXPECTED].late


def test_a_body_that_is_known_is_neither_stored_nor_judged(book: Any) -> None:
    """The journal says so."""
    book.batch(book.town.minute(0), NOON * MINUTE_MS + 50_000)
    book.batch(book.town.minute(0), NOON * MINUTE_MS + 60_000, fresh=False)
    shelf = Shelf()
    judge(book, shelf, Desk()).apply(book.entries)

    assert len(shelf.rows()) == len(book.town.streams)
    assert shelf.applied() == 3


def test_of_a_block_that_began_in_another_only_what_is_behind_is_stored_and_judged(book: Any) -> None:
    """Whatever stands in the readings that the hub has already."""
    book.batch(book.town.minute(0), NOON * MINUTE_MS + 50_000)
    book.entries[-1] = replace(book.entries[-1], known_rows=3)
    shelf = Shelf()
    snapshot = judge(book, shelf, Desk()).apply(book.entries)

    assert len(shelf.rows()) == len(book.town.streams) - 3
    assert np.isfinite(snapshot.latest_value).sum() == len(book.town.streams) - 3


def test_readings_of_an_estimated_date_are_stored_and_not_judged(book: Any) -> None:
    """Nobody knows when they were taken."""
    for minute in range(55, 75):
        payload = book.town.minute(minute)
        book.batch(msgspec.structs.replace(payload, clock="estimated"), payload.t0 + 50_000)
        book.tick(minute)
    shelf, desk = Shelf(), Desk()
    snapshot = judge(book, shelf, desk).apply(book.entries)

    assert len(shelf.rows()) == 20 * len(book.town.streams)
    assert desk.leads == {}
    assert np.isnan(snapshot.latest_value).all()


def test_gaps_and_forks_open_tickets_about_their_gateway(book: Any) -> None:
    """With what was lost, and what clashed."""
    book.write("gap", msgspec.json.encode(GapNote(4, 9)), NOON * MINUTE_MS)
    book.write(
        "fork", msgspec.json.encode(ForkNote(taken=True, committed="ab" * 32, previous="cd" * 32)), NOON * MINUTE_MS
    )
    desk = Desk()
    judge(book, Shelf(), desk).apply(book.entries)

    assert set(desk.tickets) == {("gw", "gap"), ("gw", "fork")}
    assert "4 - 9" in desk.tickets["gw", "gap"].explanation_en


def test_one_tick_after_a_pause_closes_all_minutes_before_it(book: Any) -> None:
    """The hub was down for an hour: the minutes are judged one by one."""
    for minute in range(50, 58):
        book.batch(book.town.minute(minute), (NOON + minute) * MINUTE_MS + 50_000)
        book.tick(minute)
    for minute in range(58, 105):
        book.batch(book.town.minute(minute), (NOON + 105) * MINUTE_MS)
    book.tick(105)
    desk = Desk()
    judge(book, Shelf(), desk).apply(book.entries)

    assert desk.leads[EXPECTED].episode_start_ms == (NOON + 60) * MINUTE_MS
    assert not desk.leads[EXPECTED].late


def test_an_empty_journal_shows_an_empty_zone(book: Any) -> None:
    """Every area is there, without a level."""
    snapshot = judge(book, Shelf(), Desk()).apply([])

    assert set(snapshot.statuses) == {"site", "works", "laboratory"}
    assert snapshot.minute_ms == 0
    assert len(snapshot.latest_value) == 0


def test_a_lying_device_gets_its_ticket(book: Any) -> None:
    """What the checks open reaches the registry."""
    held = book.town.air
    book.town.air = lambda s, n, _m: -5.0 if (s, n) == ("m12", "pm10") else held(s, n, 0)
    book.day(range(10))
    desk = Desk()
    judge(book, Shelf(), desk).apply(book.entries)

    assert set(desk.tickets) == {("m12-d", "range")}


def test_a_backlog_from_before_the_first_checkpoint_is_stored_only(book: Any) -> None:
    """There is nothing to judge it from; the journal keeps it."""
    book.day(range(60, 80), cut=range(61, 70))
    shelf, desk = Shelf(), Desk()
    judge(book, shelf, desk).apply(book.entries)

    assert len(shelf.rows()) == 20 * len(book.town.streams)
    assert not any(lead.late for lead in desk.leads.values())
