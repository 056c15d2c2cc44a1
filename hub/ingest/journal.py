"""The journal: what the hub acknowledges is here first, on disk.

SQLite with a write-ahead log and `synchronous=FULL`, a file a UTC day, one transaction a group of entries.
"""

import fcntl
import os
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.resources import files as resources
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Final, Self

import msgspec

from hub.errors import JournalError
from hub.ingest.accept import Known, Position
from hub.ingest.days import DAY_MS, Tip, day_of, files, head_of, path_of, tip_of
from hub.ingest.entry import Draft, Entry, link

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Draft", "Entry", "Journal"]

_SCHEMA: Final = resources("hub.ingest").joinpath("schema.sql")
_INSERT: Final = "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_MOVE: Final = "INSERT OR REPLACE INTO position VALUES (?, ?, ?, ?, ?, ?)"
# No outbox has more copies than this: who signs ever more bodies for one block must not make the journal ever slower.
LIVES: Final = 32
_TAKINGS: Final = """
    SELECT envelope FROM entry WHERE gateway = ? AND block = ? AND fresh AND length(block) > 0
    ORDER BY body_hash = ? DESC, id LIMIT ?
"""
_POSITIONS: Final = "SELECT * FROM position ORDER BY entry"


class Journal:
    """The only writer of a journal directory; belongs to one thread at a time.

    Attributes:
        directory: of its files.
    """

    def __init__(self, directory: Path) -> None:
        """Open the journal where it was left, whatever a power cut left of the last transaction.

        Raises:
            JournalError: another hub writes it, or it is not a journal.
        """
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self._lock = _lock(directory)
        self._day = -1
        self._files: dict[int, sqlite3.Connection] = {}
        self._paths = files(directory)
        self._tip = Tip()
        try:
            self._resume()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def tip(self) -> Tip:
        """The last entry that is committed."""
        return self._tip

    def close(self) -> None:
        """Close all files and let another hub write."""
        for file in self._files.values():
            file.close()
        self._files.clear()
        self._lock.close()

    def append_many(
        self, drafts: Sequence[Draft], now_ms: int, moves: Mapping[tuple[str, int], Position] | None = None
    ) -> list[Entry]:
        """Commit a group and the positions that it moves in one transaction; on disk when this returns.

        Args:
            drafts: what to append, in order.
            now_ms: field time, UTC milliseconds; where it lies before the last entry, that entry's time is taken.
            moves: by (gateway, epoch).

        Raises:
            sqlite3.Error: nothing of the group is committed.
        """
        if not drafts:
            return []
        received_ms = max(now_ms, self._tip.received_ms)
        file = self._writable(received_ms)
        entries = [_number(draft, self._tip.id + i, received_ms) for i, draft in enumerate(drafts, 1)]
        tip, rows = self._tip, []
        for entry in entries:
            tip = Tip(entry.id, received_ms, link(tip.chain, entry))
            rows.append(_row(entry, tip.chain))
        with _transaction(file):
            file.executemany(_INSERT, rows)
            file.executemany(_MOVE, _moves(moves or {}, entries))
        self._tip = tip
        return entries

    def takings(self, draft: Draft, since_ms: int) -> list[bytes]:
        """Return the envelopes that brought something fresh of a draft's block since the UTC day of `since_ms`.

        One with the same body is among them if there is any; of others, no more than LIVES a day.
        """
        sought, since_day = (draft.gateway, draft.block, draft.body_hash, LIVES), since_ms // DAY_MS
        return [
            envelope
            for day, path in self._days()
            if day >= since_day
            for (envelope,) in self._file(day, path).execute(_TAKINGS, sought)
        ]

    def known(self) -> dict[str, Known]:
        """Return what is committed of every gateway."""
        gateways: dict[str, Known] = {}
        newest = self._files.get(self._day)
        for gateway, epoch, seq, digest, refused, _ in newest.execute(_POSITIONS) if newest else ():
            position = Position(epoch, seq, digest, msgspec.msgpack.decode(refused, type=tuple[int, ...]))
            gateways[gateway] = gateways.get(gateway, Known()).moved(position)
        return gateways

    def last_tick_ms(self) -> int:
        """Return the newest minute that was ever ticked, 0 for none."""
        query = "SELECT seq FROM entry WHERE kind = 'tick' ORDER BY id DESC LIMIT 1"
        for day, path in self._days():
            if (row := self._file(day, path).execute(query).fetchone()) is not None:
                return int(row[0])
        return 0

    def _days(self) -> list[tuple[int, Path]]:
        """Return all days that are laid out and their files, newest first."""
        return [(day, path) for path in reversed(self._paths) if (day := day_of(path)) <= self._day]

    def _file(self, day: int, path: Path) -> sqlite3.Connection:
        if day not in self._files:
            self._files[day] = _open(path)
        return self._files[day]

    def _resume(self) -> None:
        for path in reversed(self._paths):
            try:
                file = _open(path)
                tip = head_of(file) and tip_of(file)
            except sqlite3.DatabaseError as error:
                raise JournalError(path.name, 0, str(error)) from error
            if tip:
                self._day, self._tip = day_of(path), tip
                self._files[self._day] = file
                return
            file.close()

    def _writable(self, received_ms: int) -> sqlite3.Connection:
        day = received_ms // DAY_MS
        if day > self._day:
            path = path_of(self.directory, received_ms)
            file = self._file(day, path)
            newest = self._files.get(self._day)
            _lay_out(file, self._tip, newest.execute(_POSITIONS).fetchall() if newest else [])
            _sync_directory(self.directory)
            if newest:
                newest.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._paths = files(self.directory)
            self._day = day
        return self._files[self._day]


