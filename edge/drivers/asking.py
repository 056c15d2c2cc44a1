"""A line on which devices are asked, one question after another, whatever the kind: serial, or tcp://host:port."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self, TypeVar

from edge.drivers.decoder import Decoder, Fault
from edge.drivers.driver import DeviceHealth, poll_every
from edge.drivers.serial_port import OpenStreams, Streams, close_streams, is_network, open_line, receive, why
from edge.errors import BadFrame, DeviceSilent, PortError
from wire.clock import Clock
from wire.reading import Reading

# After that many silences of everybody in a row a network peer is taken for gone: a cable pulled from a switch
# closes no connection.
MAX_SILENCES: Final = 8

Frame = TypeVar("Frame")


class Line:
    """An open line; one exchange at a time."""

    def __init__(self, port: str, streams: Streams) -> None:
        self._port = port
        self._reader, self._writer = streams

    async def exchange(self, request: bytes, decoder: Decoder[Frame], timeout_s: float) -> Frame:
        """Send a question and return the first frame that the decoder finds in what comes back.

        What came in before is thrown away: it answers an earlier question, or none.

        Args:
            request: the bytes to send.
            decoder: a fresh one, for answers to this question only.
            timeout_s: real seconds to wait.

        Raises:
            DeviceSilent: nothing came in time.
            BadFrame: something came, but no frame; the reason is the decoder's last fault.
            PortError: the line is lost.
        """
        try:
            await self._drain()
            self._writer.write(request)
            return await self._await_frame(decoder, timeout_s)
        except OSError as error:
            raise PortError(self._port, "", f"went away: {why(error)}") from error

    async def tell(self, command: bytes) -> None:
        """Send a command that nobody answers.

        Raises:
            PortError: the line is lost.
        """
        try:
            self._writer.write(command)
            await self._writer.drain()
        except OSError as error:
            raise PortError(self._port, "", f"went away: {why(error)}") from error

    async def _drain(self) -> None:
        # The loop looks at the line in the first turn, and hands over in the second what the system held.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        while await receive(self._reader, 0):
            pass

    async def _await_frame(self, decoder: Decoder[Frame], timeout_s: float) -> Frame:
        now = asyncio.get_running_loop().time
        end_s = now() + timeout_s
        reason = ""
        while (chunk := await receive(self._reader, end_s - now())) is not None:
            reason = reason or "an incomplete answer"
            for found in decoder.feed(chunk):
                if not isinstance(found, Fault):
                    return found
                reason = found.reason
        if reason:
            raise BadFrame(self._port, "", reason)
        raise DeviceSilent(self._port, "", "silent: no answer in time")


@dataclass(frozen=True, slots=True)
class Asked:
    """One device of a line.

    Attributes:
        device: its id.
        period_s: field seconds between two readings.
        timeout_s: real seconds that it has for an answer.
        read: asks it whatever one reading takes and returns what it said, each with the time of its own answer;
            raises `DeviceSilent` or `BadFrame` when it failed.
        prepare: is called each time after the line was opened, for example to start measuring; fails like `read`.
    """

    device: str
    period_s: float
    timeout_s: float
    read: Callable[[Line], Awaitable[Sequence[Reading]]]
    prepare: Callable[[Line], Awaitable[None]] | None = None


@dataclass(slots=True)
class Asking:
    """A driver for devices that are asked; see `Driver`.

    Attributes:
        port: path of a serial port, or tcp://host:port.
        baud: of a serial port.
        devices: at least one; they share the line.
        open_streams: how the port is opened.
    """

    port: str
    baud: int
    devices: tuple[Asked, ...]
    clock: Clock
    open_streams: OpenStreams = open_line
    health: dict[str, DeviceHealth] = field(init=False)
    _asked: Mapping[str, Asked] = field(init=False)
    _unprepared: set[str] = field(init=False, default_factory=set)
    _streams: Streams | None = field(init=False, default=None)
    _silences: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.health = {asked.device: DeviceHealth() for asked in self.devices}
        self._asked = {asked.device: asked for asked in self.devices}

    async def __aenter__(self) -> Self:
        self._streams = await self.open_streams(self.port, self.baud)
        self._unprepared = {asked.device for asked in self.devices if asked.prepare}
        self._silences = 0
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        streams, self._streams = self._streams, None
        if streams is not None:
            await close_streams(streams)

    def readings(self) -> AsyncIterator[Sequence[Reading]]:
        """Yield the readings of one device at a time.

        Raises:
            PortError: the port went away, or nobody on the network has answered for long.
        """
        periods_s = {asked.device: asked.period_s for asked in self.devices}
        timeout_s = max(asked.timeout_s for asked in self.devices)
        return poll_every(self.clock, periods_s, self._read, self.health, timeout_s)

    async def _read(self, device: str) -> Sequence[Reading]:
        assert self._streams is not None
        asked, health = self._asked[device], self.health[device]
        line = Line(self.port, self._streams)
        asked_ns = time.perf_counter_ns()
        try:
            if asked.prepare is not None and device in self._unprepared:
                await asked.prepare(line)
                self._unprepared.discard(device)
            readings = await asked.read(line)
        except (DeviceSilent, BadFrame) as error:
            health.failed(error.reason)
            if asked.prepare is not None:
                self._unprepared.add(device)  # it may have lost its power, and with it what it was told
            self._count_silence(isinstance(error, DeviceSilent))
            return ()
        self._silences = 0
        health.answered(self.clock.monotonic_ms(), (time.perf_counter_ns() - asked_ns) / 1e6)
        return readings

    def _count_silence(self, silent: bool) -> None:  # noqa: FBT001  # a plain fact of one answer
        self._silences = self._silences + 1 if silent else 0
        if is_network(self.port) and self._silences >= MAX_SILENCES:
            raise PortError(self.port, "", f"nobody has answered {MAX_SILENCES} questions: connecting anew")
