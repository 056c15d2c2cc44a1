"""The judge's thread: every entry once and in order, whatever one of them does to the judge."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from hub import judging
from hub.errors import StoreError
from hub.ingest.journal import Draft, Entry, Journal
from hub.judging import Judging
from hub.model import Snapshot

NOTHING = np.zeros(0)


class Disk:
    """What a judge keeps on disk, and what fails there."""

    def __init__(self, poison: int = 0, full_until: int = 0) -> None:
        self.kept: list[int] = []
        self.poison = poison
        self.full_for = full_until


class NumberJudge:
    """A judge that keeps the ids of entries; a chunk with the poisoned one is not kept at all."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self.after = disk.kept[-1] if disk.kept else 0

    def apply(self, entries: Sequence[Entry]) -> Snapshot:
        """Keep the entries, or fail as the disk says."""
        ids = [entry.id for entry in entries]
        if self._disk.poison in ids:
            raise ZeroDivisionError
        if self._disk.full_for:
            self._disk.full_for -= 1
            raise StoreError("no space left on device")
        self._disk.kept += ids
        self.after = ids[-1] if ids else self.after
        newest = max(self._disk.kept, default=0)
        return Snapshot(newest, {}, (), (), NOTHING, NOTHING.astype("i8"), NOTHING.astype("u1"), NOTHING, NOTHING)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Yield a journal of ten ticks."""
    with Journal(tmp_path) as journal:
        journal.append_many([Draft("tick")] * 10, 1000)
        yield journal


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a new judge begin at once."""
    monkeypatch.setattr(judging, "PAUSE_S", 0.0)


def follow(journal: Journal, disk: Disk, last: int) -> None:
    """Run the thread until entry `last` was shown."""
    shown = threading.Event()

    def show(snapshot: Snapshot) -> None:
        if snapshot.minute_ms >= last:
            shown.set()

    with Judging(journal.directory, lambda: NumberJudge(disk), show) as thread:
        journal.append_many([Draft("tick")], 2000)
        thread.ring()
        assert shown.wait(5)
        assert thread.alive


def test_entries_are_judged_in_order_as_they_come(journal: Journal) -> None:
    """Those that were there at the start and those that come later."""
    disk = Disk()
    follow(journal, disk, 11)

    assert list(range(1, 12)) == disk.kept


def test_next_start_goes_on_behind_what_is_kept(journal: Journal) -> None:
    """Nothing is judged a second time, nothing is left out."""
    disk = Disk()
    follow(journal, disk, 11)
    follow(journal, disk, 12)

    assert list(range(1, 13)) == disk.kept


def test_entry_that_cannot_be_judged_is_passed_over_alone(journal: Journal, caplog: pytest.LogCaptureFixture) -> None:
    """A new judge takes its place, the entries around it are judged, and the log names it."""
    disk = Disk(poison=5)
    follow(journal, disk, 11)

    assert [1, 2, 3, 4, 6, 7, 8, 9, 10, 11] == disk.kept
    assert "failed on entries 5 to 5" in caplog.text


def test_full_disk_is_waited_for(journal: Journal) -> None:
    """It is no entry's fault: the same entries are tried again until they are kept."""
    disk = Disk(full_until=3)
    follow(journal, disk, 11)

    assert list(range(1, 12)) == disk.kept
