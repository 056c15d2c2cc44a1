"""Hourly means of the streams that neighbours judge, and what was announced: one SQLite file beside the journal.

The judge's thread writes it; other processes may read at the same time. It follows from the journal, and writing the
same hour again changes nothing.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.checks import Alarm
from hub.errors import StoreError
from hub.hourly import Hour, Judged

HOURS: Final = "hours.sqlite"
_SCHEMA: Final = """
    CREATE TABLE IF NOT EXISTS hour (
        hour    INTEGER PRIMARY KEY, -- since 1970
        entry   INTEGER NOT NULL,    -- of the journal, that closed it
        streams INTEGER NOT NULL,
        means   BLOB    NOT NULL,    -- float32 little-endian, by datastream row
        counts  BLOB    NOT NULL     -- uint8
    ) STRICT;
    CREATE TABLE IF NOT EXISTS stream (
        row INTEGER PRIMARY KEY, station TEXT NOT NULL, device TEXT NOT NULL, property TEXT NOT NULL,
        longitude REAL NOT NULL, latitude REAL NOT NULL, period_s REAL NOT NULL,
        since INTEGER NOT NULL -- first hour at this place
    ) STRICT;
    CREATE TABLE IF NOT EXISTS alarm (
        hour INTEGER NOT NULL, row INTEGER NOT NULL, kind TEXT NOT NULL,
        value REAL, nearby REAL, mean REAL, mean_nearby REAL, score REAL NOT NULL, "limit" REAL NOT NULL,
        PRIMARY KEY (hour, row)
    ) STRICT, WITHOUT ROWID;
"""
_STREAMS: Final = "SELECT row, station, device, property, longitude, latitude, period_s FROM stream ORDER BY row"
_PLACES: Final = "SELECT row, longitude, latitude, since FROM stream"


class History(NamedTuple):
    """Hours without holes.

    Attributes:
        first: hour since 1970.
        means: float32[t, n], canonical unit, by datastream row; NaN where nothing was measured, or elsewhere.
        counts: uint8[t, n], of how many minutes.
    """

    first: int
    means: NDArray[np.float32]
    counts: NDArray[np.uint8]

    @classmethod
    def nothing(cls, first: int) -> "History":
        """Return no hours."""
        return cls(first, np.zeros((0, 0), np.float32), np.zeros((0, 0), np.uint8))


class HourStore:
    """The writing half; belongs to one thread."""

    def __init__(self, path: Path) -> None:
        """Open or create the file.

        Raises:
            StoreError: it cannot be opened.
        """
        self._path = path
        self._listed: tuple[Judged, ...] = ()
        with self._errors():
            self._file = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._file.execute("PRAGMA journal_mode = WAL")
            # The judge's memory does not read the journal again for what is here.
            self._file.execute("PRAGMA synchronous = FULL")
            self._file.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def forget_after(self, entry: int) -> None:
        """Let go of hours that later entries closed: the journal was restored from a copy and does not know them."""
        with self._errors(), self._transaction():
            self._file.execute("DELETE FROM alarm WHERE hour IN (SELECT hour FROM hour WHERE entry > ?)", (entry,))
            self._file.execute("DELETE FROM hour WHERE entry > ?", (entry,))

    def keep(self, hour: Hour, streams: tuple[Judged, ...], alarms: Sequence[Alarm], entry: int) -> None:
        """Keep an hour in one transaction, in place of what was kept of it.

        Args:
            hour: its means.
            streams: that neighbours judge, by row.
            alarms: of this hour.
            entry: of the journal, that closed it.

        Raises:
            StoreError: nothing of it is kept.
        """
        blobs = hour.means.astype("<f4").tobytes(), hour.counts.tobytes()
        with self._errors(), self._transaction():
            if streams is not self._listed:
                self._list(streams, hour.hour)
            self._file.execute(
                "INSERT OR REPLACE INTO hour VALUES (?, ?, ?, ?, ?)", (hour.hour, entry, len(hour.means), *blobs)
            )
            self._file.execute("DELETE FROM alarm WHERE hour = ?", (hour.hour,))
            self._file.executemany("INSERT INTO alarm VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", alarms)
        self._listed = streams

    def _list(self, streams: Sequence[Judged], hour: int) -> None:
        places = {row: (at, since) for row, *at, since in self._file.execute(_PLACES)}
        rows = []
        for stream in streams:
            at, since = places.get(stream.row, ([], hour))
            rows.append((*stream, since if at == [stream.longitude, stream.latitude] else hour))
        self._file.executemany("INSERT OR REPLACE INTO stream VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._file.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._file.execute("ROLLBACK")
            raise
        self._file.execute("COMMIT")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(f"{self._path}: {error}") from error


class HourReader:
    """The reading half, from any process and thread, while the hub writes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def exists(self) -> bool:
        """Return whether there is a file: a hub that has not seen the end of an hour has none."""
        return self._path.exists()

    def span(self) -> tuple[int, int] | None:
        """Return the first and the last hour that are kept, None when there is none.

        Raises:
            StoreError: there is no file, or it cannot be read.
        """
        with self._open() as file:
            first, last = file.execute("SELECT min(hour), max(hour) FROM hour").fetchone()
        return None if first is None else (int(first), int(last))

    def streams(self) -> tuple[Judged, ...]:
        """Return the datastreams that neighbours judge, by row."""
        with self._open() as file:
            rows = file.execute(_STREAMS).fetchall()
        return tuple(Judged(*row) for row in rows)

    def history(self, first: int, last: int) -> History:
        """Return the hours from `first` to `last`, both included; before a station came to its place, nothing."""
        with self._open() as file:
            since = dict(file.execute("SELECT row, since FROM stream").fetchall())
            rows = file.execute("SELECT * FROM hour WHERE hour BETWEEN ? AND ?", (first, last)).fetchall()
        n = max([row[2] for row in rows], default=0)
        means = np.full((last - first + 1, n), np.nan, np.float32)
        counts = np.zeros((last - first + 1, n), np.uint8)
        for hour, _, streams, mean, count in rows:
            means[hour - first, :streams] = np.frombuffer(mean, "<f4")
            counts[hour - first, :streams] = np.frombuffer(count, np.uint8)
        began = np.array([since.get(row, first) for row in range(n)])
        counts[np.arange(first, last + 1)[:, None] < began] = 0
        return History(first, means, counts)

    def alarms(self, first: int, last: int) -> list[Alarm]:
        """Return what was announced from `first` to `last`, both included, by hour and row."""
        query = "SELECT * FROM alarm WHERE hour BETWEEN ? AND ? ORDER BY hour, row"
        with self._open() as file:
            rows = file.execute(query, (first, last)).fetchall()
        return [Alarm(*row[:3], *(np.nan if number is None else number for number in row[3:])) for row in rows]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        uri = f"{self._path.absolute().as_uri()}?mode=ro"
        try:
            with closing(sqlite3.connect(uri, uri=True)) as file:
                yield file
        except sqlite3.Error as error:
            raise StoreError(f"{self._path}: {error}") from error
