"""The embedded store."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from hub.errors import StoreError
from hub.model import Columns, Datastream
from hub.store import DuckStore


def stream(row: int, unit: str = "ug/m3") -> Datastream:
    """Return a datastream of PM10."""
    return Datastream(f"micro-{row:03}/pm-{row:03}/pm10", row, f"micro-{row:03}", f"pm-{row:03}", "pm10", unit, 60.0)


def columns(rows: list[int], times: list[int], values: list[float]) -> Columns:
    """Return columns without positions."""
    n = len(rows)
    nowhere = np.full(n, np.nan)
    return Columns(
        np.array(rows, np.int32),
        np.array(times, np.int64),
        np.array(values, np.float64),
        np.full(n, 2, np.uint8),
        nowhere,
        nowhere,
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckStore]:
    """Return an empty store."""
    opened = DuckStore(tmp_path / "hot.duckdb")
    yield opened
    opened.close()


def test_readings_come_back_as_sent(store: DuckStore) -> None:
    """Values, flags and positions are given back unchanged, by row and then by time."""
    sent = columns([1, 0, 0], [3000, 2000, 1000], [1.5, -0.0, 1e-300])
    store.insert(sent, 7)

    got = store.series([0, 1], 0, 10_000)

    assert got.row.tolist() == [0, 0, 1]
    assert got.time_ms.tolist() == [1000, 2000, 3000]
    assert got.value.tolist() == [1e-300, -0.0, 1.5]
    assert [got.row.dtype, got.time_ms.dtype, got.flag.dtype] == [np.int32, np.int64, np.uint8]
    assert np.isnan(got.longitude).all()


def test_missing_value_comes_back_as_nan(store: DuckStore) -> None:
    """A reading without a value is kept, its value NaN."""
    store.insert(columns([0, 0], [1, 2], [np.nan, np.inf]), 1)

    value = store.series([0], 0, 10).value

    assert np.isnan(value[0])
    assert value[1] == np.inf


def test_series_excludes_its_end(store: DuckStore) -> None:
    """The span is half open, so that neighbouring spans neither share nor lose a reading."""
    store.insert(columns([0, 0, 0], [1, 2, 3], [1.0, 2.0, 3.0]), 1)

    assert store.series([0], 1, 3).time_ms.tolist() == [1, 2]


def test_series_of_nothing_is_empty(store: DuckStore) -> None:
    """No rows, or rows without readings, give columns of length 0."""
    assert [len(store.series([], 0, 9)), len(store.series([4], 0, 9))] == [0, 0]


def test_entry_applied_already_changes_nothing(store: DuckStore) -> None:
    """A replay that begins too early doubles nothing."""
    store.insert(columns([0], [1], [1.0]), 5)
    store.insert(columns([0], [1], [1.0]), 5)
    store.insert(columns([0], [1], [1.0]), 4)

    assert [len(store.series([0], 0, 9)), store.applied()] == [1, 5]


def test_insert_of_no_readings_moves_the_position(store: DuckStore) -> None:
    """A catalogue or a void has no readings, but it is applied."""
    store.insert(columns([], [], []), 3)

    assert store.applied() == 3


def test_position_and_readings_survive_a_reopening(tmp_path: Path) -> None:
    """What `insert` returned from is on disk."""
    first = DuckStore(tmp_path / "hot.duckdb")
    first.datastreams([stream(0)])
    first.insert(columns([0], [1], [1.0]), 5)
    first.close()
    second = DuckStore(tmp_path / "hot.duckdb")

    assert [second.applied(), len(second.series([0], 0, 9)), second.catalogue()] == [5, 1, [stream(0)]]
    second.close()


def test_failed_insert_leaves_nothing(store: DuckStore) -> None:
    """Rows and position go together: after an error neither has moved."""
    bad = columns([0, 0], [1, 2], [1.0, 2.0])
    torn = Columns(bad.row, bad.time_ms[:1], bad.value, bad.flag, bad.longitude, bad.latitude)
    with pytest.raises(StoreError):
        store.insert(torn, 1)

    assert [store.applied(), len(store.series([0], 0, 9))] == [0, 0]
    store.insert(bad, 1)
    assert len(store.series([0], 0, 9)) == 2


def test_datastream_told_twice_is_kept_once(store: DuckStore) -> None:
    """A replay tells the catalogue again."""
    store.datastreams([stream(0), stream(1)])
    store.datastreams([stream(1), stream(2)])

    assert store.catalogue() == [stream(0), stream(1), stream(2)]


def test_datastream_with_another_meaning_is_refused(store: DuckStore) -> None:
    """A row or an id never changes its meaning: earlier readings would be read in the wrong unit."""
    store.datastreams([stream(0)])

    with pytest.raises(StoreError):
        store.datastreams([stream(0, "mg/m3")])


def test_export_names_each_reading_by_its_datastream(store: DuckStore) -> None:
    """The export carries ids, not rows: it is compared with a ledger that knows no rows."""
    store.datastreams([stream(3), stream(1)])
    store.insert(columns([3, 1], [1, 2], [30.0, np.nan]), 1)

    export = store.readings()

    assert export.datastream.tolist() == [stream(1).id, stream(3).id]
    assert export.time_ms.tolist() == [2, 1]
    assert np.isnan(export.value[0])


def test_since_gives_whole_entries_in_turn(store: DuckStore) -> None:
    """A follower that asks from where it stopped sees everything once and no entry cut in two."""
    for entry in range(1, 6):
        store.insert(columns([0, 0], [entry * 10, entry * 10 + 1], [1.0, 1.0]), entry)

    first, place = store.since(0, 3)
    second, end = store.since(place, 100)

    assert [len(first), place, len(second), end] == [4, 2, 6, 5]
    assert store.since(end, 100)[1] == 5


def test_file_that_is_no_store_is_named(tmp_path: Path) -> None:
    """The error says which file, and that it can be rebuilt."""
    path = tmp_path / "hot.duckdb"
    path.write_bytes(b"something else" * 1000)

    with pytest.raises(StoreError, match=r"hot\.duckdb"):
        DuckStore(path)


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.8, 0.999])
def test_torn_log_leaves_whole_entries(store: DuckStore, tmp_path: Path, kept: float) -> None:
    """After a power cut in the middle of writing, readings and position still say the same."""
    for entry in range(1, 6):
        store.insert(columns([0, 0], [entry * 10, entry * 10 + 1], [1.0, 1.0]), entry)
    log = (tmp_path / "hot.duckdb.wal").read_bytes()
    (tmp_path / "copy.duckdb").write_bytes((tmp_path / "hot.duckdb").read_bytes())
    (tmp_path / "copy.duckdb.wal").write_bytes(log[: int(len(log) * kept)])
    copy = DuckStore(tmp_path / "copy.duckdb")

    assert copy.applied() < 5
    assert len(copy.series([0], 0, 100)) == 2 * copy.applied()
    copy.close()
