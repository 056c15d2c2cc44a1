"""The tail: readings that are not yet in a block, on disk with one write per answer, so that a killed agent loses none.

Two files take turns: while the block made of one is being synchronised, the other takes what comes. Each names the boot
and the block that its rows will become: rows whose block is in the log are stale. The files are never cut: what comes
is written over what is stale, so that a page is written to the card once and not at each answer, and so that a full
disk still takes readings.

    head, twice: magic u16 | number u64 | boot 16 bytes | origin i64 ms | CRC-32
    answer:      mark u8 | rows * 4 + layout u16 | time i32 ms since the origin | CRC-32 that goes on from the head's
    row:         stream u16 | flag u8 | [time i32 ms since the answer's] | value f64 | [longitude f64 | latitude f64]

Layout bit 0: rows have positions; bit 1: rows have times of their own. Numbers are little-endian.
"""

import contextlib
import math
import os
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from edge.outbox.room import refusal
from wire.columns import Columns, little

FILE_BYTES: Final = 64 << 10
_MAGIC: Final = 0x5451
_MARK: Final = 0xA7
_HEAD: Final = struct.Struct("<HQ16sq")
_CRC: Final = struct.Struct("<I")
_ANSWER: Final = struct.Struct("<BHi")
_COPY: Final = _HEAD.size + _CRC.size
_POSITIONS: Final = 1
_TIMES: Final = 2
_ROWS: Final = tuple(struct.Struct(code) for code in ("<HBd", "<HBddd", "<HBid", "<HBiddd"))
_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC


class Row(NamedTuple):
    """One reading as the tail holds it; see `wire.reading.Reading` and `wire.columns.Columns`."""

    stream: int
    monotonic_ms: int
    value: float
    flag: int
    longitude: float
    latitude: float


class Found(NamedTuple):
    """What one of the files holds: the rows of one boot for one block."""

    number: int
    boot: bytes
    rows: list[Row]


class Tail:
    """The two files and what the present one holds.

    Attributes:
        number: of the block that its rows will become.
        rows: in the order of appending.
        lowest_ms, highest_ms: between which their times lie.
        dirty: whether rows are there that a power cut would take.
    """

    def __init__(self, directory: Path, boot: bytes) -> None:
        self._paths = (directory / "tail-0.rows", directory / "tail-1.rows")
        self._boot = boot
        self._fds: tuple[int, int] = (-1, -1)
        self._head = b""
        self._end = 0
        self._origin_ms = 0
        self.number = 0
        self.rows: list[Row] = []
        self.lowest_ms = self.highest_ms = 0
        self.dirty = False

    def recover(self) -> list[Found]:
        """Return what both files hold, in the order of their blocks."""
        contents = [path.read_bytes() for path in self._paths if path.exists()]
        found = [each for content in contents if (each := _read(content)) is not None]
        return sorted(found, key=lambda each: each.number)

    def start(self, number: int) -> None:
        """Begin with the rows of block `number`; all earlier ones must be durable elsewhere."""
        self._fds = (os.open(self._paths[0], _FLAGS, 0o600), os.open(self._paths[1], _FLAGS, 0o600))
        for fd in self._fds:
            with contextlib.suppress(OSError):  # a disk that is full already: the files grow when they can
                os.posix_fallocate(fd, 0, FILE_BYTES)
        self.turn(number)

    def turn(self, number: int) -> None:
        """Go on in the file of block `number`, whose earlier rows must be durable elsewhere."""
        self.number = number
        self.rows = []
        self._head = b""
        self._end = 2 * _COPY
        self.dirty = False

    def spans(self, rows: Sequence[Row]) -> int:
        """Return the milliseconds between the first and the last of its rows and these, at least one, together."""
        low, high = _bounds(rows)
        return max(high, self.highest_ms) - min(low, self.lowest_ms) if self.rows else high - low

    def append(self, rows: Sequence[Row]) -> None:
        """Write the rows of one answer, at least one, with one call.

        Raises:
            OutboxFull: the disk is; nothing is written.
            OutboxError: the disk cannot be written to.
        """
        low, high = _bounds(rows)
        head, first = self._head, not self.rows
        if first:
            self._origin_ms = low
            head = _with_crc(_HEAD.pack(_MAGIC, self.number, self._boot, low))
        answer = _answer(rows, self._origin_ms, _CRC.unpack_from(head, _HEAD.size)[0])
        content, at = (head + head + answer, 0) if first else (answer, self._end)
        try:
            written = os.pwrite(self._fds[self.number % 2], content, at)
        except OSError as error:
            raise refusal(error, "readings") from error
        if written != len(content):
            raise refusal(None, "readings")
        self.lowest_ms = low if first else min(low, self.lowest_ms)
        self.highest_ms = high if first else max(high, self.highest_ms)
        self._head = head
        self._end = at + written
        self.rows.extend(rows)
        self.dirty = True

    def sync(self) -> None:
        """Make durable what was appended before the call; may run in another thread."""
        self.dirty = False
        os.fdatasync(self._fds[self.number % 2])

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
        stream=little("H", stream),
        offset_ms=little("I", [at - origin_ms for at in monotonic_ms]),
        value=little("d", value),
        flag=bytes(flag),
        longitude=little("d", longitude) if moving else b"",
        latitude=little("d", latitude) if moving else b"",
    )
    return Cut(origin_ms, max(monotonic_ms), columns)


