"""How the columns of a block are packed: on the wire, on the gateway's card and in the hub's journal alike.

    DEFLATE of: stream u16 | step u32 | flag u8 | value [| longitude | latitude] [| merged u16]
    a column of numbers: code u8 | step u32 | raw f64 of the rows whose code is RAW

A step is the difference to the row before, modulo 2**32 and zigzag-coded. The steps of times follow the rows as they
came; those of numbers follow the rows sorted by datastream (stable). A code c below RAW says that the number is an
integer divided by 10**c: what an instrument shows. Every array lies byte plane by byte plane, lowest first: the planes
that hardly change take hardly any room. A reader needs no loop over rows (`np.cumsum`, `np.argsort`).
"""

import math
import sys
import zlib
from array import array
from collections.abc import Iterable, Sequence
from itertools import accumulate, groupby
from typing import Any, Final

import msgspec

ROWS_MOST: Final = 1 << 16
DIGITS_MOST: Final = 7
RAW: Final = 14
NAN: Final = 15
POSITIONS: Final = 1  # bits of the layout
MERGED: Final = 2
_RAW_BYTES: Final = 8
_NUMBER: Final = 5  # bytes of a row in a column of numbers, raw ones aside
_WORD: Final = 1 << 32
_HALF: Final = 1 << 31
_CODES: Final = bytes((*range(DIGITS_MOST + 1), RAW, NAN))
_LEVEL: Final = 6


class Columns(msgspec.Struct, frozen=True):
    """Readings as little-endian arrays of one length n, unpacked.

    Attributes:
        stream: u16[n], datastream index of the catalogue.
        offset_ms: u32[n], milliseconds since the block's origin.
        value: f64[n], in the device's own unit; NaN where flag is MISSING.
        flag: u8[n], QARTOD.
        longitude, latitude: f64[n] in degrees WGS-84, or empty when no reading of the block has a position.
        merged: u16[n], how many readings each row is the mean of, or empty when all are as the instruments gave them.
    """

    stream: bytes
    offset_ms: bytes
    value: bytes
    flag: bytes
    longitude: bytes = b""
    latitude: bytes = b""
    merged: bytes = b""


def layout_of(columns: Columns) -> int:
    """Return which of the optional columns there are."""
    return (POSITIONS if columns.longitude else 0) | (MERGED if columns.merged else 0)


def pack(columns: Columns) -> bytes:
    """Return columns packed; the same columns always give the same bytes on one machine's zlib."""
    stream = _ints("H", columns.stream)
    order = sorted(range(len(stream)), key=stream.__getitem__)
    planes = [_planes(columns.stream, 2), _planes(_steps(_ints("I", columns.offset_ms)), 4), columns.flag]
    numbers = (columns.value, columns.longitude, columns.latitude) if columns.longitude else (columns.value,)
    planes += [_numbers(_ints("d", column), stream, order) for column in numbers]
    planes.append(_planes(columns.merged, 2))
    deflater = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return deflater.compress(b"".join(planes)) + deflater.flush()


def inflate(packed: bytes, count: int, layout: int) -> bytes:
    """Return the planes of `count` rows.

    Raises:
        ValueError: longer than so many rows can be, or no such stream.
    """
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    numbers = 3 if layout & POSITIONS else 1
    most = count * (9 + numbers * (_NUMBER + _RAW_BYTES))
    try:
        planes = inflater.decompress(packed, most + 1)
    except zlib.error as error:
        raise ValueError(f"the columns cannot be inflated: {error}") from error
    if not inflater.eof or inflater.unused_data or len(planes) > most:
        raise ValueError(f"the columns are not those of {count} readings")
    return planes


class Cursor:
    """Takes planes off one after the other; what is missing is an error, and so is what is left over."""

    def __init__(self, planes: bytes) -> None:
        self._planes = planes
        self._at = 0

    def take(self, size: int) -> bytes:
        """Return the next `size` bytes.

        Raises:
            ValueError: there are fewer.
        """
        taken = self._planes[self._at : self._at + size]
        self._at += size
        if len(taken) != size:
            raise ValueError("a column is cut off")
        return taken

    def codes(self, count: int) -> bytes:
        """Return the codes of a column of numbers.

        Raises:
            ValueError: there are fewer, or one that says nothing.
        """
        codes = self.take(count)
        if codes.translate(None, _CODES):
            raise ValueError("a column has a code that says nothing")
        return codes

    def end(self) -> None:
        """Return if nothing is left over.

        Raises:
            ValueError: there is.
        """
        if self._at != len(self._planes):
            raise ValueError("a column is too long")


