"""What an envelope carries: blocks of readings, and the catalogue that they refer to."""

import math
import struct
import zlib
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.ingest.rows import read_rows
from wire.batch import (
    CatalogueBody,
    CatalogueDatastream,
    CatalogueDevice,
    CatalogueStation,
    ReadingsBody,
    encode_body,
    read_catalogue,
    read_packed,
    read_readings,
)
from wire.columns import Columns
from wire.errors import UnusablePayload

DECIMALS = st.builds(lambda whole, digits: whole / 10**digits, st.integers(-(1 << 31), 1 << 31), st.integers(0, 9))


@pytest.fixture
def catalogue() -> CatalogueBody:
    """One station with one device that measures two properties."""
    return CatalogueBody(
        boot=bytes(16),
        number=0,
        software="quietwatch 0.1.0",
        stations=(CatalogueStation("micro-001", "micro_station", "一号微站", 116.5, 39.8, "Micro-station 1"),),
        devices=(CatalogueDevice("micro-001-pm", "micro-001", "pms"),),
        datastreams=(
            CatalogueDatastream(0, "micro-001-pm", "pm2_5", "ug/m3", 60.0),
            CatalogueDatastream(1, "micro-001-pm", "pm10", "ug/m3", 60.0),
        ),
    )


def block(columns: Columns) -> bytes:
    """Return the body that these columns make."""
    return encode_body(ReadingsBody(bytes(16), 1, 5000, columns))


@st.composite
def rows(draw: st.DrawFn) -> Columns:
    """Draw columns as instruments and their faults may fill them."""
    count = draw(st.integers(0, 16))
    values = st.one_of(DECIMALS, st.floats(width=32), st.floats(), st.sampled_from([-0.0, math.inf, math.nan]))

    def column(code: str, numbers: st.SearchStrategy[float]) -> bytes:
        return struct.pack(f"<{count}{code}", *draw(st.lists(numbers, min_size=count, max_size=count)))

    moving, merged = draw(st.booleans()), draw(st.booleans())
    return Columns(
        column("H", st.integers(0, 4)),
        column("I", st.integers(0, (1 << 32) - 1)),
        column("d", values),
        column("B", st.sampled_from([1, 2, 3, 4, 9])),
        column("d", values) if moving else b"",
        column("d", values) if moving else b"",
        column("H", st.integers(1, 60)) if merged else b"",
    )


def numbers(column: bytes) -> list[str]:
    """Return a column's numbers so that all that differ are told apart: -0 from 0, and a NaN is a NaN."""
    return [repr(number) for number in memoryview(column).cast("d")]


@given(rows())
def test_columns_come_back_as_they_were_sent(sent: Columns) -> None:
    """To the last bit: decimals, floats of any width, zeros with a minus, infinities; fixed or moving."""
    read = read_readings(block(sent)).columns
    plain = ("stream", "offset_ms", "flag", "merged")

    assert [getattr(read, name) for name in plain] == [getattr(sent, name) for name in plain]
    for name in ("value", "longitude", "latitude"):
        assert numbers(getattr(read, name)) == numbers(getattr(sent, name))


@given(rows())
def test_the_hub_reads_the_same_without_a_loop(sent: Columns) -> None:
    """NumPy and plain Python unpack the same bytes to the same readings."""
    body = block(sent)
    columns, (head, read) = read_readings(body).columns, read_rows(body)
    numbered = ("value", "longitude", "latitude")
    there = {name: getattr(read, name) for name in Columns.__struct_fields__ if getattr(read, name) is not None}

    assert head.count == len(columns.flag)
    assert {
        name: numbers(column.tobytes()) if name in numbered else column.tobytes() for name, column in there.items()
    } == {name: numbers(getattr(columns, name)) if name in numbered else getattr(columns, name) for name in there}
    assert bool(columns.longitude) <= (read.longitude is not None)
    assert bool(columns.merged) <= (read.merged is not None)


