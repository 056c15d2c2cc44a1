"""How a long stretch is divided among processes."""

from itertools import pairwise

import hypothesis.strategies as st
from hypothesis import given

from hub.replay.parts import SHORTEST_MS, divided
from hub.replay.stretch import Span

DAY_MS = 86_400_000
WEEK_MS = 7 * DAY_MS


@given(
    days=st.floats(0.01, 120),
    first=st.integers(0, WEEK_MS),
    parts=st.integers(1, 16),
    weeks=st.integers(0, 15),
)
def test_parts_follow_each_other_and_are_the_whole(days: float, first: int, parts: int, weeks: int) -> None:
    """Cut at weeks' states alone, never into more parts than asked for, nor into one shorter than it settles."""
    span = Span(0, 1 << 62, round(days * DAY_MS))
    seams = [first + week * WEEK_MS for week in range(weeks)]
    found = divided(span, seams, parts)

    assert (found[0].from_ms, found[-1].to_ms, found[-1].tip_ms) == (span.from_ms, span.to_ms, span.tip_ms)
    assert all(one.to_ms == one.tip_ms == other.from_ms for one, other in pairwise(found))
    assert {one.from_ms for one in found[1:]} <= set(seams)
    assert len(found) <= parts
    assert len(found) == 1 or min(one.tip_ms - one.from_ms for one in found) >= SHORTEST_MS


def test_ninety_days_for_two_are_halves() -> None:
    """To the week: a state lies no nearer."""
    one, other = divided(Span(0, 1 << 62, 90 * DAY_MS), [week * WEEK_MS for week in range(13)], 2)

    assert abs(one.to_ms - 45 * DAY_MS) <= WEEK_MS / 2
    assert other == Span(one.to_ms, 1 << 62, 90 * DAY_MS)
