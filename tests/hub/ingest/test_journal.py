"""The journal on disk: what was committed is there after any end, in order, and cannot be changed unseen."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import JournalError
from hub.ingest.accept import Known, Position
from hub.ingest.days import DAY_MS, JournalReader, files
from hub.ingest.journal import Draft, Entry, Journal
from wire.batch import sha256

EVENING_MS = 16_000 * DAY_MS - 1000


def batch(seq: int, *, fresh: bool = True) -> Draft:
    """Return the entry of a batch before it is numbered."""
    return Draft("batch", "gw-east", 7, seq, b"envelope %d" % seq, sha256(b"%d" % seq), fresh, b"block %d" % seq)


def read(directory: Path, after_id: int = 0) -> list[Entry]:
    """Return what a reader sees."""
    with JournalReader(directory) as reader:
        return list(reader.entries(after_id))


def test_entries_are_read_as_they_were_appended(tmp_path: Path) -> None:
    """Numbered without holes, dated, every attribute kept."""
    with Journal(tmp_path) as journal:
        appended = journal.append_many([batch(1), Draft("tick", seq=60_000)], 1000)
        appended += journal.append_many([batch(2, fresh=False)], 2000)

    assert appended == read(tmp_path)
    assert [(1, 1000), (2, 1000), (3, 2000)] == [(entry.id, entry.received_ms) for entry in appended]


def test_clock_that_goes_back_does_not_take_the_journal_back(tmp_path: Path) -> None:
    """Received times never decrease, also across a restart and across midnight."""
    for now_ms in (EVENING_MS, EVENING_MS + 5000, EVENING_MS - DAY_MS, EVENING_MS + 6000):
        with Journal(tmp_path) as journal:
            journal.append_many([Draft("tick")], now_ms)

    offsets = [entry.received_ms - EVENING_MS for entry in read(tmp_path)]
    assert [0, 5000, 5000, 6000] == offsets


def test_each_day_has_its_file_and_the_chain_goes_through(tmp_path: Path) -> None:
    """Rolling over keeps numbers, chain and positions; finding an entry opens the right day."""
    moves = {("gw-east", 7): Position(7, 1, sha256(b"1"), (1,))}
    with Journal(tmp_path) as journal:
        journal.append_many([batch(1)], EVENING_MS, moves)
        journal.append_many([batch(2)], EVENING_MS + 2000)
        journal.append_many([Draft("tick", seq=5)], EVENING_MS + 3 * DAY_MS)
        expected = {"gw-east": Known({7: moves["gw-east", 7]}, sha256(b"1"))}

        assert expected == journal.known()

    names = [path.name for path in files(tmp_path)]
    assert ["journal-2013-10-21.sqlite", "journal-2013-10-22.sqlite", "journal-2013-10-24.sqlite"] == names
    assert [[1, 2, 3], [2, 3], [3], []] == [[entry.id for entry in read(tmp_path, after)] for after in range(4)]
    with JournalReader(tmp_path) as reader:
        assert reader.tip() == reader.verify()
    with Journal(tmp_path) as journal:
        assert expected == journal.known()
        assert journal.takings(batch(1), EVENING_MS) == [b"envelope 1"]
        assert journal.takings(batch(1), EVENING_MS + 2000) == []
        assert journal.takings(replace(batch(1), gateway="gw-west"), 0) == []
        assert journal.last_tick_ms() == 5


def test_reader_follows_a_writer_over_midnight(tmp_path: Path) -> None:
    """One reader sees what is committed after it was opened, and the next day's file once it is there."""
    with Journal(tmp_path) as journal, JournalReader(tmp_path) as reader:
        assert [] == list(reader.entries(0))
        for number, now_ms in enumerate((EVENING_MS, EVENING_MS + 500, EVENING_MS + 2000), 1):
            journal.append_many([batch(number)], now_ms)

            assert [number] == [entry.id for entry in reader.entries(number - 1)]


def test_only_the_kinds_asked_for_are_read(tmp_path: Path) -> None:
    """A start reads catalogues without reading all readings; the index is used."""
    with Journal(tmp_path) as journal:
        journal.append_many([batch(1, fresh=False), Draft("catalogue", "gw-east", 7, 2), Draft("tick")] * 300, 1000)
        with JournalReader(tmp_path) as reader:
            assert list(range(2, 900, 3)) == [entry.id for entry in reader.entries(0, ("catalogue",))]


def test_copy_of_the_directory_after_each_commit_opens_at_that_commit(tmp_path: Path) -> None:
    """A power cut after a commit loses nothing of it, on either side of midnight; position and entries agree."""
    live, cut = tmp_path / "live", tmp_path / "cut"
    with Journal(live) as journal:
        for seq in range(1, 9):
            moves = {("gw-east", 7): Position(7, seq, sha256(b"%d" % seq))}
            journal.append_many([batch(seq), Draft("tick")], EVENING_MS + 300 * seq, moves)
            shutil.copytree(live, cut)
            with Journal(cut) as restored, JournalReader(cut) as reader:
                assert journal.tip == restored.tip == reader.verify()
                assert Known({7: moves["gw-east", 7]}, sha256(b"%d" % seq)) == restored.known()["gw-east"]
                restored.append_many([batch(seq + 1)], EVENING_MS + 300 * seq)
                assert restored.tip == reader.verify()
            shutil.rmtree(cut)


