"""Feeds that nobody acknowledges: their times, what they repeat, and what a lab's camera box may say."""

import json
import logging
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.drivers import DRIVERS
from edge.drivers.mqtt.codec import Report, read_payload
from edge.drivers.mqtt.driver import open_port
from edge.drivers.mqtt.feed import TIMES_KEPT, Feed
from edge.drivers.mqtt.mapping import load_mapping
from edge.drivers.mqtt.settings import MqttSettings
from firmware_sim.instruments.feeds import Seen, airgradient, airrohr, camera, purpleair, senml
from wire.reading import Flag, Reading

UTC_MS = 1_380_873_600_000  # where the clock stands, five seconds after boot
AIR = {"pm2_5": 26.5, "pm10": 41.7, "temperature": 8.2, "humidity": 74.5, "pressure": 1021.5}


def device(mapping: str, **keys: Any) -> MqttSettings:
    """Return the table of a device."""
    return MqttSettings(id="a", station="s", driver="mqtt", host="127.0.0.1", topic="t", mapping=mapping, **keys)


def plain(taken: list[Sequence[Reading]]) -> dict[str, tuple[int, float, Flag]]:
    """Return time, value and flag by property."""
    return {one.property: (one.monotonic_ms, one.value, one.flag) for readings in taken for one in readings}


@pytest.mark.parametrize(
    ("mapping", "payload", "wire"),
    [
        ("sensor_community", airrohr("1", AIR), AIR | {"pressure": 102150.0}),
        ("airgradient", airgradient("1", AIR, firmware=(3, 0)), AIR | {"voc_index": 100.0}),
        ("airgradient", airgradient("1", AIR), AIR | {"voc_index": 100.0}),
        ("senml", senml("urn:dev:mac:24", None, AIR), AIR | {"pressure": 102150.0}),
    ],
)
def test_what_a_device_writes_is_read(clock: Any, mapping: str, payload: bytes, wire: dict[str, float]) -> None:
    """In the units of the wire, at the time of arrival."""
    taken = plain(Feed(device(mapping), clock).take(payload, 0.0))

    assert {name: at for name, (at, _, _) in taken.items()} == dict.fromkeys(taken, 5_000)
    expected = {name: value for name, value in wire.items() if name in load_mapping(mapping).datastreams}
    expected = {name: value for name, value in expected.items() if mapping != "airgradient" or name != "pressure"}
    assert {name: value for name, (_, value, _) in taken.items()} == pytest.approx(expected)


def test_own_time_counts_and_its_repeat_does_not(clock: Any) -> None:
    """A page that is asked more often than it changes gives its values once."""
    feed = Feed(device("purpleair"), clock)
    first = plain(feed.take(purpleair("1", UTC_MS - 60_000, AIR, AIR), 0.0))
    again = feed.take(purpleair("1", UTC_MS - 60_000, AIR, AIR), 0.0)
    later = plain(feed.take(purpleair("1", UTC_MS, AIR, AIR), 0.0))

    assert first["temperature"] == (5_000 - 60_000, 47.0, Flag.UNKNOWN)
    assert again == []
    assert later["pm10"] == (5_000, 41.7, Flag.UNKNOWN)


def test_same_time_of_another_quantity_is_no_repeat(clock: Any) -> None:
    """Devices that publish each quantity in a pack of its own share the time."""
    feed = Feed(device("senml"), clock)
    taken = [feed.take(senml("urn:dev:mac:24", UTC_MS, {name: 1.0}), 0.0) for name in ("temperature", "humidity")]

    assert [[one.property for (one,) in each] for each in taken] == [["temperature"], ["humidity"]]


def test_times_that_are_remembered_are_bounded(clock: Any) -> None:
    """A feed that runs for years does not fill the memory."""
    feed = Feed(device("senml"), clock)
    for second in range(TIMES_KEPT + 1):
        feed.take(senml("urn:dev:mac:24", UTC_MS - second * 1000, {"temperature": 1.0}), 0.0)

    assert len(feed._seen) == TIMES_KEPT


