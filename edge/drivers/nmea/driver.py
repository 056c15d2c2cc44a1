"""Listens to a satellite receiver."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from edge.drivers.driver import Driver
from edge.drivers.nmea.codec import Fix, NmeaDecoder, NoFix, Quality, Sentence
from edge.drivers.nmea.settings import NmeaSettings
from edge.drivers.serial_port import Listener, OpenStreams, only, open_line
from wire.clock import Clock
from wire.reading import Flag, Reading


def open_port(devices: Sequence[NmeaSettings], clock: Clock, open_streams: OpenStreams = open_line) -> Driver:
    """Return the driver of one port: readings of "speed" that carry the position.

    Raises:
        ValueError: more than one device is said to be on the port.
    """
    settings = only(devices)
    return Listener[Sentence](
        settings.port,
        settings.baud,
        settings.id,
        settings.period_s,
        clock,
        NmeaDecoder,
        Receiver(settings.id).interpret,
        open_streams=open_streams,
    )


@dataclass(slots=True)
class Receiver:
    """What one receiver says, as readings: GGA's word on the fix counts until its next one.

    Attributes:
        device: its id.
    """

    device: str
    _quality: Quality = field(init=False, default=Quality(has_fix=True, guessed=False))

    def interpret(self, found: Sentence, arrival_ms: int) -> Sequence[Reading]:
        """Return the reading of one sentence: MISSING and without a place when there is no fix."""
        match found:
            case Quality():
                self._quality = found
            case NoFix():
                return [self._missing(arrival_ms)]
            case Fix():
                return [self._placed(found, arrival_ms) if self._quality.has_fix else self._missing(arrival_ms)]
        return ()

    def _missing(self, arrival_ms: int) -> Reading:
        return Reading(self.device, "speed", arrival_ms, math.nan, Flag.MISSING)

    def _placed(self, fix: Fix, arrival_ms: int) -> Reading:
        flag = Flag.SUSPECT if fix.guessed or self._quality.guessed else Flag.UNKNOWN
        if math.isnan(fix.speed):
            flag = Flag.MISSING
        return Reading(self.device, "speed", arrival_ms, fix.speed, flag, fix.longitude, fix.latitude)