def _open(path: Path) -> sqlite3.Connection:
    file = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    file.execute("PRAGMA journal_mode = WAL")
    file.execute("PRAGMA synchronous = FULL")
    return file


def _lay_out(file: sqlite3.Connection, tip: Tip, positions: Sequence[tuple[object, ...]]) -> None:
    with _transaction(file):
        for statement in _SCHEMA.read_text().split(";\n"):
            file.execute(statement)
        file.execute("INSERT INTO head VALUES (?, ?, ?)", tip)
        file.executemany(_MOVE, positions)


@contextmanager
def _transaction(file: sqlite3.Connection) -> "Iterator[None]":
    file.execute("BEGIN IMMEDIATE")
    try:
        yield
        file.execute("COMMIT")
    except BaseException:
        # A full disk may have rolled back by itself already.
        with suppress(sqlite3.OperationalError):
            file.execute("ROLLBACK")
        raise


def _number(draft: Draft, number: int, received_ms: int) -> Entry:
    return Entry(
        number,
        received_ms,
        draft.kind,
        draft.gateway,
        draft.epoch,
        draft.seq,
        draft.envelope,
        draft.body_hash,
        draft.fresh,
        draft.block,
        draft.known_rows,
    )


def _row(entry: Entry, chain: bytes) -> tuple[object, ...]:
    return (
        entry.id,
        entry.received_ms,
        entry.kind,
        entry.gateway,
        entry.epoch,
        entry.seq,
        entry.envelope,
        entry.body_hash,
        entry.fresh,
        entry.block,
        entry.known_rows,
        chain,
    )


def _moves(moves: Mapping[tuple[str, int], Position], entries: Sequence[Entry]) -> list[tuple[object, ...]]:
    last = {(entry.gateway, entry.epoch): entry.id for entry in entries}
    return [
        (gateway, epoch, to.seq, to.hash, msgspec.msgpack.encode(to.refused), last[gateway, epoch])
        for (gateway, epoch), to in moves.items()
    ]


def _lock(directory: Path) -> IO[bytes]:
    lock = (directory / "lock").open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise JournalError("lock", 0, "another hub writes this journal") from error
    return lock


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
