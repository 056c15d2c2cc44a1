"""A Plantower on a serial line in memory."""

import asyncio
import errno
import math
import os
from collections.abc import Sequence
from typing import Any

import pytest

from edge.drivers.pms.codec import ACTIVE, WAKE
from edge.drivers.pms.driver import open_port
from edge.drivers.pms.settings import PmsSettings
from edge.errors import PortError
from wire.reading import Flag, Reading

GOOD = bytes.fromhex("424d001c0005000d00160005000d001602fd00fc001d000f00060006970003c5")
COLD = bytes.fromhex("424d001c001700270029001600230029100804a90116000c00d400e09a0004aa")

ZEROS = bytes.fromhex("424d001c" + "00" * 26 + "00ab")
PMS3003 = bytes.fromhex("424d001400010001000100010001000100000000005100fa")


def settings(**keys: Any) -> PmsSettings:
    """Return a device's table."""
    return PmsSettings(id="micro-1-pm", station="micro-1", driver="pms", port="ttyS0", **keys)


async def take(line: Any, clock: Any, device: PmsSettings, chunks: Sequence[bytes], count: int) -> list[Reading]:
    """Feed the chunks and return the first `count` readings."""
    found: list[Reading] = []
    async with open_port([device], clock, line.open) as driver:
        for chunk in chunks:
            line.reader.feed_data(chunk)
        async for readings in driver.readings():
            found += readings
            if len(found) >= count:
                break
    return found


def test_frame_gives_atmospheric_values_at_its_arrival(line: Any, clock: Any) -> None:
    """Words 4 to 6 in the device's unit, at the time when the frame came, not judged yet."""
    found = asyncio.run(take(line, clock, settings(), [GOOD], 3))

    assert [(r.device, r.property, r.monotonic_ms, r.value, r.flag) for r in found] == [
        ("micro-1-pm", "pm1", 5_000, 5.0, Flag.UNKNOWN),
        ("micro-1-pm", "pm2_5", 5_000, 13.0, Flag.UNKNOWN),
        ("micro-1-pm", "pm10", 5_000, 22.0, Flag.UNKNOWN),
    ]


def test_subset_of_properties_is_all_that_comes(line: Any, clock: Any) -> None:
    """A PMS5003T asked for PM2.5 and temperature gives just these."""
    device = settings(model="pms5003t", properties=("temperature", "pm2_5"))

    found = asyncio.run(take(line, clock, device, [COLD], 2))

    assert [(r.property, r.value) for r in found] == [("pm2_5", 35.0), ("temperature", 21.2)]


def test_warm_up_gives_no_values_and_says_so(line: Any, clock: Any) -> None:
    """A frame of zeros makes every property that is wanted missing, at its time; the fault says why."""

    async def run() -> None:
        async with open_port([settings(properties=("pm2_5", "pm10"))], clock, line.open) as driver:
            line.reader.feed_data(ZEROS)
            found = await anext(driver.readings())
            assert [(r.property, r.flag, r.monotonic_ms) for r in found] == [
                ("pm2_5", Flag.MISSING, 5_000),
                ("pm10", Flag.MISSING, 5_000),
            ]
            assert all(math.isnan(r.value) for r in found)
            assert "warming up" in driver.health["micro-1-pm"].fault

    asyncio.run(run())


def test_device_that_states_an_error_is_doubted(line: Any, clock: Any) -> None:
    """The maker does not say what the error byte means: the values come, suspect."""
    ill = GOOD[:29] + b"\x02\x03\xc7"

    found = asyncio.run(take(line, clock, settings(), [ill], 3))

    assert [(r.value, r.flag) for r in found] == [(5.0, Flag.SUSPECT), (13.0, Flag.SUSPECT), (22.0, Flag.SUSPECT)]


def test_climate_that_another_model_cannot_give_is_missing(line: Any, clock: Any) -> None:
    """A PMS3003 where a PMS5003T was said to be gives its particles; what it has not got is missing, not made up."""
    device = settings(model="pms5003t", properties=("pm10", "temperature", "humidity"))

    found = asyncio.run(take(line, clock, device, [PMS3003], 3))

    assert [r.property for r in found] == ["pm10", "temperature", "humidity"]
    assert [r.flag for r in found] == [Flag.UNKNOWN, Flag.MISSING, Flag.MISSING]


