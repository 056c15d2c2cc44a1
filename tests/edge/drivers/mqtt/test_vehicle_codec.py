"""The vehicle's JSON, which is acknowledged by its number even when it cannot be used."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.drivers.mqtt.codec import Elsewhere, Report, Unusable, encode_acknowledgement, read_payload
from edge.drivers.mqtt.mapping import load_mapping

VEHICLE = load_mapping("vehicle")
TIME = "2013-10-04T08:00:00.000Z"


def read(payload: bytes) -> Report | Unusable | Elsewhere:
    """Return what a vehicle's payload says."""
    return read_payload(payload, VEHICLE)


def test_report_is_read_as_documented() -> None:
    """Every key of the feed's page."""
    air = b'"pm2_5": 85.5, "pm10": 120, "nox": null'
    payload = b'{"sn": 17, "time": "2013-10-04T08:00:00.250Z", ' + air + b', "lon": 116.5, "lat": 39.8}'

    report = read(payload)

    assert isinstance(report, Report)
    assert (report.sn, report.time_ms) == (17, 1_380_873_600_250)
    assert [(one.property, one.value) for one in report.values] == [("pm2_5", 85.5), ("pm10", 120.0)]
    assert (report.longitude, report.latitude) == (116.5, 39.8)
    assert report.faults == ()


def test_acknowledgement_is_written_as_documented() -> None:
    """The same key, and nothing else."""
    assert encode_acknowledgement("sn", 17) == b'{"sn":17}'


@pytest.mark.parametrize(
    ("keys", "word"),
    [
        ({"time": "yesterday"}, "time"),
        ({"time": "2013-10-04T08:00:00"}, "timezone"),
        ({"time": "1970-01-01T00:00:08Z"}, "2000"),
        ({"time": 17}, "time"),
        ({"time": TIME, "lon": 116.5}, "together"),
        ({"time": TIME, "lon": 200.0, "lat": 39.8}, "lon"),
        ({"time": TIME, "lon": "east", "lat": 39.8}, "lon"),
        ({}, "time"),
    ],
)
def test_unusable_json_still_gives_its_number(keys: dict[str, object], word: str) -> None:
    """What cannot be used says why, and can be acknowledged."""
    unusable = read(json.dumps({"sn": 17, **keys}).encode())

    assert isinstance(unusable, Unusable)
    assert unusable.sn == 17
    assert word in unusable.reason


@pytest.mark.parametrize("value", ["much", "85", True, [85], {"a": 1}])
def test_value_that_is_no_number_costs_only_itself(value: object) -> None:
    """The others are taken; the fault says where."""
    report = read(json.dumps({"sn": 17, "time": TIME, "pm10": value, "o3": 61}).encode())

    assert isinstance(report, Report)
    assert [one.property for one in report.values] == ["o3"]
    assert [fault.split(":")[0] for fault in report.faults] == ["pm10"]


@pytest.mark.parametrize(
    "payload", [b"", b"{", b"[]", b"17", b'{"sn": -1}', b'{"sn": "17"}', b'{"sn": 1e400, "time": 1}']
)
def test_json_without_a_number_cannot_be_acknowledged(payload: bytes) -> None:
    """Nothing to acknowledge, nothing to read."""
    unusable = read(payload)

    assert isinstance(unusable, Unusable)
    assert unusable.sn is None


def test_endless_payload_is_refused_by_its_length() -> None:
    """A payload beyond the limit is not even decoded."""
    unusable = read(b'{"sn": 5, "x": "' + b"a" * VEHICLE.longest + b'"}')

    assert isinstance(unusable, Unusable)
    assert unusable.sn == 5
    assert "longer" in unusable.reason


@pytest.mark.parametrize("payload", [b"[" * 4000, b'{"a":' * 700 + b"1" + b"}" * 700])
def test_json_that_is_too_deep_is_unusable(payload: bytes) -> None:
    """It costs itself, not the connection."""
    for name in ("vehicle", "camera", "senml"):
        assert isinstance(read_payload(payload, load_mapping(name)), Unusable)


def test_torn_json_gives_the_number_that_can_be_seen() -> None:
    """A payload cut in the middle stops the feed for nobody."""
    unusable = read(b'{"sn": 18, "time": "2013-10')

    assert isinstance(unusable, Unusable)
    assert unusable.sn == 18


@settings(max_examples=60)
@given(
    name=st.sampled_from(["vehicle", "camera", "sensor_community", "airgradient", "purpleair", "senml"]),
    payload=st.binary(max_size=100)
    | st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["sn", "time", "n", "v", "vb", "bt", "lon", "observations"]), inner)
        ),
        max_leaves=8,
    ).map(lambda tree: json.dumps(tree).encode()),
)
def test_no_payload_breaks_the_reader(name: str, payload: bytes) -> None:
    """Whatever comes is a report, unusable, or another's."""
    assert isinstance(read_payload(payload, load_mapping(name)), Report | Unusable | Elsewhere)
