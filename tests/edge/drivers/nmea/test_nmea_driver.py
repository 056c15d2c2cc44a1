"""A satellite receiver on a serial line in memory."""

import asyncio
import math
from typing import Any

import pytest

from edge.drivers.nmea.codec import NmeaDecoder
from edge.drivers.nmea.driver import Receiver, open_port
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


def heard(*sentences: bytes) -> list[tuple[Flag, bool]]:
    """Return flag and whether there is a place, by reading."""
    receiver = Receiver("patrol-1-gps")
    found = [receiver.interpret(one, 5_000) for one in NmeaDecoder().feed(b"".join(sentences))]
    return [(reading.flag, not math.isnan(reading.longitude)) for readings in found for reading in readings]


def test_receiver_without_a_fix_says_so() -> None:
    """A value that is missing, without a place: the device works, and nobody takes its old position for new."""
    assert heard(b"$GPRMC,,V,,,,,,,,,,N*53\r\n", FIX) == [(Flag.MISSING, False), (Flag.UNKNOWN, True)]


def test_quality_of_the_fix_counts_until_the_next_one() -> None:
    """Old receivers write no mode into RMC: GGA tells a reckoned position, or none."""
    reckoned = b"$GNGGA,064607.000,4546.2282,N,00311.6590,E,6,00,99.9,412.0,M,0.0,M,,*48\r\n"
    none = b"$GNGGA,064607.000,,,,,0,00,,,M,,M,,*65\r\n"

    assert heard(reckoned, FIX, FIX, none, FIX, OTHER, FIX) == [
        (Flag.SUSPECT, True),
        (Flag.SUSPECT, True),
        (Flag.MISSING, False),
        (Flag.UNKNOWN, True),
    ]


def test_fix_without_a_speed_still_gives_the_place() -> None:
    """The speed is missing, the position is not."""
    assert heard(b"$GPRMC,062357.00,A,2502.3376,N,12133.52528,E,,,231221,,,A*64\r\n") == [(Flag.MISSING, True)]