def _bounds(rows: Sequence[Row]) -> tuple[int, int]:
    times = [row.monotonic_ms for row in rows]
    return min(times), max(times)


def _with_crc(head: bytes) -> bytes:
    return head + _CRC.pack(zlib.crc32(head))


def _answer(rows: Sequence[Row], origin_ms: int, seed: int) -> bytes:
    answer_ms = rows[0].monotonic_ms
    layout = _TIMES if any(row.monotonic_ms != answer_ms for row in rows) else 0
    if not all(math.isnan(row.longitude) and math.isnan(row.latitude) for row in rows):
        layout |= _POSITIONS
    pack = _ROWS[layout].pack
    packed = b"".join([pack(*_fields(row, answer_ms, layout)) for row in rows])
    head = _ANSWER.pack(_MARK, len(rows) * len(_ROWS) + layout, answer_ms - origin_ms)
    return head + _CRC.pack(zlib.crc32(head + packed, seed)) + packed


def _fields(row: Row, answer_ms: int, layout: int) -> tuple[float, ...]:
    time = (row.monotonic_ms - answer_ms,) if layout & _TIMES else ()
    position = (row.longitude, row.latitude) if layout & _POSITIONS else ()
    return (row.stream, row.flag, *time, row.value, *position)


def _read(content: bytes) -> Found | None:
    """Return what one file holds; of the two copies of its head one may be rotten."""
    for copy in (content[:_COPY], content[_COPY : 2 * _COPY]):
        head = copy[: _HEAD.size]
        if len(copy) == _COPY and copy == _with_crc(head):
            magic, number, boot, origin_ms = _HEAD.unpack(head)
            if magic == _MAGIC:
                return Found(number, boot, list(_answers(content, origin_ms, zlib.crc32(head))))
    return None


def _answers(content: bytes, origin_ms: int, seed: int) -> Iterator[Row]:
    """Yield the rows of every answer, past what is rotten or stale between them."""
    at = 2 * _COPY
    while (at := content.find(_MARK, at)) >= 0:
        begin = at + _ANSWER.size + _CRC.size
        if begin > len(content):
            return
        _, said, time_ms = _ANSWER.unpack_from(content, at)
        count, layout = divmod(said, len(_ROWS))
        end = begin + count * _ROWS[layout].size
        crc = zlib.crc32(content[begin:end], zlib.crc32(content[at : at + _ANSWER.size], seed))
        if not count or end > len(content) or crc != _CRC.unpack_from(content, begin - _CRC.size)[0]:
            at += 1
            continue
        for fields in _ROWS[layout].iter_unpack(content[begin:end]):
            yield _row(fields, origin_ms + time_ms, layout)
        at = end


def _row(fields: tuple[float, ...], answer_ms: int, layout: int) -> Row:
    stream, flag, *rest = fields
    own_ms = rest.pop(0) if layout & _TIMES else 0
    longitude, latitude = rest[1:] if layout & _POSITIONS else (math.nan, math.nan)
    return Row(int(stream), answer_ms + int(own_ms), rest[0], int(flag), longitude, latitude)
