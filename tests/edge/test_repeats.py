"""Readings that a feed sends again."""

from edge.repeats import TIMES_KEPT, TOLERANCE_MS, Repeats


def test_held_reading_is_a_repeat() -> None:
    """What the outbox held at the start or was given since is recognised, within the clocks' difference."""
    repeats = Repeats({"patrol-1-air"}, [("patrol-1-air", 60_000), ("patrol-1-air", 0)])
    repeats.add("patrol-1-air", 120_000)

    assert all(repeats.has("patrol-1-air", at) for at in (0, 60_000 - TOLERANCE_MS, 60_001, 120_000))


def test_older_reading_that_is_not_held_is_no_repeat() -> None:
    """A reading that was late on its way is kept, although newer ones are held."""
    repeats = Repeats({"patrol-1-air"}, [("patrol-1-air", 60_000)])

    assert not repeats.has("patrol-1-air", 30_000)
    assert not repeats.has("patrol-2-air", 60_000)


def test_memory_is_bounded() -> None:
    """Only the newest times are remembered."""
    repeats = Repeats({"patrol-1-air"}, [])
    for minute in range(TIMES_KEPT + 1):
        repeats.add("patrol-1-air", minute * 60_000)

    assert not repeats.has("patrol-1-air", 0)
    assert repeats.has("patrol-1-air", TIMES_KEPT * 60_000)
