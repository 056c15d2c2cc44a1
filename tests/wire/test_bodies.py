"""What an envelope carries: blocks of readings, and the catalogue that they refer to."""

import struct

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.batch import (
    CatalogueBody,
    CatalogueDatastream,
    CatalogueDevice,
    CatalogueStation,
    Columns,
    ReadingsBody,
    encode_body,
    read_catalogue,
    read_readings,
)
from wire.errors import UnusablePayload


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


@given(st.integers(0, 50), st.booleans())
def test_columns_come_back_as_they_were_sent(count: int, moving: bool) -> None:  # noqa: FBT001  # drawn, not called
    """Any number of readings, fixed or moving, none included."""
    place = struct.pack(f"<{count}d", *([116.5] * count)) if moving else b""
    columns = Columns(bytes(2 * count), bytes(4 * count), bytes(8 * count), bytes(count), place, place)

    assert read_readings(block(columns)).columns == columns


@pytest.mark.parametrize("name", ["stream", "offset_ms", "value", "flag", "longitude", "latitude"])
@pytest.mark.parametrize("change", [-1, 1, 8])
def test_a_ragged_column_is_refused_by_name(columns: Columns, name: str, change: int) -> None:
    """One column of another length would put values under the wrong times."""
    whole = getattr(columns, name)
    ragged = whole[:change] if change < 0 else whole + bytes(change)
    with pytest.raises(UnusablePayload, match="column"):
        read_readings(block(msgspec.structs.replace(columns, **{name: ragged})))


@pytest.mark.parametrize("name", ["longitude", "latitude"])
def test_half_a_position_is_refused(columns: Columns, name: str) -> None:
    """A longitude without a latitude is no place."""
    with pytest.raises(UnusablePayload, match="position"):
        read_readings(block(msgspec.structs.replace(columns, **{name: b""})))


@given(st.binary(max_size=300))
def test_no_bytes_crash_the_body_readers(junk: bytes) -> None:
    """Signed by the right key, yet unusable: the hub journals it as refused and goes on."""
    for read in (read_readings, read_catalogue):
        with pytest.raises(UnusablePayload):
            read(junk)


@pytest.mark.parametrize("junk", [b"\x81\xa8software\xa1\xff", b"\x81\xa1x" + b"\x91" * 100_000 + b"\x01"])
def test_hostile_bodies_are_unusable(junk: bytes) -> None:
    """Text that is not UTF-8 and nesting without end are refusals, not crashes."""
    for read in (read_readings, read_catalogue):
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
