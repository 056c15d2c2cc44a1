"""The reserve: bytes kept back on the disk, so that a full disk still has room for the seals that will empty it."""

import contextlib
import os
from pathlib import Path


class Reserve:
    """A file that is there to be given up."""

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
