"""Lines: how serial ports and serial servers are opened, and one on which a device talks by itself."""

import asyncio
import contextlib
import math
import os
import re
import socket
import termios
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Generic, Self, TypeVar

import serial
import serial_asyncio_fast

from edge.drivers.decoder import Decoder, Fault
from edge.drivers.driver import DeviceHealth, DeviceSettings
from edge.errors import PortError
from wire.clock import Clock
from wire.reading import Flag, Reading

# Field periods without a frame after which a device counts as silent, and the least real time for that.
SILENT_PERIODS = 3
SILENT_S = 10.0
# Real milliseconds after which the system gives up a connection whose bytes nobody confirms.
UNCONFIRMED_MS = 10_000
# Seconds of silence on a connection after which the system asks whether the far end is still there.
KEEPALIVE_S = 10
CONNECT_S = 10.0
_NETWORK = re.compile(r"tcp://(?P<host>\[[0-9a-fA-F:.]+\]|[^/:\[\]]+):(?P<number>[0-9]{1,5})")

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
OpenStreams = Callable[[str, int], Awaitable[Streams]]
Frame = TypeVar("Frame")
Settings = TypeVar("Settings", bound=DeviceSettings)


def only(devices: Sequence[Settings]) -> Settings:
    """Return the one device of a port.

    Raises:
        ValueError: it is not alone; the text begins with the key.
    """
    if len(devices) != 1:
        raise ValueError(
            f"port: {' and '.join(device.id for device in devices)} cannot share one: each needs a line of its own"
        )
    return devices[0]


async def open_serial(port: str, baud: int) -> Streams:
    """Open a port at 8N1 for this process alone and throw away what its buffer holds: bytes from before have no time.

    Raises:
        PortError: it cannot be opened.
    """
    try:
        line = serial.Serial(port, baudrate=baud, exclusive=True)
    except (OSError, ValueError, termios.error) as error:
        raise PortError(port, "", f"cannot be opened: {why(error)}") from error
    line.reset_input_buffer()
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    transport = serial_asyncio_fast.SerialTransport(loop, protocol, line)
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


def is_network(port: str) -> bool:
    """Return whether a port is a serial server's: tcp://host:port."""
    match = _NETWORK.fullmatch(port)
    return match is not None and 0 < int(match["number"]) < 1 << 16


def check_port(port: str) -> None:
    """Return if a port can be one.

    Raises:
        ValueError: it is neither a path nor tcp://host:port; the text begins with the key.
    """
    if "://" in port and not is_network(port):
        raise ValueError(f"port: {port!r} is neither a path nor tcp://host:4001")


async def open_line(port: str, baud: int) -> Streams:
    """Open a serial port as `open_serial` does, or connect to a serial server at tcp://host:port.

    Raises:
        PortError: it cannot be opened.
    """
    match = _NETWORK.fullmatch(port)
    if match is None:
        return await open_serial(port, baud)
    try:
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_connection(match["host"].strip("[]"), int(match["number"]))
    except (OSError, TimeoutError) as error:
        raise PortError(port, "", f"no connection: {why(error) or 'no answer'}") from error
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNCONFIRMED_MS)
    # Somebody who only listens would never learn that the far end lost its power.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEPALIVE_S)
    return reader, writer


def why(error: Exception) -> str:
    """Return the system's words: pyserial's repeat the path."""
    number = getattr(error, "errno", None)
    return os.strerror(number) if number else str(error)


async def receive(reader: asyncio.StreamReader, within_s: float) -> bytes | None:
    """Return the next bytes of a line, None when none come within so many real seconds.

    Raises:
        OSError: the line is lost. A connection that the system gave up is a TimeoutError, too: of the line, not ours.
    """
    limit = asyncio.timeout(within_s)
    try:
        async with limit:
            chunk = await reader.read(4096)
    except TimeoutError:
        if limit.expired():
            return None
        raise
    if not chunk:
        raise ConnectionResetError("end of stream")
    return chunk


async def close_streams(streams: Streams) -> None:
    """Close at once: what is still to be sent would hold up the end of the program on a dead line."""
    writer = streams[1]
    line = writer.get_extra_info("serial")
    with contextlib.suppress(OSError, termios.error):
        if line is not None:
            line.reset_output_buffer()
        if not writer.transport.is_closing():  # one that a fault has closed must not be told twice
            writer.transport.abort()
        await writer.wait_closed()


@dataclass(slots=True)
class Listener(Generic[Frame]):
    """A driver for one device that talks by itself on a serial port.

    Attributes:
        device: the device's id.
        period_s: field seconds between its frames, to tell when it is silent.
        decoder: makes a fresh decoder at each opening.
        interpret: turns a frame that arrived at a monotonic time into readings; empty when the frame holds none.
        properties: what the device measures: flagged MISSING when it says itself that it has no value yet.
        nudge: what to send to a device that is silent, for example a command to start sending.
        answer: what a frame's sender waits for, sent when the consumer has taken the frame's readings; None for
            devices that nobody answers.
        open_streams: how the port is opened.
    """

    port: str
    baud: int
    device: str
    period_s: float
    clock: Clock
    decoder: Callable[[], Decoder[Frame]]
    interpret: Callable[[Frame, int], Sequence[Reading]]
    properties: Sequence[str] = ()
    nudge: bytes = b""
    answer: Callable[[Frame], bytes] | None = None
    open_streams: OpenStreams = open_line
    health: dict[str, DeviceHealth] = field(init=False)
    _streams: Streams | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.health = {self.device: DeviceHealth()}

    async def __aenter__(self) -> Self:
        self._streams = await self.open_streams(self.port, self.baud)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        streams, self._streams = self._streams, None
        if streams is not None:
            await close_streams(streams)

    async def readings(self) -> AsyncIterator[Sequence[Reading]]:
        """Yield the readings of one frame at a time.

        Raises:
            PortError: the port went away.
        """
        assert self._streams is not None
        decoder, now = self.decoder(), asyncio.get_running_loop().time
        due_s = now() + self._patience_s()
        while True:
            chunk = await self._chunk(due_s - now())
            arrival_ms = self.clock.monotonic_ms()
            alive = False
            for found in decoder.feed(chunk):
                readings = self._judge(found, arrival_ms)
                if readings:
                    yield readings
                if self.answer is not None and not isinstance(found, Fault):
                    self._streams[1].write(self.answer(found))
                alive = alive or not isinstance(found, Fault) or found.missing
            # Noise on the line is no sign of life.
            if not alive and now() >= due_s:
                self._streams[1].write(self.nudge)
            if alive or now() >= due_s:
                due_s = now() + self._patience_s()

    def _patience_s(self) -> float:
        """Return how many real seconds a device may take for its next frame."""
        return max(SILENT_S, self.clock.real_s(SILENT_PERIODS * self.period_s))

    def _judge(self, found: Frame | Fault, arrival_ms: int) -> Sequence[Reading]:
        state = self.health[self.device]
        if isinstance(found, Fault):
            state.failed(found.reason)
            missing = self.properties if found.missing else ()
            return [Reading(self.device, name, arrival_ms, math.nan, Flag.MISSING) for name in missing]
        state.answered(arrival_ms)
        return self.interpret(found, arrival_ms)

    async def _chunk(self, within_s: float) -> bytes:
        """Return the next bytes; empty after a silence, which is noted."""
        assert self._streams is not None
        try:
            chunk = await receive(self._streams[0], within_s)
        except OSError as error:
            raise PortError(self.port, self.device, f"went away: {why(error)}") from error
        if chunk is None:
            self.health[self.device].failed("silent: nothing arrived")
        return chunk or b""
