"""Rows for what gateways list, and readings decoded by it."""

from typing import Any

import msgspec
import numpy as np
import pytest

from hub.catalogue import Catalogue, is_dated
from hub.errors import Unusable
from wire.batch import (
    NO_HASH,
    CatalogueBody,
    CatalogueDatastream,
    CatalogueDevice,
    CatalogueStation,
    Payload,
    ReadingsBody,
    encode_body,
)
from wire.columns import Columns

STATION = CatalogueStation("micro-001", "micro_station", "一号站", 116.5, 39.8, "Station 1")
VEHICLE = CatalogueStation("patrol-1", "vehicle", "巡逻一号")
DEVICES = (CatalogueDevice("micro-001-pm", "micro-001", "pms"), CatalogueDevice("patrol-1-air", "patrol-1", "mqtt"))
PM25 = CatalogueDatastream(0, "micro-001-pm", "pm2_5", "ug/m3", 60)
PM10 = CatalogueDatastream(3, "micro-001-pm", "pm10", "ug/m3", 60)
NOX = CatalogueDatastream(1, "patrol-1-air", "nox", "ug/m3", 10)


def listing(*streams: CatalogueDatastream, stations: Any = (STATION, VEHICLE), **changes: Any) -> Payload:
    """Return a catalogue payload."""
    body = CatalogueBody(bytes(16), 1, "test", stations, DEVICES, streams)
    payload = Payload("gw-east", 7, 1, 1, NO_HASH, "catalogue", 0, "ntp", encode_body(body))
    return msgspec.structs.replace(payload, **changes)


def readings(index: list[int], values: list[float], flags: list[int] | None = None, **changes: Any) -> Payload:
    """Return a payload of readings, a second after another."""
    columns = Columns(
        np.array(index, "<u2").tobytes(),
        (np.arange(len(index)) * 1000).astype("<u4").tobytes(),
        np.array(values, "<f8").tobytes(),
        bytes(flags or [2] * len(index)),
        *changes.pop("position", ()),
    )
    body = encode_body(ReadingsBody(bytes(16), 1, 0, columns))
    return msgspec.structs.replace(Payload("gw-east", 7, 2, 1, NO_HASH, "readings", 5000, "ntp", body), **changes)


@pytest.fixture
def catalogue() -> Catalogue:
    """Return a catalogue of three datastreams."""
    catalogue = Catalogue()
    catalogue.add(listing(PM25, PM10, NOX))
    return catalogue


def test_rows_are_given_in_the_order_of_the_journal(catalogue: Catalogue) -> None:
    """A datastream keeps its row for all time, also when another epoch or gateway gives it another index."""
    moved = CatalogueDatastream(9, "micro-001-pm", "pm10", "ug/m3", 60)
    new = CatalogueDatastream(0, "micro-001-pm", "pm1", "ug/m3", 60)
    catalogue.add(listing(new, moved, gateway="gw-west", epoch=8))

    ids = [stream.id for stream in catalogue.datastreams]
    expected = ["pm2_5", "pm10", "nox", "pm1"]
    assert expected == [identity.rpartition("/")[2] for identity in ids]
    assert ids[0] == "micro-001/micro-001-pm/pm2_5"
    assert list(range(4)) == [stream.row for stream in catalogue.datastreams]
    assert [1, 3] == catalogue.columns(readings([9, 0], [1, 2], gateway="gw-west", epoch=8)).row.tolist()
    assert [1, 0] == catalogue.columns(readings([3, 0], [1, 2])).row.tolist()


def test_adding_again_changes_nothing(catalogue: Catalogue) -> None:
    """A replay that begins too early gives the same catalogue."""
    before = catalogue.stations, catalogue.datastreams
    catalogue.add(listing(PM25, PM10, NOX))

    assert before == (catalogue.stations, catalogue.datastreams)


def test_stations_say_where_they_are_or_that_they_move(catalogue: Catalogue) -> None:
    """A fixed station has a place, a vehicle has none; the gateway that lists it is noted."""
    fixed, moving = catalogue.stations

    assert (116.5, 39.8, "gw-east", False) == (fixed.longitude, fixed.latitude, fixed.gateway, fixed.moving)
    assert moving.moving
    assert np.isnan(moving.longitude)
    assert catalogue.by_station["patrol-1"] == moving


def test_station_that_is_listed_anew_is_replaced(catalogue: Catalogue) -> None:
    """A station that was moved or renamed keeps its place in the order."""
    catalogue.add(listing(PM25, stations=(msgspec.structs.replace(STATION, longitude=116.6), VEHICLE)))

    assert [116.6] == [station.longitude for station in catalogue.stations if not station.moving]
    assert catalogue.stations[0].id == "micro-001"


