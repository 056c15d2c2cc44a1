"""What of a block is new when copies of one outbox have sent it with different ends."""

import math
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.outbox.tail import Row, columns_of
from edge.outbox.thinning import thin
from hub.ingest.overlap import block_of, news
from wire.batch import NO_HASH, Payload, ReadingsBody, encode_body

ROWS = st.lists(
    st.builds(
        Row,
        st.integers(0, 1),
        st.integers(0, 3),
        st.sampled_from([0.0, -0.0, 1.0, math.nan]),
        st.integers(1, 2),
        st.sampled_from([math.nan, 116.5]),
        st.just(math.nan),
    ),
    max_size=4,
)


def sealed(rows: Sequence[Row], number: int = 1) -> Payload:
    """Return what a gateway says of rows."""
    cut = columns_of(rows)
    body = encode_body(ReadingsBody(b"boot", number, cut.origin_ms, cut.columns))
    return Payload("gw", 1, 1, 1, NO_HASH, "readings", 0, "ntp", body)


def packed(row: Row) -> str:
    """Return what tells one row from another, in which NaN is NaN and -0 is not 0."""
    return repr(tuple(row))


@given(beginning=ROWS, ends=st.lists(ROWS, min_size=1, max_size=4))
def test_every_reading_of_all_copies_is_new_once(beginning: list[Row], ends: list[list[Row]]) -> None:
    """Whatever they share and in whatever order they come: the first row that differs and all behind it are new."""
    bodies = [rows for end in ends if (rows := beginning + end)]
    takings: list[Payload] = []
    for at, rows in enumerate(bodies):
        new = news(sealed(rows), takings)
        shared = [_alike(rows, earlier) for earlier in bodies[:at]]

        assert new.fresh == (max(shared, default=0) < len(rows))
        assert not new.fresh or new.known_rows == max(shared, default=0)
        takings += [sealed(rows)] if new.fresh else []


def test_blocks_are_told_apart_by_boot_and_number() -> None:
    """Equal readings in two blocks have two names."""
    row = Row(0, 0, 1.0, 1, math.nan, math.nan)

    assert block_of(sealed([row])) != block_of(sealed([row], number=2))


def test_catalogue_is_new_whatever_readings_had_its_number() -> None:
    """Only readings have rows to share."""
    readings = sealed([Row(0, 0, 1.0, 1, math.nan, math.nan)])
    catalogue = Payload("gw", 1, 1, 1, NO_HASH, "catalogue", 0, "ntp", b"another body")

    assert news(catalogue, [readings]).fresh
    assert news(readings, [catalogue]).fresh
    assert not news(catalogue, [catalogue]).fresh


def test_origin_beyond_any_clock_is_compared_all_the_same() -> None:
    """What a gateway signs cannot stop the journal."""
    cut = columns_of([Row(0, 0, 1.0, 1, math.nan, math.nan)])
    bodies = [encode_body(ReadingsBody(b"boot", 1, origin, cut.columns)) for origin in (2**64 - 1, -(2**63))]
    far, past = (Payload("gw", 1, 1, 1, NO_HASH, "readings", 0, "ntp", body) for body in bodies)

    assert news(far, [past]) == (True, 0)


MINUTE = [Row(0, at, float(at), 2, math.nan, math.nan) for at in range(6)]


def means(rows: Sequence[Row]) -> Payload:
    """Return what a gateway says of rows when its card is full."""
    whole = sealed(rows)
    return msgspec.structs.replace(whole, body=thin(whole.body, {}, 0).body)


@pytest.mark.parametrize(("whole", "mean", "fresh"), [(6, 6, False), (6, 3, False), (3, 6, True)])
def test_mean_is_new_only_when_it_stands_for_more_than_a_copy_has_sent(whole: int, mean: int, fresh: bool) -> None:  # noqa: FBT001  # a table
    """The copy of a card that was thinned later sends whole what the card sends as means: each reading is told once."""
    assert news(means(MINUTE[:mean]), [sealed(MINUTE[:whole])]) == (fresh, 0)


@pytest.mark.parametrize(("mean", "whole", "expected"), [(6, 6, (False, 6)), (6, 3, (False, 3)), (3, 6, (True, 3))])
def test_readings_are_new_from_the_one_on_that_is_in_no_mean(mean: int, whole: int, expected: tuple[bool, int]) -> None:
    """And the other way round."""
    assert news(sealed(MINUTE[:whole]), [means(MINUTE[:mean])]) == expected


def _alike(rows: list[Row], others: list[Row]) -> int:
    count = 0
    while count < min(len(rows), len(others)) and packed(rows[count]) == packed(others[count]):
        count += 1
    return count
