"""The embedded store: one DuckDB file.

Readings lie in the order of the journal. NaN is kept as NULL (that is how DuckDB takes a NaN from NumPy) and given back
as NaN. No primary key: the journal sees to it that nothing comes twice, and an index would cost more than all the rest.
"""

import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
from numpy.typing import NDArray

from hub.errors import StoreError
from hub.model import Columns, Datastream
from hub.store.store import Export

_SCHEMA: Final = """
    create table if not exists applied (entry_id bigint not null);
    insert into applied select 0 where not exists (from applied);
    create table if not exists datastream (
        row integer primary key, id varchar unique not null, station varchar not null, device varchar not null,
        property varchar not null, unit varchar not null, period_s double not null);
    create table if not exists reading (
        row integer not null, time_ms bigint not null, value double, flag utinyint not null,
        longitude double, latitude double, entry_id bigint not null);
"""
_COLUMNS: Final = "row, time_ms, value, flag, longitude, latitude"


class DuckStore:
    """A `Store` in one file.

    `insert`, `holds` and `datastreams` belong to one thread; the others may be called from any, each on its own cursor.

    Attributes:
        path: the file; DuckDB lays a write-ahead log beside it.
    """

    def __init__(self, path: Path, memory_limit_bytes: int | None = None) -> None:
        """Open or create the file.

        Args:
            path: the file.
            memory_limit_bytes: what DuckDB may use, default a quarter of the machine's memory.

        Raises:
            StoreError: the file cannot be opened, or another process has it.
        """
        self.path = path
        limit = memory_limit_bytes or os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": f"{limit}B",
            "enable_external_access": False,
            "autoinstall_known_extensions": False,
        }
        try:
            self._root = duckdb.connect(str(path), config=settings)
            self._root.execute(_SCHEMA)
        except duckdb.Error as error:
            raise StoreError(f"{path}: {error}; it can be rebuilt from the journal") from error
        self._lock = threading.Lock()
        self._writer = self._cursor()
        self._applied: int = self._writer.execute("select entry_id from applied").fetchall()[0][0]

    def datastreams(self, new: Sequence[Datastream]) -> None:
        """Keep the series that readings will refer to; see `Store.datastreams`."""
        for stream in new:
            mine = (stream.id, stream.station, stream.device, stream.property, stream.unit, stream.period_s)
            known = self._writer.execute(
                "select id, row, unit from datastream where row = ? or id = ?", [stream.row, stream.id]
            ).fetchall()
            if not known:
                self._writer.execute("insert into datastream values (?, ?, ?, ?, ?, ?, ?)", [stream.row, *mine])
            elif known != [(stream.id, stream.row, stream.unit)]:
                raise StoreError(f"{self.path}: row {stream.row} is {known}, not {stream.id} in {stream.unit}")

    def insert(self, columns: Columns, entry_id: int) -> None:
        """Keep readings up to a journal entry, in one transaction; see `Store.insert`."""
        if entry_id <= self._applied:
            return
        arrays = {name: getattr(columns, name) for name in _COLUMNS.split(", ")}
        try:
            self._writer.begin()
            if len(columns):
                self._writer.register("incoming", arrays)
                self._writer.execute(f"insert into reading select {_COLUMNS}, ? from incoming", [entry_id])  # noqa: S608
            self._writer.execute("update applied set entry_id = ?", [entry_id])
            self._writer.commit()
        except duckdb.Error as error:
            self._writer.rollback()
            raise StoreError(f"{self.path}: entry {entry_id}: {error}") from error
        finally:
            self._writer.unregister("incoming")
        self._applied = entry_id

    def holds(self, columns: Columns) -> NDArray[np.bool_]:
        """Return of which readings a row and time are kept already; see `Store.holds`."""
        held = np.zeros(len(columns), np.bool_)
        if not len(columns):
            return held
        # Without the span every row group would be read.
        span = [int(columns.time_ms.min()), int(columns.time_ms.max())]
        wanted = {"row": columns.row, "time_ms": columns.time_ms, "place": np.arange(len(columns))}
        query = "select distinct place from reading join wanted using (row, time_ms) where time_ms between ? and ?"
        try:
            self._writer.register("wanted", wanted)
            held[self._writer.execute(query, span).fetchnumpy()["place"]] = True
        except duckdb.Error as error:
            raise StoreError(f"{self.path}: {error}") from error
        finally:
            self._writer.unregister("wanted")
        return held

    def applied(self) -> int:
        """Return the last journal entry whose readings are kept, 0 for none."""
        return self._applied

    def series(self, rows: Sequence[int], from_ms: int, to_ms: int) -> Columns:
        """Return the readings of `rows` with from_ms <= time < to_ms, by row and then by time."""
        query = (
            f"from reading select {_COLUMNS} where row = any(?) and time_ms >= ? and time_ms < ? order by row, time_ms"
        )
        return _columns(self._cursor().execute(query, [list(rows), from_ms, to_ms]).fetchnumpy())

    def since(self, entry_id: int, limit: int) -> tuple[Columns, int]:
        """Return what came after a journal entry, and the last entry of it, for a mirror that follows.

        Entries are never cut: `limit` readings and those that share the last one's entry, or all that there are.
        """
        last = (
            self._cursor()
            .execute(
                "select max(e) from (from reading select entry_id e where e > ? order by e limit ?)", [entry_id, limit]
            )
            .fetchall()[0][0]
        )
        if last is None:
            return _columns({}), entry_id
        query = f"from reading select {_COLUMNS} where entry_id > ? and entry_id <= ?"
        return _columns(self._cursor().execute(query, [entry_id, last]).fetchnumpy()), int(last)

    def catalogue(self, from_row: int = 0) -> list[Datastream]:
        """Return the datastreams from a row on, by row."""
        query = "from datastream select id, row, station, device, property, unit, period_s where row >= ? order by row"
        return [Datastream(*row) for row in self._cursor().execute(query, [from_row]).fetchall()]

    def readings(self) -> Export:
        """Return everything, by row and then by time."""
        got = self._cursor().execute("from reading select row, time_ms, value order by row, time_ms").fetchnumpy()
        catalogue = self.catalogue()
        ids = np.array([stream.id for stream in catalogue], dtype=object)
        rows = np.array([stream.row for stream in catalogue], dtype=np.int32)
        return Export(ids[np.searchsorted(rows, got["row"])], got["time_ms"], _filled(got["value"]))

    def close(self) -> None:
        """Close the file."""
        self._writer.close()
        self._root.close()

    def _cursor(self) -> Any:
        with self._lock:
            return self._root.cursor()


def _filled(array: Any) -> NDArray[np.float64]:
    return np.ma.filled(array.astype(np.float64), np.nan)


def _columns(got: dict[str, Any]) -> Columns:
    none = np.zeros(0)
    return Columns(
        got.get("row", none.astype(np.int32)),
        got.get("time_ms", none.astype(np.int64)),
        _filled(got.get("value", none)),
        got.get("flag", none.astype(np.uint8)),
        _filled(got.get("longitude", none)),
        _filled(got.get("latitude", none)),
    )
