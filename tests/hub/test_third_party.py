"""What third parties report: read strictly, in the units of their datastreams, shown and never evidence."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.catalogue import STREAMS_MOST, Catalogue
from hub.errors import Unusable
from hub.third_party import AHEAD_MS, LARGEST_BYTES, ThirdParty, ThirdPartyStation, read_report
from wire.properties import PROPERTIES, to_canonical
from wire.reading import Flag

pytestmark = pytest.mark.component

NOON_MS = 1_420_776_000_000
READING = {"property": "pm2_5", "unit": "ug/m3", "time": "2015-01-09T04:00:00Z", "value": 35.2}


def party(name: str = "park", *places: str) -> ThirdParty:
    """Return a third party with stations in the middle of the town."""
    return ThirdParty(
        name, tuple(ThirdPartyStation(at, "micro_station", "公园", 116.5, 39.8) for at in places or ("park-01",))
    )


def report(*readings: dict[str, Any], **changes: Any) -> bytes:
    """Return a report of a device, of one reading unless others are given."""
    return json.dumps({"station": "park-01", "device": "box", "readings": readings or (READING,), **changes}).encode()


def admitted(*parties: ThirdParty) -> Catalogue:
    """Return a catalogue of third parties alone."""
    catalogue = Catalogue()
    catalogue.admit(parties or (party(),))
    return catalogue


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"property": "happiness"}, "'happiness' is not in the catalogue"),
        ({"unit": "dB(A)"}, r"readings\[1\] of park-01/box: pm2_5 cannot be in 'dB\(A\)'"),
        ({"time": "2015-01-10T04:00:00.001Z"}, "more than a day after"),
        ({"time": "1969-12-31T23:59:59Z"}, "before 1970"),
        ({"time": "2015-01-09T04:00:00"}, "timezone"),
        ({"time": 1_420_776_000}, "Expected `datetime`"),
        ({"value": None}, "Expected `float`"),
        ({"value": "35.2"}, "Expected `float`"),
        ({"value": True}, "Expected `float`"),
        ({"value": math.nan}, "malformed"),
        ({"value": math.inf}, "malformed"),
        ({"value": -1e13}, "no measured value"),
        ({"flag": 1}, "unknown field `flag`"),
    ],
)
def test_reading_that_nobody_could_use_spoils_its_report(change: dict[str, Any], reason: str) -> None:
    """The reason names the reading and what is wrong with it."""
    with pytest.raises(Unusable, match=reason):
        read_report("park", report(READING, READING | change), NOON_MS)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "unreadable"),
        (b"\xff\xfe", "unreadable"),
        (b"[" * 60_000, "unreadable"),
        (b'{"station": "park-01", "device": "box", "readings": []}', "unreadable"),
        (b'{"station": "park-01", "readings": [{}]}', "unreadable"),
        (report(device="Box 1"), "device 'Box 1'"),
        (report(note="hello"), "unknown field `note`"),
        (b" " * (LARGEST_BYTES + 1), "too many"),
    ],
)
def test_report_that_is_none_is_refused(body: bytes, reason: str) -> None:
    """Too large, not JSON, or of another form."""
    with pytest.raises(Unusable, match=reason):
        read_report("park", body, NOON_MS)


@given(
    st.binary(max_size=300)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["station", "device", "readings", "time", "value"]), inner, max_size=4)
        ),
    ).map(lambda value: json.dumps(value).encode())
)
def test_whatever_comes_is_read_or_refused(body: bytes) -> None:
    """No other error leaves the decoder, whatever the bytes."""
    with pytest.raises(Unusable):
        read_report("park", body, NOON_MS)


@st.composite
def sound(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a reading that can be taken."""
    name, time_ms = draw(st.sampled_from(sorted(PROPERTIES))), draw(st.integers(1, NOON_MS + AHEAD_MS))
    stamp = str(np.datetime64(time_ms, "ms")) + "Z"
    return {"property": name, "unit": PROPERTIES[name].unit, "time": stamp, "value": draw(st.floats(-1e12, 1e12))}


@given(st.lists(sound(), min_size=1, max_size=12))
def test_sound_readings_come_out_as_sent(readings: list[dict[str, Any]]) -> None:
    """To the millisecond and the last bit; of one datastream and time the first stands; UNKNOWN throughout."""
    catalogue = admitted()
    columns = catalogue.reported("park", report(*readings), NOON_MS)
    first: dict[tuple[str, str], float] = {}
    for reading in readings:
        first.setdefault((reading["property"], reading["time"]), reading["value"])

    ids = [catalogue.datastreams[row].id.removeprefix("park-01/box/") for row in columns.row.tolist()]
    stamps = [f"{np.datetime64(time_ms, 'ms')}Z" for time_ms in columns.time_ms.tolist()]
    assert dict(zip(zip(ids, stamps, strict=True), columns.value.tolist(), strict=True)) == first
    assert len(columns) == len(first)
    assert set(columns.flag.tolist()) == {Flag.UNKNOWN}
    assert [stream.row for stream in catalogue.datastreams] == list(range(len(catalogue.datastreams)))


def test_a_datastream_keeps_the_unit_in_which_it_first_came() -> None:
    """What comes in another unit is converted."""
    catalogue = admitted()
    other = READING | {"unit": "mg/m3", "time": "2015-01-09T04:01:00Z", "value": 0.036}
    columns = catalogue.reported("park", report(READING, other), NOON_MS)

    assert [stream.unit for stream in catalogue.datastreams] == ["ug/m3"]
    assert columns.value.tolist() == [35.2, pytest.approx(36.0)]
    assert to_canonical("pm2_5", "mg/m3") == (1000.0, 0.0)


def test_only_who_is_configured_reports_of_its_own_stations() -> None:
    """Also after the configuration has changed; what was known stays."""
    catalogue = admitted(party(), party("school", "school-01"))
    catalogue.reported("park", report(), NOON_MS)
    with pytest.raises(Unusable, match="this third party is not"):
        catalogue.report("stranger", report(), NOON_MS)
    with pytest.raises(Unusable, match="'park-01' is not its"):
        catalogue.report("school", report(), NOON_MS)
    catalogue.admit((party("school", "school-01"),))
    with pytest.raises(Unusable, match="this third party is not"):
        catalogue.report("park", report(), NOON_MS)

    assert [station.id for station in catalogue.stations] == ["park-01", "school-01"]
    assert len(catalogue.datastreams) == 1


def test_a_station_is_a_gateways_or_a_third_partys_never_both(town: Any) -> None:
    """Whoever came first keeps it: nobody speaks through the other's datastreams."""
    catalogue = Catalogue()
    catalogue.add(town.catalogue())
    catalogue.admit((party("park", "m00"),))
    with pytest.raises(Unusable, match="m00 is of gateway gw"):
        catalogue.report("park", report(station="m00"), NOON_MS)
    assert catalogue.by_station["m00"].signed

    with pytest.raises(Unusable, match="m00 is a third party's"):
        admitted(party("park", "m00")).add(town.catalogue())


def test_a_station_has_room_for_so_many_datastreams() -> None:
    """Devices are named by who reports: without a bound they would fill the hub's memory."""
    catalogue = admitted()
    for number in range(STREAMS_MOST):
        catalogue.reported("park", report(device=f"box-{number}"), NOON_MS)
    with pytest.raises(Unusable, match="more than"):
        catalogue.reported("park", report(device="one-more"), NOON_MS)

    assert len(catalogue.datastreams) == STREAMS_MOST
    assert len(catalogue.reported("park", report(device="box-0"), NOON_MS)) == 1
