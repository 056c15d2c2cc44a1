"""Where a moving station was."""

import pytest

from edge.position import FIXES_KEPT, NEAR_MS, Fix, Track


def test_position_between_two_fixes_is_on_the_line_between_them() -> None:
    """A vehicle is taken to drive straight from fix to fix, whichever came first."""
    track = Track()
    track.add(Fix(10_000, 116.52, 39.81))
    track.add(Fix(0, 116.50, 39.80))

    assert track.at(5_000) == (5_000, pytest.approx(116.51), pytest.approx(39.805))


def test_nearest_fix_counts_at_the_ends() -> None:
    """Before the first and behind the last fix the position is that fix, for a while."""
    track = Track()
    track.add(Fix(0, 116.5, 39.8))

    assert track.at(NEAR_MS) == Fix(0, 116.5, 39.8)
    assert track.at(-NEAR_MS) == Fix(0, 116.5, 39.8)
    assert track.at(NEAR_MS + 1) is None


def test_track_without_fixes_knows_nothing() -> None:
    """No position is better than an invented one."""
    assert Track().at(0) is None


def test_long_drive_does_not_fill_the_memory() -> None:
    """Only the newest fixes are remembered."""
    track = Track()
    for at in range(3 * FIXES_KEPT):
        track.add(Fix(at * NEAR_MS, 116.5, 39.8))

    assert track.at(0) is None
    assert track.at((3 * FIXES_KEPT - 1) * NEAR_MS) is not None
