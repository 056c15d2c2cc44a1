"""The journal's files: SQLite, one for each UTC day, and how to read them."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

from hub.errors import JournalError
from hub.ingest.entry import Entry, EntryKind, link

DAY_MS: Final = 86_400_000
CHUNK: Final = 128
_COLUMNS: Final = "id, received_ms, kind, gateway, epoch, seq, envelope, body_hash, fresh, block, known_rows"


class Tip(NamedTuple):
    """The end of the chain: id and received_ms of the last entry, and its chain hash; zeros before the first."""

    id: int = 0
    received_ms: int = 0
    chain: bytes = bytes(32)


def path_of(directory: Path, received_ms: int) -> Path:
    """Return the file that holds the UTC day of `received_ms`."""
    return directory / f"journal-{datetime.fromtimestamp(received_ms / 1000, UTC):%Y-%m-%d}.sqlite"


def day_of(path: Path) -> int:
    """Return the UTC day of a file, counted from 1970."""
    day = datetime.strptime(path.stem.removeprefix("journal-"), "%Y-%m-%d").replace(tzinfo=UTC)
    return int(day.timestamp() * 1000) // DAY_MS


def files(directory: Path) -> list[Path]:
    """Return the journal's files, oldest first."""
    return sorted(directory.glob("journal-????-??-??.sqlite"))


def open_read_only(path: Path) -> sqlite3.Connection:
    """Return a connection that cannot write; any thread may use it, one at a time."""
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
    )


def head_of(file: sqlite3.Connection) -> Tip | None:
    """Return what stood before a file's first entry, None when a power cut came before the file was laid out."""
    if file.execute("SELECT 1 FROM sqlite_schema WHERE name = 'head'").fetchone() is None:
        return None
    row = file.execute("SELECT id, received_ms, chain FROM head").fetchone()
    return None if row is None else Tip(*row)


def tip_of(file: sqlite3.Connection) -> Tip | None:
    """Return the end of the chain as a file has it, None when the file was never laid out."""
    row = file.execute("SELECT id, received_ms, chain FROM entry ORDER BY id DESC LIMIT 1").fetchone()
    return head_of(file) if row is None else Tip(*row)


class JournalReader:
    """Reads the journal while another thread or process writes it; belongs to one thread at a time."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._open: dict[Path, tuple[sqlite3.Connection, Tip]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file, _ in self._open.values():
            file.close()
        self._open.clear()

    def entries(self, after_id: int, kinds: Sequence[EntryKind] = ()) -> Iterator[Entry]:
        """Yield what is committed after an entry, in order, to the present end.

        Args:
            after_id: the id of the last entry that is not wanted, 0 for all.
            kinds: only these, when any is given.
        """
        for path in self._files_after(after_id):
            if (opened := self._file(path)) is None:
                return
            for chunk in self._chunks(opened[0], after_id, kinds):
                yield from chunk

    def tip(self) -> Tip:
        """Return the present end of the chain."""
        for path in reversed(files(self._directory)):
            opened = self._file(path)
            tip = opened and tip_of(opened[0])
            if tip:
                return tip
        return Tip()

    def verify(self) -> Tip:
        """Recompute the whole chain and return its end.

        Raises:
            JournalError: an entry was changed, taken out or put in; it names file and entry.
        """
        tip: Tip | None = None
        for path in files(self._directory):
            with closing(open_read_only(path)) as file:
                head = head_of(file)
                if head is None:
                    continue
                if tip is not None and head != tip:
                    raise JournalError(path.name, head.id, "does not continue the day before")
                tip = _verify(path, file, head)
        return tip or Tip()

    def _files_after(self, after_id: int) -> list[Path]:
        listed = files(self._directory)
        for position in range(len(listed) - 1, 0, -1):
            opened = self._file(listed[position])
            if opened is not None and opened[1].id <= after_id:
                return listed[position:]
        return listed

    def _file(self, path: Path) -> tuple[sqlite3.Connection, Tip] | None:
        if path not in self._open:
            file = open_read_only(path)
            head = self._head(path, file)
            if head is None:
                file.close()
                return None
            self._open[path] = file, head
        return self._open[path]

    @staticmethod
    def _head(path: Path, file: sqlite3.Connection) -> Tip | None:
        try:
            return head_of(file)
        except sqlite3.OperationalError:
            raise  # the disk's or a writer's matter: it passes
        except sqlite3.DatabaseError as error:
            file.close()
            raise JournalError(path.name, 0, str(error)) from error

    def _chunks(self, file: sqlite3.Connection, after_id: int, kinds: Sequence[EntryKind]) -> Iterator[list[Entry]]:
        # Chunk by chunk, so that no read transaction stays open and keeps the write-ahead log from being taken in.
        # The kinds stand in the text, as the index of catalogues is chosen before parameters are bound.
        wanted = f"AND ({' OR '.join(f'kind = {kind!r}' for kind in kinds)})" if kinds else ""
        query = f"SELECT {_COLUMNS} FROM entry WHERE id > ? {wanted} ORDER BY id LIMIT {CHUNK}"  # noqa: S608  # no text from outside
        while rows := file.execute(query, (after_id,)).fetchall():
            yield [_entry(row) for row in rows]
            after_id = rows[-1][0]


def _entry(row: tuple[int, int, EntryKind, str, int, int, bytes, bytes, int, bytes, int]) -> Entry:
    return Entry(*row[:8], bool(row[8]), *row[9:])


def _verify(path: Path, file: sqlite3.Connection, tip: Tip) -> Tip:
    query = f"SELECT {_COLUMNS}, chain FROM entry ORDER BY id"  # noqa: S608  # no text from outside
    for *row, chain in file.execute(query):
        entry = _entry(tuple(row))
        if entry.id != tip.id + 1 or entry.received_ms < tip.received_ms or link(tip.chain, entry) != chain:
            raise JournalError(path.name, entry.id, "does not follow from the entry before")
        tip = Tip(entry.id, entry.received_ms, chain)
    return tip
