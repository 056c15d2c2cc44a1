"""From a vehicle's JSON to readings, without a broker."""

import json
import logging
import math
from typing import Any

import pytest

from edge.drivers.mqtt.feed import Feed
from edge.drivers.mqtt.settings import MqttSettings
from wire.reading import Flag, Reading

UTC_MS = 1_380_873_600_000  # where the clock stands


def feed(clock: Any, **keys: Any) -> Feed:
    """Return a feed that has settled on number 1."""
    settings = MqttSettings(
        id="patrol-2-air", station="patrol-2", driver="mqtt", host="127.0.0.1", topic="vehicle/patrol-2/air", **keys
    )
    one = Feed(settings, clock)
    for _ in range(2):
        one.take(payload(1, pm10=1.0), 0.0)
    one.confirm()
    return one


def payload(sn: int, second: int = 0, **keys: Any) -> bytes:
    """Return a payload that was measured so many seconds after 07:59."""
    return json.dumps({"sn": sn, "time": f"2013-10-04T07:59:{second:02}.000Z", **keys}).encode()


def plain(readings: list[Reading]) -> list[tuple[str, int, float]]:
    """Return what matters most."""
    return [(one.property, one.monotonic_ms, one.value) for one in readings]


def test_readings_have_the_time_of_the_measurement(clock: Any) -> None:
    """A minute old when it arrives: a minute before now on the monotonic clock, also before the boot."""
    (readings,) = feed(clock).take(payload(2, 30, pm2_5=85.0, o3=61.5), 0.0)

    assert plain(list(readings)) == [("pm2_5", 5_000 - 30_000, 85.0), ("o3", 5_000 - 30_000, 61.5)]
    assert {one.flag for one in readings} == {Flag.UNKNOWN}


def test_position_of_the_payload_goes_with_each_reading(clock: Any) -> None:
    """Without one the agent gives that of the station."""
    one = feed(clock)
    (placed,) = one.take(payload(2, 1, nox=44.0, lon=116.5, lat=39.8), 0.0)
    (unplaced,) = one.take(payload(3, 2, nox=44.0), 0.0)

    assert (placed[0].longitude, placed[0].latitude) == (116.5, 39.8)
    assert math.isnan(unplaced[0].longitude)
    assert math.isnan(unplaced[0].latitude)


def test_only_the_chosen_properties_come(clock: Any) -> None:
    """The catalogue lists just these."""
    (readings,) = feed(clock, properties=("pm10",)).take(payload(2, 1, pm2_5=1.0, pm10=2.0), 0.0)

    assert plain(list(readings)) == [("pm10", 5_000 - 59_000, 2.0)]


def test_time_far_ahead_is_not_believed(clock: Any) -> None:
    """A vehicle whose clock is wrong by years must not make all that follows look old."""
    ahead = json.dumps({"sn": 2, "time": "2033-01-01T00:00:00Z", "pm10": 3.0}).encode()

    (readings,) = feed(clock).take(ahead, 0.0)

    assert plain(list(readings)) == [("pm10", 5_000, 3.0)]


def test_unusable_json_is_said_once_counted_and_acknowledged(clock: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The feed goes on behind it."""
    one = feed(clock)
    with caplog.at_level(logging.WARNING):
        for sn in (2, 3):
            assert one.take(b'{"sn": %d, "time": "never"}' % sn, 0.0) == []
            assert one.confirm() == b'{"sn":%d}' % sn

    assert one.health.failures == 2
    assert [log.args[0] for log in caplog.records if log.args] == ["patrol-2-air"]
    assert len(one.take(payload(4, 5, pm10=1.0), 0.0)) == 1


def test_garbage_without_a_number_changes_nothing(clock: Any) -> None:
    """It is counted; what was acknowledged stays."""
    one = feed(clock)

    assert one.take(b"\xff\xfe", 0.0) == []
    assert one.confirm() == b'{"sn":1}'
    assert one.health.failures == 1


def test_nothing_is_acknowledged_before_the_order_is_known(clock: Any) -> None:
    """A fresh feed waits for the second round."""
    one = feed(clock)
    one.connect()

    assert one.take(payload(2, 1, pm10=1.0), 0.0) == []
    assert one.confirm() is None