def test_retained_payload_without_a_time_is_not_taken(clock: Any) -> None:
    """It may be a year old; with a time of its own it is what it says."""
    timeless = Feed(device("airgradient"), clock).take(airgradient("1", AIR), 0.0, retained=True)
    dated = Feed(device("purpleair"), clock).take(purpleair("1", UTC_MS - 1000, AIR, {}), 0.0, retained=True)

    assert timeless == []
    assert plain(dated)["pm10"][0] == 4_000


def test_feeds_are_taken_while_the_date_is_unknown(clock: Any) -> None:
    """At their arrival; only who sends again can wait."""
    clock.offset_ms = lambda: None
    taken = plain(Feed(device("purpleair"), clock).take(purpleair("1", UTC_MS - 60_000, AIR, {}), 0.0))
    vehicle = Feed(device("vehicle"), clock)

    assert taken["pm10"][0] == 5_000
    assert vehicle.take(b'{"sn": 1, "time": "2013-10-04T08:00:00Z", "pm10": 1.0}', 0.0) == []
    assert vehicle.confirm() is None


def test_times_of_senml_are_absolute_or_relative(clock: Any) -> None:
    """Below 2^28 seconds from now, otherwise of Unix; base time and time add up."""
    pack = [
        {"bn": "urn:dev:mac:24:", "bt": UTC_MS / 1000, "n": "temperature", "u": "Cel", "v": 1.0, "t": -2},
        {"n": "temperature", "u": "Cel", "v": 2.0},
    ]
    relative = [{"n": "temperature", "u": "Cel", "v": 3.0, "t": -4.0}]
    feed = Feed(device("senml"), clock)

    (dated,) = feed.take(json.dumps(pack).encode(), 0.0)
    (undated,) = feed.take(json.dumps(relative).encode(), 0.0)
    assert [(one.monotonic_ms, one.value) for one in (*dated, *undated)] == [(3_000, 1.0), (5_000, 2.0), (1_000, 3.0)]


@pytest.mark.parametrize(
    ("row", "word"),
    [
        ({"n": "temperature", "u": "K", "v": 296.0}, "unit"),
        ({"n": "temperature", "v": 23.0}, "unit"),
        ({"n": "temperature", "u": "Cel", "v": "warm"}, "type"),
        ({"n": "temperature", "u": "Cel", "vb": [1]}, "type"),
        ({"n": "temperature", "u": "Cel", "v": 23.0, "bver": 11}, "version"),
        ({"n": "temperature", "u": "Cel", "v": 23.0, "crc_": 1}, "understood"),
        ("temperature", "object"),
    ],
)
def test_senml_that_we_do_not_understand_is_said(clock: Any, row: object, word: str) -> None:
    """Another unit, no unit, another version, a label that must be understood."""
    feed = Feed(device("senml"), clock)

    assert feed.take(json.dumps([row]).encode(), 0.0) == []
    assert word in feed.health.fault


def test_base_value_adds_up(clock: Any) -> None:
    """The base value adds up; text is no reading."""
    pack = [{"bu": "Cel", "bv": 20.0, "n": "temp", "v": 3.5}, {"n": "rh", "u": "%RH", "vs": "wet"}]
    taken = plain(Feed(device("senml"), clock).take(json.dumps(pack).encode(), 0.0))

    assert taken == {"temperature": (5_000, 23.5, Flag.UNKNOWN)}


def test_devices_of_one_pack_are_told_apart(clock: Any) -> None:
    """By the beginning of the name; one that has only that is read by its unit."""
    pack = json.dumps(
        [{"n": "urn:dev:ow:10e2", "u": "Cel", "v": 1.0}, {"n": "urn:dev:ow:20f3:temp", "u": "Cel", "v": 2.0}]
    )
    values = [
        plain(Feed(device("senml", identity=name), clock).take(pack.encode(), 0.0))
        for name in ("urn:dev:ow:10e2", "urn:dev:ow:20f3", "urn:dev:ow:3")
    ]

    assert [[value for _, value, _ in each.values()] for each in values] == [[1.0], [2.0], []]