def test_readings_are_decoded_as_sent(catalogue: Catalogue) -> None:
    """Times, values and flags of a block, without positions for a fixed station."""
    columns = catalogue.columns(readings([0, 3], [35.0, 80.0], [2, 4]))

    assert [5000, 6000] == columns.time_ms.tolist()
    assert [35.0, 80.0] == columns.value.tolist()
    assert [2, 4] == columns.flag.tolist()
    assert np.isnan(columns.longitude).all()
    assert ["int32", "int64", "float64", "uint8"] == [
        str(column.dtype) for column in (columns.row, columns.time_ms, columns.value, columns.flag)
    ]


def test_positions_are_decoded(catalogue: Catalogue) -> None:
    """A moving station's readings carry where they were taken."""
    place = (np.array([116.51], "<f8").tobytes(), np.array([39.81], "<f8").tobytes())
    columns = catalogue.columns(readings([1], [60.0], position=place))

    assert (116.51, 39.81) == (columns.longitude[0], columns.latitude[0])


def test_block_without_readings_is_decoded(catalogue: Catalogue) -> None:
    """An empty block is valid."""
    assert len(catalogue.columns(readings([], []))) == 0


def test_unit_that_changed_is_converted_to_the_first(catalogue: Catalogue) -> None:
    """A device that was set to another unit goes on in its series: one series has one unit for all time."""
    changed = msgspec.structs.replace(PM25, index=4, unit="mg/m3")
    catalogue.add(listing(PM25, PM10, NOX, changed))
    columns = catalogue.columns(readings([0, 4, 3], [35.0, 0.5, 80.0]))

    assert [0, 0, 1] == columns.row.tolist()
    assert [35.0, 500.0, 80.0] == columns.value.tolist()
    assert ["ug/m3"] * 3 == [stream.unit for stream in catalogue.datastreams]


def test_value_that_is_no_number_is_flagged_not_changed(catalogue: Catalogue) -> None:
    """NaN is missing, infinite is a fault of the device, whatever the gateway says; the values stay."""
    columns = catalogue.columns(readings([0, 0, 0], [np.nan, np.inf, 1.0], [1, 1, 1]))

    assert [9, 4, 1] == columns.flag.tolist()
    assert np.isinf(columns.value[1])


def test_estimated_date_takes_the_flag_good_away(catalogue: Catalogue) -> None:
    """Readings of a boot that never knew the time are stored and marked, and the judge is told."""
    payload = readings([0, 0], [1.0, 2.0], [1, 4], clock="estimated")

    assert [2, 4] == catalogue.columns(payload).flag.tolist()
    assert [False, True] == [is_dated(payload), is_dated(readings([0], [1.0]))]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (readings([0], [1.0], epoch=9), "has brought no catalogue"),
        (readings([0, 7], [1.0, 1.0]), "index 7 is not"),
        (readings([0, 2], [1.0, 1.0]), "index 2 is not"),
        (readings([0], [1.0], [5]), "QARTOD"),
        (listing(PM25), "not a block of readings"),
    ],
)
def test_readings_that_nothing_explains_are_unusable(catalogue: Catalogue, payload: Payload, reason: str) -> None:
    """An index that was not listed, a flag that does not exist, a body that is not readings."""
    with pytest.raises(Unusable, match=reason):
        catalogue.columns(payload)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (listing(msgspec.structs.replace(PM25, property="pm2.5")), "pm2.5"),
        (listing(msgspec.structs.replace(PM25, unit="ppb")), "use one of"),
        (listing(msgspec.structs.replace(PM25, period_s=0.0)), "period of 0.0 s"),
        (listing(PM25, stations=(msgspec.structs.replace(STATION, kind="house"), VEHICLE)), "kind 'house'"),
        (listing(PM25, stations=(msgspec.structs.replace(STATION, longitude=None), VEHICLE)), "nowhere"),
        (listing(PM25, stations=(VEHICLE,)), "does not list"),
    ],
)
def test_catalogue_that_cannot_be_taken_changes_nothing(catalogue: Catalogue, payload: Payload, reason: str) -> None:
    """What is wrong is named; not even the right part of it is taken over."""
    before = catalogue.stations, catalogue.datastreams
    with pytest.raises(Unusable, match=reason):
        catalogue.add(payload)

    assert before == (catalogue.stations, catalogue.datastreams)
    assert [0] == catalogue.columns(readings([0], [1.0])).row.tolist()
