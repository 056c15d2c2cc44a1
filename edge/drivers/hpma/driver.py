"""Listens to a Honeywell HPM that sends by itself."""

import math
from collections.abc import Callable, Sequence
from typing import Final

from edge.drivers.driver import Driver
from edge.drivers.hpma.codec import MEASURE, SEND, HpmaDecoder, HpmaFrame
from edge.drivers.hpma.settings import HpmaSettings, datastreams
from edge.drivers.serial_port import Listener, OpenStreams, only, open_line
from wire.clock import Clock
from wire.reading import Flag, Reading

# The range of the data sheet, ug/m3.
MOST: Final = 1000
_VALUES: Final[dict[str, Callable[[HpmaFrame], int | None]]] = {
    "pm1": lambda frame: frame.pm1,
    "pm2_5": lambda frame: frame.pm2_5,
    "pm4": lambda frame: frame.pm4,
    "pm10": lambda frame: frame.pm10,
}


def open_port(devices: Sequence[HpmaSettings], clock: Clock, open_streams: OpenStreams = open_line) -> Driver:
    """Return the driver of one port; a device that falls silent is told to measure and to send.

    Raises:
        ValueError: more than one device is said to be on the port.
    """
    settings = only(devices)
    values = [(name, _VALUES[name]) for name, _ in datastreams(settings)]

    def interpret(frame: HpmaFrame, arrival_ms: int) -> Sequence[Reading]:
        judged = ((name, judge(value(frame), doubtful=frame.doubtful)) for name, value in values)
        return [Reading(settings.id, name, arrival_ms, number, flag) for name, (number, flag) in judged]

    return Listener[HpmaFrame](
        settings.port,
        settings.baud,
        settings.id,
        settings.period_s,
        clock,
        lambda: HpmaDecoder(compact=settings.model == "115c0"),
        interpret,
        [name for name, _ in values],
        nudge=MEASURE + SEND,
        open_streams=open_streams,
    )


def judge(value: int | None, *, doubtful: bool) -> tuple[float, Flag]:
    """Return a value with its flag; NaN for what the device did not state."""
    if value is None:
        return math.nan, Flag.MISSING
    return float(value), Flag.SUSPECT if doubtful or value > MOST else Flag.UNKNOWN
