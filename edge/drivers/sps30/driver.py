"""Asks a Sensirion SPS30."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from edge.drivers.asking import Asked, Asking, Line
from edge.drivers.decoder import Fault
from edge.drivers.driver import Driver
from edge.drivers.serial_port import OpenStreams, only, open_line
from edge.drivers.sps30.codec import (
    FAN_STOPPED,
    LASER,
    NOT_NOW,
    OK,
    READ,
    START,
    STATES,
    STATUS,
    UNKNOWN_COMMAND,
    WAKE,
    Answer,
    ShdlcDecoder,
    particles,
    question,
    register,
)
from edge.drivers.sps30.settings import Sps30Settings, datastreams
from edge.errors import BadFrame, DeviceSilent
from wire.clock import Clock
from wire.reading import Flag, Reading

# What wakes the interface of a device that sleeps; it is lost on one that does not.
STIR: Final = b"\xff"
FLOATS: Final = b"\x01\x03"
# Faults that last are set anew within a second; those that have passed must not be told for ever.
AND_CLEAR: Final = b"\x01"
FRACTIONS: Final = ("pm1", "pm2_5", "pm4", "pm10")
# The range of the data sheet, ug/m3.
MOST: Final = 1000.0


def open_port(devices: Sequence[Sps30Settings], clock: Clock, open_streams: OpenStreams = open_line) -> Driver:
    """Return the driver of one port; the device is told to measure whenever the port was opened or it failed.

    Raises:
        ValueError: more than one device is said to be on the port.
    """
    settings = only(devices)
    counter = Counter(settings, clock)
    asked = Asked(settings.id, settings.period_s, settings.timeout_s, counter.read, counter.prepare)
    return Asking(settings.port, settings.baud, (asked,), clock, open_streams)


@dataclass(frozen=True, slots=True)
class Counter:
    """One device, as the line asks it."""

    settings: Sps30Settings
    clock: Clock

    async def prepare(self, line: Line) -> None:
        """Wake it and let it measure; it may be awake or measuring already, and old ones know no wake.

        Raises:
            DriverError: it did not answer, or refused.
        """
        await line.tell(STIR)
        await self._ask(line, WAKE, also=(NOT_NOW, UNKNOWN_COMMAND))
        await self._ask(line, START, FLOATS, also=(NOT_NOW,))

    async def read(self, line: Line) -> Sequence[Reading]:
        """Return its newest values, none when it has nothing new.

        Raises:
            DriverError: it did not answer, or its answer is none.
        """
        answer = await self._ask(line, READ)
        arrival_ms = self.clock.monotonic_ms()
        found = particles(answer)
        if found is None:
            return ()
        if isinstance(found, Fault):
            if not found.missing:
                raise BadFrame(self.settings.port, self.settings.id, found.reason)
            values = dict.fromkeys(FRACTIONS, math.nan)
        else:
            values = dict(zip(FRACTIONS, found.mass, strict=True))
        verdict = await self._verdict(line) if answer.faulty else Flag.UNKNOWN
        return [
            Reading(self.settings.id, name, arrival_ms, values[name], judged(values[name], verdict))
            for name, _ in datastreams(self.settings)
        ]

    async def _verdict(self, line: Line) -> Flag:
        """Return what the status register makes of the values; suspect when it does not say what is wrong."""
        try:
            state = register(await self._ask(line, STATUS, AND_CLEAR))
        except (BadFrame, DeviceSilent):
            return Flag.SUSPECT
        return Flag.FAIL if state & (FAN_STOPPED | LASER) else Flag.SUSPECT

    async def _ask(self, line: Line, command: int, payload: bytes = b"", also: Sequence[int] = ()) -> Answer:
        answer = await line.exchange(question(command, payload), ShdlcDecoder(command), self.settings.timeout_s)
        if answer.state != OK and answer.state not in also:
            reason = STATES.get(answer.state, f"state {answer.state:02X}")
            raise BadFrame(self.settings.port, self.settings.id, f"refused: {reason}")
        return answer


def judged(value: float, verdict: Flag) -> Flag:
    """Return the flag of a value, given what the device says of itself."""
    if math.isnan(value):
        return Flag.MISSING
    return Flag.SUSPECT if verdict == Flag.UNKNOWN and not 0 <= value <= MOST else verdict