def test_faults_are_counted_and_the_frames_around_them_kept(line: Any, clock: Any) -> None:
    """A wrong sum and noise show in the health, in words; the good frames come."""
    bent = GOOD[:-1] + b"\x00"

    async def run() -> None:
        async with open_port([settings()], clock, line.open) as driver:
            line.reader.feed_data(GOOD + bent + b"noise" + GOOD)
            stream = driver.readings()
            assert len([await anext(stream), await anext(stream)]) == 2
            health = driver.health["micro-1-pm"]
            assert (health.answers, health.silent, health.last_ms) == (2, 0, 5_000)
            assert (health.failures, health.fault) == (1, "wrong checksum")

    asyncio.run(run())


@pytest.mark.parametrize("number", [errno.EIO, errno.ETIMEDOUT])
def test_port_that_goes_away_is_an_error(line: Any, clock: Any, number: int) -> None:
    """An unplugged adapter ends the driver, named by port and device; so does a connection that timed out."""

    async def run() -> None:
        async with open_port([settings()], clock, line.open) as driver:
            line.reader.set_exception(OSError(number, "broken"))
            await anext(driver.readings())

    with pytest.raises(PortError, match=f"ttyS0: micro-1-pm: went away: {os.strerror(number)}"):
        asyncio.run(run())


def test_end_of_stream_is_an_error(line: Any, clock: Any) -> None:
    """A far end that hangs up ends the driver."""

    async def run() -> None:
        async with open_port([settings()], clock, line.open) as driver:
            line.reader.feed_eof()
            await anext(driver.readings())

    with pytest.raises(PortError, match="end of stream"):
        asyncio.run(run())


def test_silent_device_is_noted_and_told_to_wake(line: Any, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence does not end the driver: it is counted, the device is told to wake and send, and its next frame comes."""
    monkeypatch.setattr("edge.drivers.serial_port.SILENT_S", 0.01)

    async def run() -> None:
        async with open_port([settings()], clock, line.open) as driver:
            first = asyncio.create_task(anext(driver.readings()))
            health = driver.health["micro-1-pm"]
            await line.transport.spoken.wait()
            assert health.fault.startswith("silent")
            assert line.transport.written.startswith(WAKE + ACTIVE)
            line.reader.feed_data(GOOD)
            assert len(await first) == 3
            assert health.silent == 0

    asyncio.run(run())


def test_noise_is_no_sign_of_life(line: Any, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sleeping device on a line that picks up noise is told to wake all the same."""
    monkeypatch.setattr("edge.drivers.serial_port.SILENT_S", 0.01)

    async def babble() -> None:
        while True:
            line.reader.feed_data(b"\xfe")
            await asyncio.sleep(0)

    async def run() -> None:
        async with open_port([settings()], clock, line.open) as driver:
            babbling = asyncio.create_task(babble())
            first = asyncio.create_task(anext(driver.readings()))
            await line.transport.spoken.wait()
            babbling.cancel()
            assert line.transport.written.startswith(WAKE + ACTIVE)
            line.reader.feed_data(GOOD)
            assert len(await first) == 3

    asyncio.run(run())


def test_half_frame_of_an_earlier_opening_is_forgotten(line: Any, clock: Any) -> None:
    """The same driver can be entered again, and begins with nothing held."""

    async def run() -> list[float]:
        driver = open_port([settings(properties=("pm2_5",))], clock, line.open)
        values = []
        for chunk in (GOOD + GOOD[:20], GOOD):
            async with driver:
                line.reader.feed_data(chunk)
                values += [reading.value for reading in await anext(driver.readings())]
        return [*values, driver.health["micro-1-pm"].failures]

    assert asyncio.run(run()) == [13.0, 13.0, 0]
    assert line.opened == [("ttyS0", 9600)] * 2
