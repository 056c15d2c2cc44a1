"""Listens to a vehicle terminal and answers it."""

import math
from collections.abc import Sequence
from typing import Final

from edge.drivers.driver import Driver
from edge.drivers.jtt808.codec import BROKEN, LOW_SUPPLY, Jtt808Decoder, Position, Report
from edge.drivers.jtt808.settings import Jtt808Settings
from edge.drivers.serial_port import Listener, OpenStreams, only, open_line
from wire.clock import Clock
from wire.reading import Flag, Reading

AHEAD_MS: Final = 60_000  # field, by which a terminal's clock may be ahead of ours


def open_port(devices: Sequence[Jtt808Settings], clock: Clock, open_streams: OpenStreams = open_line) -> Driver:
    """Return the driver of one port: readings of "speed" that carry the position, each with the terminal's own time.

    Raises:
        ValueError: more than one device is said to be on the port.
    """
    settings = only(devices)

    def interpret(report: Report, arrival_ms: int) -> Sequence[Reading]:
        if report.position is None:
            return ()
        return [_reading(settings.id, report.position, _measured_ms(report.position, arrival_ms, clock))]

    return Listener[Report](
        settings.port,
        settings.baud,
        settings.id,
        settings.period_s,
        clock,
        Jtt808Decoder,
        interpret,
        answer=lambda report: report.answer,
        open_streams=open_streams,
    )


def _measured_ms(position: Position, arrival_ms: int, clock: Clock) -> int:
    """Return when a position was taken; the arrival counts while nobody knows the date, and for a time to come."""
    offset_ms = clock.offset_ms()
    if offset_ms is None or position.time_ms is None:
        return arrival_ms
    own_ms = position.time_ms - offset_ms
    return arrival_ms if own_ms > arrival_ms + AHEAD_MS else own_ms


def _reading(device: str, position: Position, at_ms: int) -> Reading:
    if not position.is_fix:
        return Reading(device, "speed", at_ms, math.nan, Flag.MISSING)
    flag = Flag.SUSPECT if position.alarm & LOW_SUPPLY else Flag.UNKNOWN
    if position.alarm & BROKEN:
        flag = Flag.FAIL
    return Reading(device, "speed", at_ms, position.speed_kmh, flag, position.longitude, position.latitude)
