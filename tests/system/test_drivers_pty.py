"""Drivers on real serial ports: ptys with instruments behind them that know nothing of the drivers."""

import asyncio
import os
import time
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from edge.drivers import DRIVERS
from edge.drivers.modbus.settings import ModbusSettings
from edge.drivers.nmea.settings import NmeaSettings
from edge.drivers.pms.settings import PmsSettings
from edge.errors import PortError
from wire.clock import SystemClock

pytestmark = pytest.mark.system

PMS = bytes.fromhex("424d001c0005000d00160005000d001602fd00fc001d000f00060006970003c5")
RMC = b"$GNRMC,064607.000,A,4546.2282,N,00311.6590,E,0.76,0.00,230619,,,A*7D\r\n"
# XY-MD02: request for registers 1 and 2 of unit 1, and 24.5 degrees, 61.2 % as the answer.
ASK_CLIMATE = bytes.fromhex("010400010002200b")
CLIMATE = bytes.fromhex("01040400f50264eb3d")
# RS-ZS: request for register 0 of unit 2, and 55.3 dB(A).
ASK_NOISE = bytes.fromhex("0203000000018439")
NOISE = bytes.fromhex("02030202293cfa")


class Wire:
    """A pty: `port` is what a driver opens, `master` the instrument's end."""

    def __init__(self, link: Path) -> None:
        self.master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(self.master, False)
        link.symlink_to(os.ttyname(slave))
        self.port, self.slave = str(link), slave

    def unplug(self) -> None:
        """Pull the cable."""
        os.close(self.master)
        self.master = -1

    def close(self) -> None:
        """Give everything back."""
        os.close(self.slave)
        if self.master >= 0:
            os.close(self.master)


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    """A serial line."""
    one = Wire(tmp_path / "tty-instrument")
    yield one
    one.close()


def pms(wire: Wire) -> PmsSettings:
    """Return the table of a Plantower on this line."""
    return PmsSettings(id="micro-1-pm", station="micro-1", driver="pms", port=wire.port)


def test_plantower_on_a_pty_after_stale_bytes_and_noise(wire: Wire) -> None:
    """What lay in the buffer before the opening has no time and is thrown away; noise costs nothing behind it."""

    async def run() -> None:
        os.write(wire.master, PMS * 3)
        async with DRIVERS["pms"].open([pms(wire)], SystemClock()) as driver:
            stream = driver.readings()
            first = asyncio.create_task(anext(stream))
            done, _ = await asyncio.wait([first], timeout=0.2)
            assert done == set()
            os.write(wire.master, b"\x00\x42\xff\x42" + PMS[:7])
            os.write(wire.master, PMS[7:])
            async with asyncio.timeout(5):
                assert [one.value for one in await first] == [5.0, 13.0, 22.0]
            assert driver.health["micro-1-pm"].answers == 1

    asyncio.run(run())


def test_port_has_one_master(wire: Wire) -> None:
    """A second process on one line would steal bytes."""

    async def run() -> None:
        async with DRIVERS["pms"].open([pms(wire)], SystemClock()):
            with pytest.raises(PortError, match="cannot be opened"):
                async with DRIVERS["pms"].open([pms(wire)], SystemClock()):
                    pass
        async with DRIVERS["pms"].open([pms(wire)], SystemClock()):
            pass

    asyncio.run(run())


def test_unplugged_port_ends_the_driver_at_once(wire: Wire) -> None:
    """The supervisor hears of it and waits for the port's return."""

    async def run() -> None:
        async with DRIVERS["pms"].open([pms(wire)], SystemClock()) as driver:
            stream = driver.readings()
            os.write(wire.master, PMS)
            await anext(stream)
            wire.unplug()
            with pytest.raises(PortError, match="went away"):
                async with asyncio.timeout(5):
                    await anext(stream)

    asyncio.run(run())


def test_closing_does_not_wait_for_a_line_that_nobody_reads(wire: Wire) -> None:
    """A program ends within its time even when a nudge is still to be sent."""

    async def run() -> float:
        async with DRIVERS["pms"].open([pms(wire)], SystemClock()) as driver:
            driver._streams[1].write(b"\x00" * 100_000)  # type: ignore[attr-defined]
            await asyncio.sleep(0)
            started = time.monotonic()
        return time.monotonic() - started

    assert asyncio.run(run()) < 1


def test_position_on_a_pty(wire: Wire) -> None:
    """A receiver's sentence in two pieces."""
    settings = NmeaSettings(id="patrol-1-gps", station="patrol-1", driver="nmea", port=wire.port)

    async def run() -> None:
        async with DRIVERS["nmea"].open([settings], SystemClock()) as driver:
            first = asyncio.create_task(anext(driver.readings()))
            await asyncio.sleep(0)
            os.write(wire.master, RMC[:30])
            os.write(wire.master, RMC[30:])
            async with asyncio.timeout(5):
                (reading,) = await first
            assert (round(reading.longitude, 5), round(reading.latitude, 5)) == (3.19432, 45.77047)

    asyncio.run(run())


def instrument(wire: Wire, name: str, unit: int, profile: str, parity: Literal["N", "E"] = "N") -> ModbusSettings:
    """Return the table of an instrument on this line."""
    return ModbusSettings(
        id=name,
        station="lab",
        driver="modbus",
        port=wire.port,
        unit=unit,
        profile=profile,
        parity=parity,
        period_s=0.05,
        timeout_s=0.2,
    )


def test_lab_bus_with_a_unit_that_is_not_there(wire: Wire) -> None:
    """Two instruments answer on one line, a third never; stale bytes do not confuse the first answer."""
    devices = [
        instrument(wire, "climate", 1, "xy_md02"),
        instrument(wire, "noise", 2, "rs_zs_noise"),
        instrument(wire, "absent", 9, "rs_zs_noise"),
    ]

    async def run() -> None:
        answers = {ASK_CLIMATE: CLIMATE, ASK_NOISE: NOISE}

        def hear() -> None:
            back = answers.get(os.read(wire.master, 256))
            if back:
                os.write(wire.master, back[:4])
                os.write(wire.master, back[4:])

        os.write(wire.master, CLIMATE[3:])
        asyncio.get_running_loop().add_reader(wire.master, hear)
        seen: set[tuple[str, str, float]] = set()
        try:
            async with asyncio.timeout(10), DRIVERS["modbus"].open(devices, SystemClock()) as line:
                async for readings in line.readings():
                    seen |= {(one.device, one.property, one.value) for one in readings}
                    if len(seen) == 3 and line.health["absent"].failures:
                        break
                assert line.health["climate"].failures == 0
        finally:
            asyncio.get_running_loop().remove_reader(wire.master)
        assert seen == {
            ("climate", "temperature", 24.5),
            ("climate", "humidity", 61.2),
            ("noise", "noise", 55.3),
        }

    asyncio.run(run())


def test_parity_on_a_pty_is_refused_with_advice_or_dropped(wire: Wire) -> None:
    """A pseudo terminal knows no parity: either the error says so, or the port opens without it."""

    async def run() -> str:
        try:
            async with DRIVERS["modbus"].open([instrument(wire, "climate", 1, "xy_md02", "E")], SystemClock()):
                return "opened"
        except PortError as error:
            return error.reason

    reason = asyncio.run(run())

    assert reason == "opened" or "parity" in reason
