"""The tail: readings that are not yet in a block, on disk with one write per answer, so that a killed agent loses none.

Two files take turns: while the block made of one is being synchronised, the other takes what comes. Each append is a
frame of its own and names the boot and the block that its rows will become: rows whose block is in the log are stale.
"""

import math
import os
import struct
import sys
from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from edge.errors import OutboxFull
from edge.outbox.frame import FrameKind, encode_frame, scan
from wire.columns import Columns

BOOT_SIZE: Final = 16
ROW = struct.Struct("<HqdBdd")
_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC


class Row(NamedTuple):
    """One reading as the tail holds it; see `wire.reading.Reading` and `wire.batch.Columns`."""

    stream: int
    monotonic_ms: int
    value: float
    flag: int
    longitude: float
    latitude: float


class Tail:
    """The two files and what the present one holds.

    Attributes:
        number: of the block that its rows will become.
        rows: packed rows, in the order of appending.
    """

    def __init__(self, directory: Path, boot: bytes) -> None:
        self._paths = (directory / "tail-0.rows", directory / "tail-1.rows")
        self._boot = boot
        self._fds: tuple[int, int] = (-1, -1)
        self._size = 0
        self.number = 0
        self.rows = bytearray()

    def recover(self) -> list[tuple[int, bytes, bytes]]:
        """Return (block number, boot, packed rows) of every append that both files still hold, in order."""
        found: list[tuple[int, bytes, bytes]] = []
        for path in self._paths:
            content = path.read_bytes() if path.exists() else b""
            found += [
                (frame.number, frame.body[:BOOT_SIZE], frame.body[BOOT_SIZE:])
                for frame in scan(content).frames
                if frame.kind == FrameKind.ROWS and frame.body is not None
            ]
        return sorted(found, key=lambda append: append[0])

    def start(self, number: int) -> None:
        """Begin with both files empty."""
        self._fds = (os.open(self._paths[0], _FLAGS, 0o600), os.open(self._paths[1], _FLAGS, 0o600))
        os.ftruncate(self._fds[(number + 1) % 2], 0)
        self.turn(number)

    def turn(self, number: int) -> None:
        """Go on in the file of block `number`, whose earlier rows must be durable elsewhere."""
        os.ftruncate(self._fds[number % 2], 0)
        self.number = number
        self.rows = bytearray()
        self._size = 0

    def append(self, rows: bytes) -> None:
        """Write packed rows with one call.

        Raises:
            OutboxFull: the disk is; nothing is written.
        """
        frame = encode_frame(FrameKind.ROWS, self.number, self._boot + rows)
        fd = self._fds[self.number % 2]
        try:
            written = os.write(fd, frame)
        except OSError as error:
            raise OutboxFull(f"outbox: {error.strerror}: readings could not be written") from error
        if written != len(frame):
            os.ftruncate(fd, self._size)
            raise OutboxFull("outbox: the disk is full: readings could not be written")
        self._size += written
        self.rows += rows

    def close(self) -> None:
        """Close both files."""
        for fd in self._fds:
            if fd >= 0:
                os.close(fd)
        self._fds = (-1, -1)


class Cut(NamedTuple):
    """Rows as the columns of one block; times in `Clock.monotonic_ms`."""

    origin_ms: int
    newest_ms: int
    columns: Columns


def columns_of(rows: Iterable[Row]) -> Cut:
    """Return rows as columns, offsets counted from the earliest.

    Args:
        rows: at least one; within 2**32 ms.
    """
    stream, monotonic_ms, value, flag, longitude, latitude = zip(*rows, strict=True)
    origin_ms = min(monotonic_ms)
    moving = not all(map(math.isnan, longitude)) or not all(map(math.isnan, latitude))
    columns = Columns(
        stream=_little("H", stream),
        offset_ms=_little("I", [at - origin_ms for at in monotonic_ms]),
        value=_little("d", value),
        flag=bytes(flag),
        longitude=_little("d", longitude) if moving else b"",
        latitude=_little("d", latitude) if moving else b"",
    )
    return Cut(origin_ms, max(monotonic_ms), columns)


def rows_of(packed: bytes) -> list[Row]:
    """Return packed rows one by one."""
    return [Row._make(row) for row in ROW.iter_unpack(packed)]


def _little(code: str, numbers: Iterable[float]) -> bytes:
    column = array(code, numbers)
    if sys.byteorder == "big":
        column.byteswap()
    return column.tobytes()