def test_what_instruments_show_takes_few_bytes() -> None:
    """Two hundred readings of twenty steady datastreams, one decimal: less than two bytes each, times included."""
    count = 200
    values = [20 + stream % 20 + (stream * 7 // 20 % 5) / 10 for stream in range(count)]
    columns = Columns(
        struct.pack(f"<{count}H", *(row % 20 for row in range(count))),
        struct.pack(f"<{count}I", *(row // 20 * 1000 + row % 20 // 4 * 90 for row in range(count))),
        struct.pack(f"<{count}d", *values),
        bytes([2]) * count,
    )

    assert len(block(columns)) < 2 * count


@pytest.mark.parametrize("name", ["stream", "offset_ms", "value", "flag", "longitude", "latitude", "merged"])
@pytest.mark.parametrize("change", [-1, 1, 8])
def test_a_ragged_column_is_not_packed(columns: Columns, name: str, change: int) -> None:
    """One column of another length would put values under the wrong times."""
    whole = getattr(columns, name) or bytes(6)
    ragged = whole[:change] if change < 0 else whole + bytes(change)
    with pytest.raises(ValueError, match="column"):
        block(msgspec.structs.replace(columns, **{name: ragged}))


@pytest.mark.parametrize("name", ["longitude", "latitude"])
def test_half_a_position_is_not_packed(columns: Columns, name: str) -> None:
    """A longitude without a latitude is no place."""
    with pytest.raises(ValueError, match="position"):
        block(msgspec.structs.replace(columns, **{name: b""}))


def forged(columns: Columns, planes: bytes, count: int = 3, layout: int = 1) -> bytes:
    """Return a body that says `count` readings and has other planes."""
    deflater = zlib.compressobj(wbits=-15)
    packed = deflater.compress(planes) + deflater.flush()
    return msgspec.msgpack.encode([bytes(16), 1, 5000, count, layout, packed])


@pytest.mark.parametrize("read", [read_readings, read_rows])
def test_planes_that_are_not_of_so_many_readings_are_unusable(
    columns: Columns, read: Callable[[bytes], object]
) -> None:
    """Cut off, too long, a code that says nothing, a bomb, or another count than the planes have."""
    planes = zlib.decompress(read_packed(block(columns)).packed, -15)
    assert read(forged(columns, planes))
    for wrong, count, layout in (
        *((planes[:length], 3, 1) for length in range(len(planes))),
        (planes + b"\0", 3, 1),
        (planes[:21] + b"\x08" + planes[22:], 3, 1),
        (bytes(1 << 22), 3, 1),
        (planes, 2, 1),
        (planes, 4, 1),
        (planes, 3, 0),
        (planes, 3, 3),
    ):
        with pytest.raises(UnusablePayload):
            read(forged(columns, wrong, count, layout))


def test_block_that_says_more_readings_than_one_may_have_is_unusable() -> None:
    """Whatever it inflates to: the hub sets no memory aside for it."""
    body = msgspec.msgpack.encode([bytes(16), 1, 0, (1 << 16) + 1, 0, b""])
    with pytest.raises(UnusablePayload, match="not a block"):
        read_rows(body)


@given(st.binary(max_size=300))
def test_no_bytes_crash_the_body_readers(junk: bytes) -> None:
    """Signed by the right key, yet unusable: the hub journals it as refused and goes on."""
    for read in (read_readings, read_rows, read_catalogue):
        with pytest.raises(UnusablePayload):
            read(junk)


@pytest.mark.parametrize("junk", [b"\x93\xc4\x00\x01\xa1\xff", b"\x91" * 100_000 + b"\x01"])
def test_hostile_bodies_are_unusable(junk: bytes) -> None:
    """Text that is not UTF-8 and nesting without end are refusals, not crashes."""
    for read in (read_readings, read_rows, read_catalogue):
        with pytest.raises(UnusablePayload):
            read(junk)


def test_a_catalogue_comes_back_as_it_was_sent(catalogue: CatalogueBody) -> None:
    """Names in Chinese included."""
    assert read_catalogue(encode_body(catalogue)) == catalogue


def test_a_device_of_an_unlisted_station_is_refused(catalogue: CatalogueBody) -> None:
    """The refusal names what is missing."""
    with pytest.raises(UnusablePayload, match="micro-001"):
        read_catalogue(encode_body(msgspec.structs.replace(catalogue, stations=())))


def test_a_datastream_of_an_unlisted_device_is_refused(catalogue: CatalogueBody) -> None:
    """The refusal names what is missing."""
    with pytest.raises(UnusablePayload, match="micro-001-pm"):
        read_catalogue(encode_body(msgspec.structs.replace(catalogue, devices=())))


def test_an_index_that_means_two_series_is_refused(catalogue: CatalogueBody) -> None:
    """An index has one meaning for the life of an outbox."""
    twice = (catalogue.datastreams[0], msgspec.structs.replace(catalogue.datastreams[1], index=0))
    with pytest.raises(UnusablePayload, match="one index twice"):
        read_catalogue(encode_body(msgspec.structs.replace(catalogue, datastreams=twice)))


@pytest.mark.parametrize("index", [-1, 0x10000])
def test_an_index_that_no_column_can_hold_is_refused(catalogue: CatalogueBody, index: int) -> None:
    """Columns name datastreams in 16 bits."""
    wide = (msgspec.structs.replace(catalogue.datastreams[0], index=index),)
    with pytest.raises(UnusablePayload, match="not a catalogue"):
        read_catalogue(encode_body(msgspec.structs.replace(catalogue, datastreams=wide)))
