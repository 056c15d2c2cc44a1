"""A Nova on a serial line in memory."""

import asyncio
from typing import Any

import pytest

from edge.drivers.sds011.codec import ACTIVE, WAKE
from edge.drivers.sds011.driver import open_port
from edge.drivers.sds011.settings import NovaSettings
from wire.reading import Flag, Reading

GOOD = bytes.fromhex("aac0d4043a0aa1601dab")


def settings(**keys: Any) -> NovaSettings:
    """Return a device's table."""
    return NovaSettings(id="micro-1-pm", station="micro-1", driver="sds011", port="ttyS0", **keys)


async def first(line: Any, clock: Any, device: NovaSettings, raw: bytes) -> list[Reading]:
    """Return the readings of the first frame in some bytes."""
    async with open_port([device], clock, line.open) as driver:
        line.reader.feed_data(raw)
        return list(await anext(driver.readings()))


def test_frame_gives_tenths_at_its_arrival(line: Any, clock: Any) -> None:
    """Both fractions in the device's unit, at the time when the frame came, not judged yet."""
    found = asyncio.run(first(line, clock, settings(), b"\xaa" + GOOD))

    assert found == [
        Reading("micro-1-pm", "pm2_5", 5_000, 123.6, Flag.UNKNOWN),
        Reading("micro-1-pm", "pm10", 5_000, 261.8, Flag.UNKNOWN),
    ]


def test_end_of_the_range_is_sent_and_doubted(line: Any, clock: Any) -> None:
    """999.9 may stand for anything above it."""
    full = b"\xaa\xc0\x0f\x27\x0f\x27\xa1\x60\x6d\xab"

    found = asyncio.run(first(line, clock, settings(properties=("pm10",)), full))

    assert [(r.property, r.value, r.flag) for r in found] == [("pm10", 999.9, Flag.SUSPECT)]


def test_sds198_gives_total_suspended_particles(line: Any, clock: Any) -> None:
    """Up to 100 um, whole micrograms."""
    found = asyncio.run(first(line, clock, settings(model="sds198"), bytes.fromhex("aacf0e001000e9050cab")))

    assert [(r.property, r.value) for r in found] == [("tsp", 16.0)]


def test_silent_device_is_told_to_wake_and_send(line: Any, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asleep it answers nothing; set to be queried it says nothing."""
    monkeypatch.setattr("edge.drivers.serial_port.SILENT_S", 0.01)

    async def run() -> None:
        async with open_port([settings()], clock, line.open) as driver:
            coming = asyncio.create_task(anext(driver.readings()))
            await line.transport.spoken.wait()
            assert line.transport.written.startswith(WAKE + ACTIVE)
            line.reader.feed_data(GOOD)
            assert len(await coming) == 2

    asyncio.run(run())
