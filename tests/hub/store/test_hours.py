"""Hourly means on disk: what was written is read, by others, while it is written; and nothing twice."""

from pathlib import Path

import numpy as np
import pytest

from hub.checks import Alarm
from hub.errors import StoreError
from hub.hourly import Hour, Judged
from hub.store.hours import HourReader, HourStore

STREAMS = (
    Judged(0, "m1", "m1-d", "pm2_5", 116.5, 39.8, 60.0),
    Judged(2, "m2", "m2-d", "pm2_5", 116.6, 39.8, 60.0),
)
T0 = 394_000
DRIFT = Alarm(T0 + 2, 2, "drift", 4.0, 3.0, 3.5, 3.0, 1.5, 1.25)
STUCK = Alarm(T0 + 1, 0, "stuck", 2.0, 3.0, 2.0, 3.0, 1.5, 1.25)


def hour(at: int, *means: float) -> Hour:
    """Return an hour with whole counts where there is a mean."""
    values = np.array(means, np.float32)
    return Hour(at, values, np.where(np.isnan(values), 0, 60).astype(np.uint8))


def test_what_is_kept_is_read_while_the_writer_is_open(tmp_path: Path) -> None:
    """Hours without holes: one that nobody closed is missing throughout; a stream that came later was missing."""
    store, reader = HourStore(tmp_path / "hours.sqlite"), HourReader(tmp_path / "hours.sqlite")
    store.keep(hour(T0, 1.5, np.nan), STREAMS[:1], (), 7)
    store.keep(hour(T0 + 2, 2.5, np.nan, 4.0), STREAMS, [DRIFT], 9)
    history = reader.history(*reader.span() or (0, 0))
    nan = np.nan

    assert (T0, STREAMS) == (history.first, reader.streams())
    assert np.array_equal([[1.5, nan, nan], [nan] * 3, [2.5, nan, 4.0]], history.means, equal_nan=True)
    assert np.array_equal([[60, 0, 0], [0, 0, 0], [60, 0, 60]], history.counts)
    assert [DRIFT] == reader.alarms(T0, T0 + 2)
    store.close()


def test_an_hour_that_is_written_again_changes_nothing(tmp_path: Path) -> None:
    """The journal was read from its beginning."""
    path = tmp_path / "hours.sqlite"
    held = []
    for _ in range(2):
        store = HourStore(path)
        for k in range(3):
            store.keep(hour(T0 + k, 1.0 + k), STREAMS[:1], [STUCK] if k == 1 else (), k)
        store.close()
        held.append((HourReader(path).history(T0, T0 + 2), HourReader(path).alarms(T0, T0 + 2)))

    assert np.array_equal(held[0][0].means, held[1][0].means)
    assert [STUCK] == held[0][1] == held[1][1]


def test_a_station_that_moved_has_no_past_at_its_new_place(tmp_path: Path) -> None:
    """Another period alone moves nothing."""
    store, reader = HourStore(tmp_path / "hours.sqlite"), HourReader(tmp_path / "hours.sqlite")
    moved = (STREAMS[0]._replace(period_s=30.0), STREAMS[1]._replace(longitude=116.9))
    store.keep(hour(T0, 1.0, np.nan, 1.0), STREAMS, (), 1)
    store.keep(hour(T0 + 1, 1.0, np.nan, 1.0), moved, (), 2)

    assert [[60, 0, 0], [60, 0, 60]] == reader.history(T0, T0 + 1).counts.tolist()
    assert moved == reader.streams()
    store.close()


def test_hours_that_the_journal_no_longer_knows_are_let_go(tmp_path: Path) -> None:
    """It was restored from a copy."""
    store, reader = HourStore(tmp_path / "hours.sqlite"), HourReader(tmp_path / "hours.sqlite")
    for k in range(3):
        store.keep(hour(T0 + k, 1.0), STREAMS[:1], [STUCK._replace(hour=T0 + k)], 10 * k)
    store.forget_after(10)

    assert (T0, T0 + 1) == reader.span()
    assert [T0, T0 + 1] == [alarm.hour for alarm in reader.alarms(T0, T0 + 5)]
    store.close()


def test_an_hour_of_5000_streams_takes_25_kb(tmp_path: Path) -> None:
    """A year 220 MB."""
    store = HourStore(tmp_path / "hours.sqlite")
    chance = np.random.default_rng(1)
    for k in range(40):
        store.keep(hour(T0 + k, *chance.random(5000)), STREAMS, (), k)
    store.close()

    assert (tmp_path / "hours.sqlite").stat().st_size < 40 * 29_000


def test_a_file_that_is_not_there_or_is_none_says_so(tmp_path: Path) -> None:
    """With its path."""
    with pytest.raises(StoreError, match=r"hours\.sqlite"):
        HourReader(tmp_path / "hours.sqlite").span()
    (tmp_path / "hours.sqlite").write_bytes(b"something else, and long enough to be looked at" * 40)
    with pytest.raises(StoreError, match=r"hours\.sqlite"):
        HourStore(tmp_path / "hours.sqlite")
