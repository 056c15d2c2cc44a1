"""The ledger comparison finds exactly what a fault took away or doubled."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quietwatch.demo.ledger import Outage, Readings, compare, read_ledger

pytestmark = pytest.mark.component

TOLERANCE_MS = 5_000


def readings(rows: list[tuple[str, int, float]]) -> Readings:
    """Return rows of (series, time, value) as arrays."""
    return Readings(
        np.array([row[0] for row in rows], dtype=np.str_),
        np.array([row[1] for row in rows], dtype=np.int64),
        np.array([row[2] for row in rows], dtype=np.float64),
    )


MADE = st.lists(
    st.tuples(st.sampled_from(["a/pm10", "b/pm10", "b/no2"]), st.integers(0, 400), st.integers(0, 3)), max_size=60
).map(lambda rows: [(name, slot * 60_000, float(value)) for name, slot, value in sorted(set(rows))])


@given(made=MADE, waits=st.lists(st.integers(0, TOLERANCE_MS), min_size=60, max_size=60), seed=st.randoms())
def test_everything_that_arrives_late_and_in_any_order_is_found(
    made: list[tuple[str, int, float]], waits: list[int], seed: object
) -> None:
    """Latency within the tolerance and shuffling lose nothing and double nothing."""
    kept = [(name, time + wait, value) for (name, time, value), wait in zip(made, waits, strict=False)]
    seed.shuffle(kept)  # type: ignore[attr-defined]

    result = compare(readings(made), readings(kept), TOLERANCE_MS)

    assert (0, 0, len(made)) == (result.lost, result.duplicates, result.stored)


@given(made=MADE.filter(bool), dropped=st.data())
def test_as_many_are_lost_as_were_dropped(made: list[tuple[str, int, float]], dropped: st.DataObject) -> None:
    """Each reading that the store lacks is counted once."""
    gone = dropped.draw(st.sets(st.integers(0, len(made) - 1)))
    kept = [row for index, row in enumerate(made) if index not in gone]

    result = compare(readings(made), readings(kept), TOLERANCE_MS)

    assert (len(gone), 0) == (result.lost, result.duplicates)


@given(made=MADE.filter(bool), twice=st.data())
def test_as_many_are_doubled_as_were_stored_twice(made: list[tuple[str, int, float]], twice: st.DataObject) -> None:
    """Each reading that the store has once more than the ledger is counted once."""
    again = twice.draw(st.sets(st.integers(0, len(made) - 1)))
    kept = [*made, *(made[index] for index in again)]

    result = compare(readings(made), readings(kept), TOLERANCE_MS)

    assert (0, len(again)) == (result.lost, result.duplicates)


def test_a_value_that_changed_is_both_lost_and_invented() -> None:
    """A reading with another value is not the same reading."""
    result = compare(readings([("a/pm10", 0, 1.0)]), readings([("a/pm10", 0, 2.0)]), TOLERANCE_MS)

    assert (result.lost, result.duplicates) == (1, 1)


def test_only_the_last_readings_before_a_kill_were_in_flight() -> None:
    """A reading with a stored successor was lost, not in flight, however near the kill it was made."""
    made = readings([("a/pm10", 1000, 1.0), ("a/pm10", 2000, 2.0), ("a/pm10", 3000, 3.0)])
    kept = readings([("a/pm10", 2000, 2.0)])

    result = compare(made, kept, TOLERANCE_MS, (Outage(frozenset({"a"}), 3500, 3000),))

    assert (result.lost, result.in_flight, result.duplicates) == (1, 1, 0)


def test_a_reading_in_flight_does_not_take_the_twin_of_a_later_one() -> None:
    """An air that does not change repeats its values: what is missing is the reading before the kill, no other."""
    made = readings([("a/pm10", at, 65.0) for at in range(0, 10_000, 100)])
    kept = readings([("a/pm10", at + 2, 65.0) for at in range(0, 10_000, 100) if at != 5000])

    result = compare(made, kept, 1000, (Outage(frozenset({"a"}), 5050, 100),))

    assert (result.lost, result.in_flight, result.duplicates) == (0, 1, 0)


def test_a_torn_last_line_of_the_ledger_is_left_out(tmp_path: Path) -> None:
    """The ledger of a simulator that was killed while writing can be read."""
    path = tmp_path / "ledger.tsv"
    path.write_text("a\tpm10\t1000\t1.5\na\tpm10\t20")

    ledger = read_ledger(path)

    assert list(zip(ledger.series, ledger.time_ms, ledger.value, strict=True)) == [("a/pm10", 1000, 1.5)]
