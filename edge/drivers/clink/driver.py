"""Asks Thermo analysers over C-Link."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from edge.drivers.asking import Asked, Asking, Line
from edge.drivers.clink import codec
from edge.drivers.clink.codec import Answer, AnswerDecoder, question
from edge.drivers.clink.model import MODELS, judge
from edge.drivers.clink.settings import ClinkSettings, datastreams, instrument_of
from edge.drivers.driver import Driver
from edge.drivers.serial_port import OpenStreams, open_line
from edge.errors import BadFrame
from wire.clock import Clock
from wire.reading import Flag, Reading

_SAMPLE: Final = "sample"


def open_port(devices: Sequence[ClinkSettings], clock: Clock, open_streams: OpenStreams = open_line) -> Driver:
    """Return the driver of one line with all analysers on it.

    Raises:
        ValueError: they differ in baud rate, or share an id; the text begins with the key.
    """
    for one, other in pairwise(sorted(devices, key=instrument_of)):
        if one.baud != other.baud:
            raise ValueError(f"baud: {one.id} and {other.id} are on one line")
        if instrument_of(one) == instrument_of(other):
            raise ValueError(f"instrument: {one.id} and {other.id} are on one line")
    first = devices[0]
    asked = tuple(
        Asked(device.id, device.period_s, device.timeout_s, _Analyser(device, clock).read) for device in devices
    )
    return Asking(first.port, first.baud, asked, clock, open_streams)


@dataclass(frozen=True, slots=True)
class _Analyser:
    settings: ClinkSettings
    clock: Clock

    async def read(self, line: Line) -> Sequence[Reading]:
        """Ask for its state, then for each gas that is wanted.

        Not for a record ("lrec"), which would have it all in one line: a record is as old as the last entry of the
        instrument's logger, and does not say its unit.
        """
        try:
            flag = await self._state(line)
            return [await self._gas(line, name, flag) for name, _ in datastreams(self.settings)]
        except ValueError as error:
            raise self._fault(str(error)) from error

    async def _state(self, line: Line) -> Flag:
        settings, model = self.settings, MODELS[self.settings.model]
        word = codec.flags(await self._ask(line, "flags"))
        flag = judge(word, model.fail_bits | settings.fail_bits, model.suspect_bits | settings.suspect_bits)
        mode = await self._exchange(line, "gas mode")
        # What has no valves for zero and span gas has no such mode either.
        return flag if mode.refusal or mode.text.strip() == _SAMPLE else Flag.FAIL

    async def _gas(self, line: Line, name: str, flag: Flag) -> Reading:
        value, unit = codec.quantity(await self._ask(line, name))
        if unit != self.settings.unit:
            raise ValueError(f"states {name} in {unit}, not in {self.settings.unit}: set its gas unit, or `unit` here")
        return Reading(self.settings.id, name, self.clock.monotonic_ms(), value, flag)

    async def _ask(self, line: Line, command: str) -> str:
        answer = await self._exchange(line, command)
        if answer.refusal:
            raise self._fault(f"refuses {command!r}: {answer.refusal}")
        return answer.text

    async def _exchange(self, line: Line, command: str) -> Answer:
        request = question(command, instrument_of(self.settings))
        answer = await line.exchange(request, AnswerDecoder(command), self.settings.timeout_s)
        await asyncio.sleep(MODELS[self.settings.model].pause_s)
        return answer

    def _fault(self, reason: str) -> BadFrame:
        return BadFrame(self.settings.port, self.settings.id, reason)
