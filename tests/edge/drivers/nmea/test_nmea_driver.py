"""A satellite receiver on a serial line in memory."""

import asyncio
from typing import Any

import pytest

from edge.drivers.nmea.driver import open_port
from edge.drivers.nmea.settings import NmeaSettings
from wire.reading import Flag

FIX = b"$GNRMC,064607.000,A,4546.2282,N,00311.6590,E,0.76,0.00,230619,,,A*7D\r\n"
OTHER = b"$GNGGA,064607.000,4546.2282,N,00311.6590,E,1,05,2.6,412.0,M,0.0,M,,*77\r\n"


def test_fix_gives_speed_with_position(line: Any, clock: Any) -> None:
    """One reading of speed in m/s that carries the place; other sentences count as answers and give none."""
    settings = NmeaSettings(id="patrol-1-gps", station="patrol-1", driver="nmea", port="ttyS1", baud=4800)

    async def run() -> None:
        async with open_port([settings], clock, line.open) as driver:
            line.reader.feed_data(OTHER + FIX[:20])
            line.reader.feed_data(FIX[20:])
            (reading,) = await anext(driver.readings())
            assert (reading.device, reading.property, reading.monotonic_ms) == ("patrol-1-gps", "speed", 5_000)
            assert reading.value == pytest.approx(0.76 * 1852 / 3600)
            assert (reading.longitude, reading.latitude) == pytest.approx((3.1943167, 45.77047), abs=1e-6)
            assert reading.flag == Flag.UNKNOWN
            assert driver.health["patrol-1-gps"].answers == 2

    asyncio.run(run())
    assert line.opened == [("ttyS1", 4800)]
