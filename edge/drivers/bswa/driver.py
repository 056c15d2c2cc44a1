"""Asks BSWA sound level meters."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from edge.drivers.asking import Asked, Asking, Line
from edge.drivers.bswa import codec
from edge.drivers.bswa.codec import Block, BlockDecoder
from edge.drivers.bswa.settings import LEVELS, STATISTICS, BswaSettings, datastreams
from edge.drivers.driver import Driver
from edge.drivers.serial_port import OpenStreams, open_line
from edge.errors import BadFrame
from wire.clock import Clock
from wire.reading import Flag, Reading

# Real seconds that the maker wants between two commands.
PAUSE_S: Final = 0.1
_NORMAL: Final = "0"


def open_port(devices: Sequence[BswaSettings], clock: Clock, open_streams: OpenStreams = open_line) -> Driver:
    """Return the driver of one line with all meters on it.

    Raises:
        ValueError: they differ in baud rate, or share an address; the text begins with the key.
    """
    for one, other in pairwise(sorted(devices, key=lambda device: device.address)):
        if one.baud != other.baud:
            raise ValueError(f"baud: {one.id} and {other.id} are on one line")
        if one.address == other.address:
            raise ValueError(f"address: {one.id} and {other.id} are on one line")
    first = devices[0]
    asked = tuple(Asked(device.id, device.period_s, device.timeout_s, _Meter(device, clock).read) for device in devices)
    return Asking(first.port, first.baud, asked, clock, open_streams)


@dataclass(frozen=True, slots=True)
class _Meter:
    settings: BswaSettings
    clock: Clock

    async def read(self, line: Line) -> Sequence[Reading]:
        """Ask for whatever is wanted of a meter that measures: a stopped one repeats its last values."""
        await self._see_to_it_that_it_runs(line)
        wanted = [name for name, _ in datastreams(self.settings)]
        readings: list[Reading] = []
        try:
            if not LEVELS.keys().isdisjoint(wanted):
                said = codec.levels(await self._ask(line, codec.LEVELS))
                values = {"noise": said.a, "noise_c": said.c, "noise_z": said.z}
                readings += self._readings(values, said.indicator)
            if not STATISTICS.keys().isdisjoint(wanted):
                readings += self._statistics(codec.statistics(await self._ask(line, codec.STATISTICS)))
        except ValueError as error:
            raise self._fault(str(error)) from error
        return [reading for reading in readings if reading.property in wanted]

    def _statistics(self, said: codec.Statistics) -> list[Reading]:
        if said.weighting != "A":
            raise ValueError(f"its statistics are {said.weighting}-weighted: set them to A at the meter")
        values = {name: said.levels.get(int(name.removeprefix("noise_l")), math.nan) for name in STATISTICS}
        return self._readings(values, said.indicator)

    def _readings(self, values: Mapping[str, float], indicator: str) -> list[Reading]:
        now_ms = self.clock.monotonic_ms()
        given = Flag.UNKNOWN if indicator.strip() == _NORMAL else Flag.SUSPECT
        return [
            Reading(self.settings.id, name, now_ms, value, Flag.MISSING if math.isnan(value) else given)
            for name, value in values.items()
        ]

    async def _see_to_it_that_it_runs(self, line: Line) -> None:
        state = (await self._ask(line, codec.STATE)).split(",")[0].strip()
        if state == codec.STOPPED:
            await self._ask(line, codec.START)
            raise self._fault("was not measuring: has been started")
        if state == codec.PAUSED:
            raise self._fault("is paused: resume it at the meter")

    async def _ask(self, line: Line, command: str) -> str:
        """Return the text of the answer."""
        request = codec.encode(Block(self.settings.address, codec.COMMAND, command))
        answer = await line.exchange(request, BlockDecoder(self.settings.address), self.settings.timeout_s)
        await asyncio.sleep(PAUSE_S)
        if answer.attribute == codec.NAK:
            reason = codec.REFUSALS.get(answer.text, f"refuses with {answer.text!r}")
            raise self._fault(f"{reason}: {command}")
        return answer.text

    def _fault(self, reason: str) -> BadFrame:
        return BadFrame(self.settings.port, self.settings.id, reason)
