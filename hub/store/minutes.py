"""The closed minutes as the judge took them, on disk: a file a UTC day, so that months can be judged again in minutes.

    minutes-2026-05-17.qwm:  frame, frame, …   one for each tick of the journal
    frame:  length u32 | entry u64 | before i64 | received_ms i64 | zlib of the frame in MessagePack

Numbers are little-endian. All of it follows from the journal: what is missing or torn costs time, never correctness.
"""

import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from hub.closed import Closed
from hub.ingest.days import DAY_MS, day_of, path_of
from hub.memory import Teaching

# Three months, and what lies before them to begin with: a week between two states, and two days for the panel.
KEPT_DAYS: Final = 104
# What `Frame.before` says where the frame before is not there.
HOLE: Final = -1
_HEAD: Final = struct.Struct("<IQqq")
_LEVEL: Final = 1


class Frame(msgspec.Struct, frozen=True, array_like=True):
    """What one tick closed.

    Attributes:
        entry: the journal entry of the tick.
        before: that of the tick before it, 0 for none, HOLE where its frame was not kept.
        received_ms, last: when the tick was journalled, and the newest minute that it closes.
        first_taught: how many teachings came before those of this frame.
        taught: what the catalogue learnt since the frame before; in the first frame of a file everything so far.
        closed: what the panel took.
    """

    entry: int
    before: int
    received_ms: int
    last: int
    first_taught: int
    taught: tuple[Teaching, ...]
    closed: Closed


class Head(NamedTuple):
    """Where a frame stands in its file, and what it is."""

    at: int
    length: int
    entry: int
    before: int
    received_ms: int


_decode = msgspec.msgpack.Decoder(Frame).decode
_encode = msgspec.msgpack.Encoder().encode


class MinuteWriter:
    """The only writer of a directory; belongs to one thread at a time."""

    def __init__(self, directory: Path, after: int) -> None:
        """Go on behind a journal entry; what is there of later ones goes: the judge will say it again."""
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._path: Path | None = None
        last = _cut(directory, after)
        self._before = last if last == after else HOLE

    def append(self, entry: tuple[int, int], last: int, closed: Closed, taught: tuple[Sequence[Teaching], int]) -> None:
        """Keep a frame.

        Args:
            entry: the tick's id and when it was journalled.
            last: the newest minute that it closes.
            closed: what the panel took.
            taught: everything that the catalogue has learnt so far, and how much of it the frame before knew.
        """
        known, first = taught
        fresh = self._turn(entry[1])
        first = 0 if fresh or self._before == HOLE else first
        frame = Frame(entry[0], self._before, entry[1], last, first, tuple(known[first:]), closed)
        packed = zlib.compress(_encode(frame), _LEVEL)
        with file_of(self._directory, entry[1]).open("ab") as file:
            file.write(_HEAD.pack(len(packed), entry[0], self._before, entry[1]) + packed)
        self._before = entry[0]

    def sync(self) -> None:
        """Return when all of it is on disk."""
        if self._path is not None:
            with self._path.open("rb") as file:
                os.fsync(file.fileno())

    def _turn(self, received_ms: int) -> bool:
        """Go to the file of a day; return whether it is new."""
        path = file_of(self._directory, received_ms)
        if path == self._path:
            return False
        self._path = path
        _drop(self._directory, day_of_file(path) - KEPT_DAYS)
        return not path.exists()


class MinuteReader:
    """Reads what another process may be writing."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def covers(self, from_ms: int) -> bool:
        """Return whether the frames from a time on, or from the journal's first tick, are there without a hole."""
        heads = [head for path in self._files(from_ms) for head in _heads(path)]
        if not heads or any(one.entry != other.before for one, other in pairwise(heads)):
            return False
        return heads[0].before == 0 or heads[0].received_ms <= from_ms or self._continues(heads[0], from_ms)

    def _continues(self, head: Head, from_ms: int) -> bool:
        """Return whether the first frame of the day of a time follows one of the day before."""
        return head.before != HOLE and head.received_ms // DAY_MS == from_ms // DAY_MS

    def frames(self, from_ms: int) -> Iterator[Frame]:
        """Yield the frames from the day of a time on, in order, to the present end."""
        for path in self._files(from_ms):
            yield from _frames(path)

    def _files(self, from_ms: int) -> list[Path]:
        files = _files(self._directory)
        earlier = sum(day_of_file(path) <= from_ms // DAY_MS for path in files)
        return files[max(earlier - 1, 0) :]  # a day on which nothing ticked has no file


def file_of(directory: Path, received_ms: int) -> Path:
    """Return the file of the UTC day of a time."""
    name = path_of(directory, received_ms).name.replace("journal-", "minutes-")
    return directory / name.replace(".sqlite", ".qwm")


def day_of_file(path: Path) -> int:
    """Return the UTC day of a file, counted from 1970."""
    return day_of(path.with_name(path.name.replace("minutes-", "journal-")))


def _files(directory: Path) -> list[Path]:
    return sorted(directory.glob("minutes-????-??-??.qwm"))


def _heads(path: Path) -> Iterator[Head]:
    """Yield the heads of a file's whole frames."""
    size, at = path.stat().st_size, 0
    with path.open("rb") as file:
        while at + _HEAD.size <= size:
            file.seek(at)
            length, *said = _HEAD.unpack(file.read(_HEAD.size))
            if at + _HEAD.size + length > size:
                return
            yield Head(at, length, *said)
            at += _HEAD.size + length


def _frames(path: Path) -> Iterator[Frame]:
    with path.open("rb") as file:
        while len(head := file.read(_HEAD.size)) == _HEAD.size:
            length = _HEAD.unpack(head)[0]
            packed = file.read(length)
            if len(packed) < length:
                return
            yield _decode(zlib.decompress(packed))


def _cut(directory: Path, after: int) -> int:
    """Take away all frames behind a journal entry, and return the entry of the last that is left, 0 for none."""
    for path in reversed(_files(directory)):
        kept = [head for head in _heads(path) if head.entry <= after]
        if kept:
            os.truncate(path, kept[-1].at + _HEAD.size + kept[-1].length)
            return kept[-1].entry
        path.unlink()
    return 0


def _drop(directory: Path, before_day: int) -> None:
    for path in _files(directory):
        if day_of_file(path) < before_day:
            path.unlink()
