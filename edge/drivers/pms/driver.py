"""Listens to a Plantower PMS in active mode."""

import math
from collections.abc import Callable, Sequence

from edge.drivers.driver import Driver
from edge.drivers.pms.codec import ACTIVE, WAKE, PmsDecoder, PmsFrame
from edge.drivers.pms.settings import PmsSettings, datastreams
from edge.drivers.serial_port import Listener, OpenStreams, only, open_line
from wire.clock import Clock
from wire.reading import Flag, Reading

_VALUES: dict[str, Callable[[PmsFrame], float]] = {
    "pm1": lambda frame: float(frame.words[3]),
    "pm2_5": lambda frame: float(frame.words[4]),
    "pm10": lambda frame: float(frame.words[5]),
    "temperature": lambda frame: frame.temperature,
    "humidity": lambda frame: frame.humidity,
}


def open_port(devices: Sequence[PmsSettings], clock: Clock, open_streams: OpenStreams = open_line) -> Driver:
    """Return the driver of one port; a device that falls silent is told to wake and to send.

    Raises:
        ValueError: more than one device is said to be on the port.
    """
    settings = only(devices)
    values = [(name, _VALUES[name]) for name, _ in datastreams(settings)]

    def interpret(frame: PmsFrame, arrival_ms: int) -> Sequence[Reading]:
        # The maker does not publish what the error byte means.
        flag = Flag.SUSPECT if frame.error else Flag.UNKNOWN
        found = [(name, value(frame)) for name, value in values]
        return [Reading(settings.id, n, arrival_ms, v, Flag.MISSING if math.isnan(v) else flag) for n, v in found]

    return Listener[PmsFrame](
        settings.port,
        settings.baud,
        settings.id,
        settings.period_s,
        clock,
        PmsDecoder,
        interpret,
        [name for name, _ in values],
        nudge=WAKE + ACTIVE,
        open_streams=open_streams,
    )