@settings(max_examples=20)
@given(lost=st.integers(0, 60_000), filler=st.sampled_from([b"", b"\0"]))
def test_torn_write_ahead_log_opens_at_an_earlier_commit(
    tmp_path_factory: pytest.TempPathFactory, lost: int, filler: bytes
) -> None:
    """Whatever of the last writes did not reach the disk: whole groups are there or not, and the position is theirs."""
    directory = tmp_path_factory.mktemp("torn")
    live, cut = directory / "live", directory / "cut"
    with Journal(live) as journal:
        for seq in range(1, 6):
            journal.append_many([batch(seq), Draft("tick")], 1000, {("gw-east", 7): Position(7, seq, b"%d" % seq)})
        shutil.copytree(live, cut)
    log = next(cut.glob("*-wal"))
    kept = max(0, log.stat().st_size - lost)
    log.write_bytes(log.read_bytes()[:kept] + filler * lost)
    with Journal(cut) as restored, JournalReader(cut) as reader:
        assert restored.tip == reader.verify()
        batches = [entry.seq for entry in reader.entries(0) if entry.kind == "batch"]
        committed = restored.known().get("gw-east", Known()).at(7).seq
        assert list(range(1, committed + 1)) == batches


def test_group_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    """A body that is fresh twice on one day breaks the constraint: neither entries nor position of the group stay."""
    with Journal(tmp_path) as journal:
        journal.append_many([batch(1)], 1000)
        before = journal.tip
        with pytest.raises(sqlite3.IntegrityError):
            journal.append_many([batch(2), batch(1)], 1000, {("gw-east", 7): Position(7, 2, bytes(32))})

        assert before == journal.tip
        assert {} == journal.known()
        journal.append_many([batch(2)], 1000)
    with JournalReader(tmp_path) as reader:
        assert reader.verify().id == 2


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE entry SET envelope = x'00' WHERE id = 2",
        "UPDATE entry SET received_ms = 999 WHERE id = 2",
        "UPDATE entry SET fresh = 0 WHERE id = 2",
        "DELETE FROM entry WHERE id = 2",
        "UPDATE entry SET id = 9 WHERE id = 3",
    ],
)
def test_change_of_the_past_is_found(tmp_path: Path, tampering: str) -> None:
    """Changing, dating back or taking out an entry breaks the chain, and the answer names the entry."""
    with Journal(tmp_path) as journal:
        journal.append_many([batch(1), batch(2), batch(3)], 1000)
    with closing(sqlite3.connect(files(tmp_path)[0])) as file:
        file.execute(tampering)
        file.commit()

    with JournalReader(tmp_path) as reader, pytest.raises(JournalError, match=r"entry \d"):
        reader.verify()


def test_day_that_was_taken_out_is_found(tmp_path: Path) -> None:
    """A file that does not continue the one before it breaks the chain."""
    with Journal(tmp_path) as journal:
        for day in range(3):
            journal.append_many([batch(day)], EVENING_MS + day * DAY_MS)
    files(tmp_path)[1].unlink()

    with JournalReader(tmp_path) as reader, pytest.raises(JournalError, match="the day before"):
        reader.verify()


def test_file_without_a_layout_is_laid_out_at_the_next_commit(tmp_path: Path) -> None:
    """A power cut between making a day's file and laying it out leaves an empty file, which is nobody's loss."""
    with Journal(tmp_path) as journal:
        journal.append_many([batch(1)], EVENING_MS)
    (tmp_path / "journal-2013-10-22.sqlite").touch()

    with Journal(tmp_path) as journal:
        journal.append_many([batch(2)], EVENING_MS + 2000)
    assert [1, 2] == [entry.id for entry in read(tmp_path)]


def test_second_hub_on_one_directory_is_turned_away(tmp_path: Path) -> None:
    """Two writers would break the chain."""
    with Journal(tmp_path), pytest.raises(JournalError, match="another hub"):
        Journal(tmp_path)


def test_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """Opening fails with the file's name, and lets go of the directory."""
    (tmp_path / "journal-2013-10-22.sqlite").write_bytes(b"no database" * 1000)

    for _ in range(2):
        with pytest.raises(JournalError, match="journal-2013-10-22"):
            Journal(tmp_path)


def test_empty_journal_has_no_end_and_no_entries(tmp_path: Path) -> None:
    """A hub that starts for the first time finds nothing, and committing nothing makes no file."""
    with Journal(tmp_path) as journal, JournalReader(tmp_path) as reader:
        assert [] == journal.append_many([], 1000)
        assert (0, {}, 0) == (journal.tip.id, journal.known(), journal.last_tick_ms())
        assert reader.tip() == reader.verify() == journal.tip
