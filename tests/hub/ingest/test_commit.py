"""The journal's thread: groups are committed before anything is told, and an end loses nothing that had arrived."""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from hub.errors import NotAuthentic
from hub.ingest.commit import WAITING, GroupCommit
from hub.ingest.days import JournalReader
from hub.ingest.intake import Arrival, Committed
from hub.ingest.journal import Draft, Entry, Journal
from hub.ingest.quarantine import Quarantine
from hub.ingest.receive import settle
from hub.ingest.tick import closing_minute_ms, tick


class Still:
    """A clock that stands still for every program, and sleeps at once until a last time."""

    def __init__(self, now_ms: int, last_ms: int = 0) -> None:
        self.now_ms = now_ms
        self.last_ms = last_ms

    def utc_ms(self) -> int:
        """Return the time."""
        return self.now_ms

    def monotonic_ms(self) -> int:
        """Return the time."""
        return self.now_ms

    def offset_ms(self) -> int:
        """Return UTC minus monotonic milliseconds."""
        return self.utc_ms() - self.monotonic_ms()

    def real_s(self, field_s: float) -> float:
        """Return no time at all."""
        return 0.0 * field_s

    async def sleep(self, field_s: float) -> None:
        """Let the time pass, up to the last."""
        self.now_ms += max(1, round(field_s * 1000))
        if self.now_ms > self.last_ms:
            raise TimeoutError


class FullOnce(Journal):
    """A journal whose disk is full for the first group."""

    full = True

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.failed = threading.Event()

    def append_many(self, drafts: Sequence[Draft], now_ms: int, moves: Any = None) -> list[Entry]:
        """Fail once, then commit."""
        if self.full:
            self.full = False
            self.failed.set()
            raise sqlite3.OperationalError("database or disk is full")
        return super().append_many(drafts, now_ms, moves)


def test_everything_that_arrived_is_committed_before_the_thread_ends(tmp_path: Path, gateway: Any, now_ms: int) -> None:
    """Groups come back in order; the last position is the last batch; what is told is on disk."""
    told: list[Committed] = []
    with Journal(tmp_path) as journal:
        commit = GroupCommit(journal, {gateway.id: gateway.key.verify_key}, Still(now_ms), told.append)
        for arrival in [gateway.catalogue(), *(gateway.readings() for _ in range(40)), Arrival("tick", minute_ms=5)]:
            assert commit.put(arrival)
        with commit:
            assert commit.alive
        assert commit.known[gateway.id].at(7).seq == 41
    with JournalReader(tmp_path) as reader:
        assert [entry for committed in told for entry in committed.entries] == list(reader.entries(0))
    assert told[-1].positions[gateway.id, 7].hash == gateway.previous


def test_full_disk_is_survived_and_nothing_of_it_is_acknowledged(
    tmp_path: Path, gateway: Any, now_ms: int, caplog: pytest.LogCaptureFixture
) -> None:
    """The group is dropped, its sender sends it again, and the loss is logged once."""
    told: queue.Queue[Committed] = queue.Queue()
    first = gateway.catalogue()
    with FullOnce(tmp_path) as journal:
        commit = GroupCommit(journal, {gateway.id: gateway.key.verify_key}, Still(now_ms), told.put)
        commit.put(first)
        with commit:
            assert journal.failed.wait(5)
            commit.put(first)

    assert "nothing is acknowledged until" in caplog.text
    assert told.get_nowait().positions[gateway.id, 7].seq == 1
    assert told.empty()


def test_too_many_waiting_are_left_to_their_senders(tmp_path: Path, gateway: Any, now_ms: int) -> None:
    """Memory is bounded: what finds no room is not taken, and comes again."""
    with Journal(tmp_path) as journal:
        commit = GroupCommit(journal, {}, Still(now_ms), lambda _: None)
        taken = [commit.put(Arrival("tick")) for _ in range(WAITING + 1)]

    assert [True] * WAITING + [False] == taken


def test_minute_closes_when_its_grace_is_over() -> None:
    """Minute m closes at m + 60 s + grace, not a millisecond earlier."""
    assert [-60_000, 0, 0, 60_000] == [
        closing_minute_ms(now_ms, 30_000) for now_ms in (89_999, 90_000, 149_999, 150_000)
    ]


def test_every_minute_is_ticked_once_and_a_pause_with_one_tick() -> None:
    """After a start long after the last tick one tick stands for the pause; a tick that finds no room comes again."""
    clock, arrivals = Still(1_000_000_000, 1_000_000_000 + 200_000), [Arrival("tick")]
    rooms = iter([True, False, True, True, True])

    def put(arrival: Arrival) -> bool:
        if taken := next(rooms):
            arrivals.append(arrival)
        return taken

    with pytest.raises(TimeoutError):
        asyncio.run(tick(clock, 30.0, 60_000, put))

    first = closing_minute_ms(1_000_000_000, 30_000)
    assert [first, first + 60_000, first + 120_000, first + 180_000] == [arrival.minute_ms for arrival in arrivals[1:]]


def test_quarantine_keeps_bytes_and_reason_and_stays_bounded(tmp_path: Path) -> None:
    """The oldest make room; a name that no gateway can have names no file; a restart goes on counting."""
    for _ in range(2):
        quarantine = Quarantine(tmp_path, most=20)
        for number in range(15):
            quarantine.put(NotAuthentic("../gw", f"reason {number}"), b"bytes %d" % number)

    stems = sorted(path.stem for path in tmp_path.glob("*.bin"))
    assert stems == sorted(path.stem for path in tmp_path.glob("*.txt"))
    assert 15 < len(stems) <= 20
    assert stems[-1] == "00000030-unknown"
    assert (tmp_path / f"{stems[-1]}.bin").read_bytes() == b"bytes 14"
    assert "reason 14" in (tmp_path / f"{stems[-1]}.txt").read_text(encoding="utf-8")


def test_what_is_not_taken_as_good_is_kept_and_logged(
    tmp_path: Path, hub: Any, gateway: Any, now_ms: int, caplog: pytest.LogCaptureFixture
) -> None:
    """A person finds both: the stranger's envelope in the quarantine, the refused batch in the log."""
    committed = hub.intake.take([gateway.readings(), Arrival("batch", "gw-none", b"noise")], now_ms)
    settle(committed, Quarantine(tmp_path / "quarantine"))

    assert (tmp_path / "quarantine" / "00000001-gw-none.bin").read_bytes() == b"noise"
    assert "batch 1 of gw-east: epoch 7 has brought no catalogue" in caplog.text
