"""Listens to a Nova SDS011 or SDS198 that sends by itself."""

import math
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from edge.drivers.driver import Driver
from edge.drivers.sds011.codec import ACTIVE, LARGE, PARTICLES, WAKE, NovaDecoder, NovaFrame
from edge.drivers.sds011.settings import NovaSettings, datastreams
from edge.drivers.serial_port import Listener, OpenStreams, only, open_line
from wire.clock import Clock
from wire.reading import Flag, Reading


class _Scale(NamedTuple):
    """How a property stands in a frame, and the value at which the device's range ends, ug/m3."""

    value: Callable[[NovaFrame], float]
    end: float


_SCALES: Final = {
    "pm2_5": _Scale(lambda frame: frame.words[0] / 10, 999.9),
    "pm10": _Scale(lambda frame: frame.words[1] / 10, 999.9),
    "tsp": _Scale(lambda frame: float(frame.words[1]), math.inf),
}


def open_port(devices: Sequence[NovaSettings], clock: Clock, open_streams: OpenStreams = open_line) -> Driver:
    """Return the driver of one port; a device that falls silent is told to wake and to send.

    Raises:
        ValueError: more than one device is said to be on the port.
    """
    settings = only(devices)
    scales = [(name, _SCALES[name]) for name, _ in datastreams(settings)]
    kind = LARGE if settings.model == "sds198" else PARTICLES

    def interpret(frame: NovaFrame, arrival_ms: int) -> Sequence[Reading]:
        found = ((name, scale.value(frame), scale.end) for name, scale in scales)
        return [Reading(settings.id, name, arrival_ms, value, judge(value, end)) for name, value, end in found]

    return Listener[NovaFrame](
        settings.port,
        settings.baud,
        settings.id,
        settings.period_s,
        clock,
        lambda: NovaDecoder(kind),
        interpret,
        nudge=WAKE + ACTIVE,
        open_streams=open_streams,
    )


def judge(value: float, end: float) -> Flag:
    """Return the flag of a value: at the end of its range a device cannot say how much more there is."""
    return Flag.SUSPECT if value >= end else Flag.UNKNOWN
