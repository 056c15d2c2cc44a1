"""Ports: supervised one by one; readings completed before they are kept."""

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Self

import pytest

from edge import ports
from edge.clock import GatewayClock
from edge.drivers.driver import DeviceHealth
from edge.drivers.mqtt.settings import MqttSettings
from edge.drivers.nmea.settings import NmeaSettings
from edge.drivers.pms.settings import PmsSettings
from edge.errors import ConfigError, PortError
from edge.ports import Completion, Port, open_ports, supervise
from edge.repeats import Repeats
from wire.clock import ScaledClock
from wire.reading import Reading

CLOCK = GatewayClock(ScaledClock(0, 0, 1.0))
GPS = NmeaSettings(id="patrol-1-gps", station="patrol-1", driver="nmea", port="/dev/gps")
AIR = MqttSettings(id="patrol-1-air", station="patrol-1", driver="mqtt", host="::1", topic="vehicle/patrol-1/air")
PM = PmsSettings(id="micro-1-pm", station="micro-1", driver="pms", port="/dev/pm")


class ScriptedDriver:
    """A driver that plays one script an entrance: answers to yield, or an error to raise."""

    def __init__(self, *entrances: Sequence[Sequence[Reading] | Exception]) -> None:
        self.entrances = list(entrances)
        self.left = 0

    @property
    def health(self) -> Mapping[str, DeviceHealth]:
        """Nothing to tell."""
        return {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.left += 1

    async def readings(self) -> AsyncIterator[Sequence[Reading]]:
        """Play the next script; wait for ever behind the last."""
        for step in self.entrances.pop(0):
            if isinstance(step, Exception):
                raise step
            yield step
        if not self.entrances:
            await asyncio.Event().wait()


def _reading(value: float, device: str = "micro-1-pm", at: int = 0) -> Reading:
    return Reading(device, "pm2_5", at, value)


def _completion() -> Completion:
    return Completion((GPS, AIR, PM), CLOCK, Repeats({"patrol-1-air"}, [("patrol-1-air", 60_000)]))


def _supervise(driver: ScriptedDriver, wanted: int) -> list[float]:
    """Supervise until so many readings are kept."""
    kept: list[float] = []

    async def play() -> None:
        enough = asyncio.Event()

        def keep(readings: Sequence[Reading]) -> None:
            kept.extend(reading.value for reading in readings)
            if len(kept) >= wanted:
                enough.set()

        port = Port("/dev/pm", "pms", driver)
        task = asyncio.create_task(supervise(port, _completion(), keep))
        await asyncio.wait_for(enough.wait(), 5)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(play())
    return kept


def test_lost_port_is_said_once_and_its_return_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """However often it is tried: one warning when a port goes, one line when it is back, all readings kept."""
    monkeypatch.setattr(ports, "FIRST_WAIT_S", 0.0)
    gone = PortError("/dev/pm", "", "unplugged")
    driver = ScriptedDriver([[_reading(1)], gone], [gone], [gone], [[_reading(2)], [_reading(3)]])
    with caplog.at_level(logging.INFO, "edge.ports"):
        kept = _supervise(driver, 3)

    assert kept == [1, 2, 3]
    assert [(entry.levelname, entry.getMessage()) for entry in caplog.records] == [
        ("WARNING", "/dev/pm: /dev/pm: unplugged"),
        ("INFO", "/dev/pm: back"),
    ]
    assert driver.left == 4


def test_programming_error_of_a_driver_stays_on_its_port(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A driver may break in ways that nobody foresaw: it is started again, with the trace in the log."""
    monkeypatch.setattr(ports, "FIRST_WAIT_S", 0.0)

    kept = _supervise(ScriptedDriver([KeyError("surprise")], [[_reading(1)]]), 1)

    assert kept == [1]
    assert caplog.records[0].exc_info is not None


def test_moving_station_lends_its_position_to_its_devices() -> None:
    """The GPS receiver's fix goes to the air instrument's readings of that time, not to other stations."""
    completion = _completion()
    fix = Reading("patrol-1-gps", "speed", 30_000, 8.0, longitude=116.5, latitude=39.8)
    completion.complete("nmea", [fix])

    (air,) = completion.complete("mqtt", [_reading(85, "patrol-1-air", 31_000)])
    (fixed,) = completion.complete("pms", [_reading(85)])

    assert (air.longitude, air.latitude) == (116.5, 39.8)
    assert math.isnan(fixed.longitude)


def test_position_of_the_device_itself_is_not_overwritten() -> None:
    """A feed that brings its own position keeps it."""
    completion = _completion()
    completion.complete("nmea", [Reading("patrol-1-gps", "speed", 0, 8.0, longitude=116.5, latitude=39.8)])
    own = Reading("patrol-1-air", "pm10", 0, 8.0, longitude=116.6, latitude=39.9)

    assert completion.complete("mqtt", [own]) == [own]


def test_feed_that_repeats_itself_is_kept_once() -> None:
    """What an earlier life of the agent held, and what this one has kept, is not kept again."""
    completion = _completion()
    fresh = [_reading(1, "patrol-1-air", 120_000)]
    held = completion.complete("mqtt", [_reading(1, "patrol-1-air", 60_000)])
    first = completion.complete("mqtt", fresh)
    completion.kept(first)

    assert held == ()
    assert first == fresh
    assert completion.complete("mqtt", fresh) == ()


def test_devices_of_one_port_share_a_driver() -> None:
    """A line is opened once, whatever hangs on it."""
    opened = open_ports((PM, GPS, AIR), CLOCK)

    assert {port.name for port in opened} == {"/dev/pm", "/dev/gps", "mqtt://::1:1883"}


def test_devices_that_cannot_share_a_port_are_named() -> None:
    """Two feeds of one topic are a mistake of the configuration."""
    twin = MqttSettings(id="twin", station="patrol-1", driver="mqtt", host="::1", topic=AIR.topic)

    with pytest.raises(ConfigError, match="twin"):
        open_ports((AIR, twin), CLOCK)
