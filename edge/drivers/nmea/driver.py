"""Listens to a satellite receiver."""

import math
from collections.abc import Sequence

from edge.drivers.driver import Driver
from edge.drivers.nmea.codec import Fix, NmeaDecoder, Passed
from edge.drivers.nmea.settings import NmeaSettings
from edge.drivers.serial_port import Listener, OpenStreams, only, open_serial
from wire.clock import Clock
from wire.reading import Flag, Reading


def open_port(devices: Sequence[NmeaSettings], clock: Clock, open_streams: OpenStreams = open_serial) -> Driver:
    """Return the driver of one port: readings of "speed" that carry the position.

    Raises:
        ValueError: more than one device is said to be on the port.
    """
    settings = only(devices)

    def interpret(found: Fix | Passed, arrival_ms: int) -> Sequence[Reading]:
        if isinstance(found, Passed):
            return ()
        flag = Flag.MISSING if math.isnan(found.speed) else Flag.UNKNOWN
        return [Reading(settings.id, "speed", arrival_ms, found.speed, flag, found.longitude, found.latitude)]

    return Listener[Fix | Passed](
        settings.port,
        settings.baud,
        settings.id,
        settings.period_s,
        clock,
        NmeaDecoder,
        interpret,
        open_streams=open_streams,
    )
