"""A block's readings as arrays: what `wire.columns` packs, unpacked without a loop over rows."""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wire.batch import PackedReadings, read_packed
from wire.columns import DIGITS_MOST, MERGED, POSITIONS, RAW, Cursor, inflate
from wire.errors import UnusablePayload

_POWERS: Final = np.full(256, np.nan)
_POWERS[: DIGITS_MOST + 1] = 10.0 ** np.arange(DIGITS_MOST + 1)


class Rows(NamedTuple):
    """Readings as arrays of one length, as sent; see `wire.columns.Columns`."""

    stream: NDArray[np.uint16]
    offset_ms: NDArray[np.uint32]
    value: NDArray[np.float64]
    flag: NDArray[np.uint8]
    longitude: NDArray[np.float64] | None
    latitude: NDArray[np.float64] | None
    merged: NDArray[np.uint16] | None


def read_rows(body: bytes) -> tuple[PackedReadings, Rows]:
    """Return what a body of readings says.

    Raises:
        UnusablePayload: not a block of readings, or columns that are not of its length.
    """
    block = read_packed(body)
    try:
        return block, _rows(block)
    except ValueError as error:
        raise UnusablePayload(str(error)) from error


def _rows(block: PackedReadings) -> Rows:
    count = block.count
    cursor = Cursor(inflate(block.packed, count, block.layout))
    stream: NDArray[np.uint16] = _joined(cursor.take(2 * count), "<u2")
    offset_ms = _sums(cursor.take(4 * count))
    flag = np.frombuffer(cursor.take(count), np.uint8)
    order = np.argsort(stream, kind="stable")
    value = _numbers(cursor, order)
    longitude = latitude = merged = None
    if block.layout & POSITIONS:
        longitude, latitude = _numbers(cursor, order), _numbers(cursor, order)
    if block.layout & MERGED:
        merged = _joined(cursor.take(2 * count), "<u2")
    cursor.end()
    return Rows(stream, offset_ms, value, flag, longitude, latitude, merged)


def _joined(planes: bytes, kind: str) -> NDArray[Any]:
    """Return an array from its byte planes, lowest first."""
    width = np.dtype(kind).itemsize
    return np.frombuffer(planes, np.uint8).reshape(width, -1).T.copy().view(kind).reshape(-1)


def _sums(planes: bytes) -> NDArray[np.uint32]:
    """Return the numbers whose zigzag-coded steps these are, modulo 2**32."""
    steps = _joined(planes, "<u4")
    return np.cumsum((steps >> 1) ^ (0 - (steps & 1)), dtype=np.uint32)


def _numbers(cursor: Cursor, order: NDArray[np.intp]) -> NDArray[np.float64]:
    codes = np.frombuffer(cursor.codes(len(order)), np.uint8)
    numbers = np.empty(len(order))
    numbers[order] = _sums(cursor.take(4 * len(order))).view(np.int32)
    numbers /= _POWERS[codes]
    raw = codes == RAW
    if raw.any():
        numbers[raw] = _joined(cursor.take(8 * int(raw.sum())), "<f8")
    return numbers
