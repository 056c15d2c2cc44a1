"""Closed minutes on disk: whole frames in order, or a hole that is known."""

from pathlib import Path

import pytest

from hub.closed import Cells, Closed, Column
from hub.memory import Teaching
from hub.store.minutes import HOLE, KEPT_DAYS, MinuteReader, MinuteWriter

DAY_MS = 86_400_000
NOON_MS = 100 * DAY_MS + DAY_MS // 2
NOTHING = Cells(b"", b"", b"", b"", b"", b"")
TAUGHT = [Teaching("catalogue", f"gw-{i}", b"", 0) for i in range(3)]


def closed(minute: int) -> Closed:
    """Return a minute in which something came."""
    return Closed((Column(minute, b"mean", b"count", b"worst", b""),), NOTHING)


def written(directory: Path, after: int, ticks: range, from_ms: int = NOON_MS) -> None:
    """Go on behind an entry with ticks a minute apart; the second teaches something."""
    writer = MinuteWriter(directory, after)
    for at, entry in enumerate(ticks):
        known = TAUGHT[: 2 if at < 1 else 3]
        writer.append((entry, from_ms + 60_000 * at), entry, closed(entry), (known, 2))
    writer.sync()


def told(directory: Path, from_ms: int = 0) -> list[tuple[int, int, int]]:
    """Return (entry, the one before, teachings) of every frame."""
    return [(one.entry, one.before, len(one.taught)) for one in MinuteReader(directory).frames(from_ms)]


def test_frames_come_back_as_they_were(tmp_path: Path) -> None:
    """The first of a file has everything that was ever taught, the others what is new."""
    written(tmp_path, 0, range(5, 9))

    assert told(tmp_path) == [(5, 0, 2), (6, 5, 1), (7, 6, 1), (8, 7, 1)]
    assert [one.closed for one in MinuteReader(tmp_path).frames(0)] == [closed(entry) for entry in range(5, 9)]
    assert MinuteReader(tmp_path).covers(0)


def test_next_day_has_a_file_that_stands_by_itself(tmp_path: Path) -> None:
    """Its first frame teaches all, and follows the last of the day before."""
    written(tmp_path, 0, range(5, 7))
    written(tmp_path, 6, range(7, 9), NOON_MS + DAY_MS)

    assert told(tmp_path, NOON_MS + DAY_MS) == [(7, 6, 2), (8, 7, 1)]
    assert MinuteReader(tmp_path).covers(NOON_MS + DAY_MS // 2)


def test_judge_that_goes_back_says_it_again(tmp_path: Path) -> None:
    """What lies behind the entry from which it goes on is taken away, whole days too."""
    written(tmp_path, 0, range(1, 5))
    written(tmp_path, 4, range(5, 9), NOON_MS + DAY_MS)
    written(tmp_path, 2, range(3, 4))

    assert [entry for entry, _, _ in told(tmp_path)] == [1, 2, 3]
    assert MinuteReader(tmp_path).covers(0)


def test_hole_is_not_covered(tmp_path: Path) -> None:
    """Frames of a hub that kept none for a while, or only begins to: from there on they are whole."""
    written(tmp_path, 0, range(1, 3))
    written(tmp_path, 50, range(51, 53), NOON_MS + DAY_MS)
    reader = MinuteReader(tmp_path)

    assert told(tmp_path)[2] == (51, HOLE, 2)
    assert [reader.covers(from_ms) for from_ms in (0, NOON_MS + DAY_MS - 1, NOON_MS + DAY_MS)] == [False, False, True]


def test_day_without_a_tick_is_no_hole(tmp_path: Path) -> None:
    """The hub was off: the frame after it follows the one before."""
    written(tmp_path, 0, range(1, 3))
    written(tmp_path, 2, range(3, 5), NOON_MS + 3 * DAY_MS)

    assert MinuteReader(tmp_path).covers(NOON_MS + DAY_MS)
    assert [entry for entry, _, _ in told(tmp_path, NOON_MS + DAY_MS)] == [1, 2, 3, 4]


@pytest.mark.parametrize("left", [1, 20, 40])
def test_torn_tail_ends_the_reading_and_is_written_over(tmp_path: Path, left: int) -> None:
    """A power cut, or a hub that is just writing."""
    written(tmp_path, 0, range(1, 3))
    path = next(tmp_path.iterdir())
    whole = path.read_bytes()
    written(tmp_path, 2, range(3, 4), NOON_MS + 60_000)
    path.write_bytes(path.read_bytes()[: len(whole) + left])

    assert [entry for entry, _, _ in told(tmp_path)] == [1, 2]
    written(tmp_path, 2, range(3, 5), NOON_MS + 60_000)
    assert [entry for entry, _, _ in told(tmp_path)] == [1, 2, 3, 4]


def test_old_days_go(tmp_path: Path) -> None:
    """What is too old for three months of replay is deleted with its day."""
    written(tmp_path, 0, range(1, 3))
    written(tmp_path, 2, range(3, 5), NOON_MS + KEPT_DAYS * DAY_MS)
    assert len(list(tmp_path.iterdir())) == 2
    written(tmp_path, 4, range(5, 7), NOON_MS + (KEPT_DAYS + 1) * DAY_MS)

    assert [entry for entry, _, _ in told(tmp_path)] == [3, 4, 5, 6]
    assert not MinuteReader(tmp_path).covers(NOON_MS)


def test_nothing_kept_covers_nothing(tmp_path: Path) -> None:
    """An empty directory, or none."""
    assert not MinuteReader(tmp_path / "none").covers(0)
