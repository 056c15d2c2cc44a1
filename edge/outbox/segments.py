"""The outbox's log: frames in append-only segment files, made durable by fdatasync, deleted from the oldest end."""

import os
import threading
from pathlib import Path
from typing import Final, NamedTuple

from edge.errors import OutboxError
from edge.outbox.frame import Scan, scan
from edge.outbox.room import refusal

SEGMENT_BYTES: Final = 128 << 10
_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
_SUFFIX: Final = ".log"
_NEW: Final = ".new"


class Place(NamedTuple):
    """Where bytes stand in the log; places compare in the order of writing."""

    segment: int
    offset: int


NOWHERE: Final = Place(0, 0)


class Segments:
    """Segment files 1, 2, 3 … of one directory; only the last is written to.

    One thread writes; `sync` may run in another at the same time.

    Attributes:
        sizes: bytes of each segment that is held, oldest first.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()  # a segment is not closed while it is being synchronised
        self._fd = -1
        self._synced = NOWHERE
        for unfinished in directory.glob(f"*{_NEW}"):
            os.unlink(unfinished)  # noqa: PTH108  # files are reached through os throughout
        numbers = sorted(int(path.stem) for path in directory.glob(f"*{_SUFFIX}") if path.stem.isdecimal())
        self.sizes = {number: self._path(number).stat().st_size for number in numbers}

    @property
    def last(self) -> int:
        """The number of the segment that is written to, 0 before the first."""
        return next(reversed(self.sizes), 0)

    @property
    def end(self) -> Place:
        """Where the next frame will stand."""
        return Place(self.last, self.sizes.get(self.last, 0))

    @property
    def synced(self) -> Place:
        """All before it survives a power cut."""
        return self._synced

    @property
    def total(self) -> int:
        """Bytes of all segments."""
        return sum(self.sizes.values())

    def scan(self, number: int) -> Scan:
        """Return what a segment holds."""
        return scan(self._path(number).read_bytes())

    def resume(self, size: int) -> None:
        """Write on behind the first `size` bytes of the last segment; what follows them was torn and goes."""
        self._fd = os.open(self._path(self.last), _FLAGS, 0o600)
        os.ftruncate(self._fd, size)
        self.sizes[self.last] = size

    def roll(self, head: bytes) -> None:
        """Begin the next segment with `head`; it and all before it are durable on return.

        Raises:
            OutboxFull: no room for it.
        """
        number = self.last + 1
        if self._fd >= 0:
            self.sync()
        fd = os.open(self._path(number), _FLAGS | os.O_TRUNC, 0o600)
        try:
            _write(fd, head, 0)
            os.fdatasync(fd)
        except OSError:
            os.close(fd)
            os.unlink(self._path(number))  # noqa: PTH108  # files are reached through os throughout
            raise
        sync_directory(self._directory)
        with self._lock:
            self.close()
            self._fd = fd
            self.sizes[number] = len(head)
            self._synced = self.end

    def append(self, frames: bytes) -> Place:
        """Write frames behind all others with one call, and return where they begin; durable only after `sync`.

        Raises:
            OutboxFull: no room for them; nothing is written.
        """
        place = self.end
        _write(self._fd, frames, place.offset)
        self.sizes[place.segment] += len(frames)
        return place

    def sync(self) -> None:
        """Make durable all that was written before the call; in another thread if need be.

        Raises:
            OutboxError: the disk failed; nothing says what of the last writes it kept.
        """
        with self._lock:
            end = self.end
            try:
                os.fdatasync(self._fd)
            except OSError as error:
                raise OutboxError(f"{self._path(end.segment)}: {error.strerror}: replace the disk") from error
            self._synced = max(self._synced, end)

    def read(self, place: Place, length: int) -> bytes:
        """Return up to `length` bytes at a place; fewer when the disk no longer gives them."""
        try:
            fd = os.open(self._path(place.segment), os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return b""
        try:
            return os.pread(fd, length, place.offset)
        except OSError:
            return b""
        finally:
            os.close(fd)

    def content(self, number: int) -> bytes:
        """Return the bytes of a segment."""
        return self._path(number).read_bytes()

    def prepare(self, number: int, content: bytes) -> None:
        """Write what a segment shall be replaced by, durably, beside it; in another thread if need be.

        Raises:
            OutboxFull: no room for it; nothing is written.
        """
        path = self._path(number).with_suffix(_NEW)
        fd = os.open(path, _FLAGS | os.O_TRUNC, 0o600)
        try:
            _write(fd, content, 0)
            os.fdatasync(fd)
        except OutboxError:
            os.unlink(path)  # noqa: PTH108  # as above
            raise
        finally:
            os.close(fd)

    def replace(self, number: int, size: int) -> None:
        """Put what was prepared, of `size` bytes, in the place of a segment: at once, and durable on return."""
        path = self._path(number)
        os.rename(path.with_suffix(_NEW), path)  # noqa: PTH104  # as above
        sync_directory(self._directory)
        self.sizes[number] = size

    def forget(self, number: int) -> None:
        """Give up what was prepared."""
        os.unlink(self._path(number).with_suffix(_NEW))  # noqa: PTH108  # as above

    def drop(self, number: int) -> None:
        """Delete a segment."""
        os.unlink(self._path(number))  # noqa: PTH108  # as above
        del self.sizes[number]

    def close(self) -> None:
        """Close the file that is written to."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _path(self, number: int) -> Path:
        return self._directory / f"{number:010d}{_SUFFIX}"


def sync_directory(directory: Path) -> None:
    """Make the names of new files durable."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _write(fd: int, frames: bytes, size: int) -> None:
    """Append whole frames to a file of `size` bytes, or leave it as it was."""
    try:
        written = os.write(fd, frames)
        while written < len(frames):
            written += os.write(fd, frames[written:])
    except OSError as error:
        os.ftruncate(fd, size)
        raise refusal(error, f"{len(frames)} bytes") from error