def test_payload_with_nothing_of_ours_is_said(clock: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Once in the log, so that a wrong mapping is found, and counted."""
    feed = Feed(device("airgradient"), clock)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert feed.take(b'{"temp": 1}', 0.0) == []

    assert feed.health.failures == 2
    assert feed.health.fault == "holds nothing that the mapping 'airgradient' knows"
    assert len(caplog.records) == 1


def test_camera_box_says_what_it_sees(clock: Any) -> None:
    """1 while it sees it, 0 while it does not, suspect when it is not sure; unknown types are not ours."""
    seen = [
        Seen("no_gloves", seen=True, confidence=0.93),
        Seen("open_flame", seen=False, confidence=0.9),
        Seen("no_goggles", seen=True, confidence=0.4),
    ]
    seen += [Seen("persons", 2, 0.88), Seen("smoking", seen=True, confidence=0.99)]
    taken = plain(Feed(device("camera"), clock).take(camera(4, "lab-03", UTC_MS - 1000, seen), 0.0))

    assert taken == {
        "no_gloves": (4_000, 1.0, Flag.UNKNOWN),
        "no_goggles": (4_000, 1.0, Flag.SUSPECT),
        "open_flame": (4_000, 0.0, Flag.UNKNOWN),
        "persons": (4_000, 2.0, Flag.UNKNOWN),
    }


@pytest.mark.parametrize(
    "hidden",
    [
        {"image": "A" * 300},
        {"meta": {"thumbnail": ["x" * 257]}},
        {"pixels": [0] * 65},
        {"rows": [[0] * 64, [0] * 65]},
        {"x" * 300: 1},
        {"image": "A" * 5000},
    ],
)
def test_payload_that_could_hold_a_picture_is_refused_unread(
    clock: Any, caplog: pytest.LogCaptureFixture, hidden: dict[str, Any]
) -> None:
    """Whatever else it says; neither log nor health repeats a byte of it."""
    payload = json.loads(camera(4, "lab-03", UTC_MS, [Seen("no_gloves", seen=True, confidence=0.93)])) | hidden
    feed = Feed(device("camera"), clock)

    assert feed.take(json.dumps(payload).encode(), 0.0) == []
    assert feed.health.failures == 1
    assert "AAAA" not in caplog.text + feed.health.fault
    assert "xxxx" not in caplog.text + feed.health.fault


@given(
    confidence=st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    seen=st.booleans() | st.integers(-5, 5) | st.text(max_size=5) | st.none(),
)
def test_no_observation_is_made_up(confidence: object, seen: object) -> None:
    """A value comes only of a number or a truth, and of a confidence that is a number."""
    row = {"type": "persons", "count": seen, "confidence": confidence}
    report = read_payload(json.dumps({"observations": [row]}).encode(), load_mapping("camera"))

    assert isinstance(report, Report)
    assert [one.value for one in report.values] in ([], [seen])


def test_topic_is_shared_by_devices_with_names(clock: Any) -> None:
    """Two monitors of one topic are two devices of one port; without names they are a mistake."""
    one, other = device("airgradient", identity="1"), MqttSettings(
        id="b", station="s", driver="mqtt", host="127.0.0.1", topic="t", mapping="airgradient", identity="2"
    )  # fmt: skip

    assert sorted(open_port([one, other], clock).health) == ["a", "b"]
    with pytest.raises(ValueError, match=r"topic: .* identity"):
        open_port([one, device("airgradient", identity="1")], clock)


def test_only_the_acknowledged_feed_sends_again() -> None:
    """The agent compares its times with those in the outbox."""
    assert DRIVERS["mqtt"].sends_again(device("vehicle"))
    assert not DRIVERS["mqtt"].sends_again(device("purpleair"))