def unpack(packed: bytes, count: int, layout: int) -> Columns:
    """Return columns as they were before packing; NaNs all have the same bits.

    Raises:
        ValueError: not the columns of so many readings.
    """
    cursor = Cursor(inflate(packed, count, layout))
    stream = _unplaned(cursor.take(2 * count), 2)
    offset_ms = _sums(_ints("I", _unplaned(cursor.take(4 * count), 4)))
    flag = cursor.take(count)
    indices = _ints("H", stream)
    order = sorted(range(count), key=indices.__getitem__)
    numbers = [_unpacked_numbers(cursor, order) for _ in range(3 if layout & POSITIONS else 1)]
    merged = _unplaned(cursor.take(2 * count), 2) if layout & MERGED else b""
    cursor.end()
    value, longitude, latitude = (*numbers, b"", b"")[:3]
    return Columns(stream, little("I", offset_ms), value, flag, longitude, latitude, merged)


def little(code: str, numbers: Iterable[float]) -> bytes:
    """Return numbers as a little-endian array; `code` is that of `array`."""
    column = array(code, numbers)
    if sys.byteorder == "big":
        column.byteswap()
    return column.tobytes()


def _ints(code: str, column: bytes) -> Any:
    """Return a little-endian array's numbers."""
    numbers = array(code, column)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _planes(column: bytes, width: int) -> bytes:
    return b"".join(column[byte::width] for byte in range(width))


def _unplaned(planes: bytes, width: int) -> bytes:
    count = len(planes) // width
    column = bytearray(len(planes))
    for byte in range(width):
        column[byte::width] = planes[byte * count : (byte + 1) * count]
    return bytes(column)


def _steps(numbers: Iterable[int]) -> bytes:
    """Return the zigzag-coded steps of 32-bit numbers."""
    steps, before = [], 0
    for number in numbers:
        step = ((number - before + _HALF) % _WORD) - _HALF
        steps.append(step << 1 if step >= 0 else ~(step << 1))
        before = number
    return little("I", steps)


def _sums(steps: Iterable[int]) -> Iterable[int]:
    """Return what `_steps` was given, modulo 2**32."""
    return (total % _WORD for total in accumulate((step >> 1) ^ -(step & 1) for step in steps))


def _numbers(column: Sequence[float], stream: Sequence[int], order: Sequence[int]) -> bytes:
    codes = bytearray(len(column))
    wholes: list[int] = []
    before = 0
    for _, group in groupby(order, key=stream.__getitem__):
        rows = list(group)
        digits, given = _decimal([column[row] for row in rows])
        for row, whole in zip(rows, given, strict=True):
            codes[row] = digits if whole is not None else NAN if math.isnan(column[row]) else RAW
            before = before if whole is None else whole
            wholes.append(before)
    raw = little("d", [number for number, code in zip(column, codes, strict=True) if code == RAW])
    return bytes(codes) + _planes(_steps(wholes), 4) + _planes(raw, _RAW_BYTES)


def _decimal(numbers: Sequence[float]) -> tuple[int, list[int | None]]:
    """Return with how many decimals all that can be are written, and each as such a whole number, None where not."""
    plain = [number for number in numbers if _is_plain(number)]
    for digits in range(DIGITS_MOST + 1):
        wholes = _wholes(plain, 10**digits)
        if wholes is not None:
            following = iter(wholes)
            return digits, [next(following) if _is_plain(number) else None for number in numbers]
    return 0, [None] * len(numbers)


def _is_plain(number: float) -> bool:
    """Return whether a number can be an instrument's: finite, and no zero with a minus."""
    return math.isfinite(number) and (number != 0 or math.copysign(1, number) > 0)


def _wholes(numbers: Sequence[float], power: int) -> list[int] | None:
    """Return the integers that, divided by `power`, are these numbers to the last bit; None when there are none."""
    wholes = []
    for number in numbers:
        if abs(number) * power >= _HALF:
            return None
        whole = round(number * power)
        if whole / power != number:
            return None
        wholes.append(whole)
    return wholes


def _unpacked_numbers(cursor: Cursor, order: Sequence[int]) -> bytes:
    codes = cursor.codes(len(order))
    wholes = _sums(_ints("I", _unplaned(cursor.take(4 * len(order)), 4)))
    raw = iter(_ints("d", _unplaned(cursor.take(_RAW_BYTES * codes.count(RAW)), _RAW_BYTES)))
    numbers = [math.nan] * len(order)
    for row, whole in zip(order, wholes, strict=True):
        if codes[row] <= DIGITS_MOST:
            numbers[row] = (whole - _WORD if whole >= _HALF else whole) / 10 ** codes[row]
    return little("d", [next(raw) if code == RAW else number for number, code in zip(numbers, codes, strict=True)])
