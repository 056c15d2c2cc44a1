"""Room: what the disk refuses, what it still has, and the bytes kept back on it for what must get through."""

import contextlib
import errno
import fcntl
import os
from pathlib import Path
from typing import Final

from edge.errors import OutboxError, OutboxFull

FREE_SHARE: Final = 0.1
FLOOR_BYTES: Final = 16 << 20
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_ADVICE: Final = {
    errno.EROFS: "the disk is read-only: repair or replace it, then mount it writable",
    errno.EACCES: "give the agent's user this directory",
    errno.EPERM: "give the agent's user this directory",
}


class Reserve:
    """A file that is there to be given up, so that a full disk still has room for the seals that will empty it."""

    def __init__(self, path: Path, size: int) -> None:
        """Keep back `size` bytes; less is kept when the disk has less."""
        self._path = path
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            with contextlib.suppress(OSError):  # a disk that is full already has nothing to keep back
                os.posix_fallocate(fd, 0, size)
        finally:
            os.close(fd)

    def give_up(self) -> bool:
        """Give the bytes back to the disk, until the next opening; return whether there were any."""
        size = self._path.stat().st_size
        os.truncate(self._path, 0)
        return size > 0


def lock(directory: Path) -> int:
    """Return the descriptor that keeps other agents off a directory.

    Raises:
        OutboxError: another agent has it.
    """
    fd = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        raise OutboxError(f"{directory}: another agent has this outbox") from None
    return fd


def refusal(error: OSError | None, what: str) -> OutboxError:
    """Return the error to raise for a write that failed, or that was cut short for want of room (None)."""
    if error is None or error.errno in _FULL:
        return OutboxFull(f"outbox: the disk is full: {what} could not be written")
    advice = _ADVICE.get(error.errno or 0, "replace the disk")
    return OutboxError(f"outbox: {error.strerror}: {what} could not be written: {advice}")


def allowed_bytes(directory: Path, used: int, cap: int) -> int:
    """Return how many bytes the outbox may have: `cap`, or less on a disk whose last tenth it would eat into.

    Where others fill the disk, it stays as large as it is; FLOOR_BYTES it may always have, as far as they are there.

    Args:
        directory: on the disk in question.
        used: what it has now.
        cap: what the configuration allows.
    """
    disk = os.statvfs(directory)
    spare = (disk.f_bavail - int(disk.f_blocks * FREE_SHARE)) * disk.f_frsize
    return min(cap, max(FLOOR_BYTES, used + max(0, spare)), used + disk.f_bavail * disk.f_frsize)
