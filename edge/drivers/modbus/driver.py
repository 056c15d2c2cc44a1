"""Polls the instruments of one Modbus line, one after another."""

import asyncio
import logging
import math
import socket
import termios
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.client.base import ModbusBaseClient
from pymodbus.framer import FramerType

from edge.drivers.driver import DeviceHealth, Driver, poll_every
from edge.drivers.modbus.codec import Block
from edge.drivers.modbus.frames import refusal
from edge.drivers.modbus.item import Alarm, Item, flagged, items_of
from edge.drivers.modbus.line import Answer, Line
from edge.drivers.modbus.profile import Register, load_profile
from edge.drivers.modbus.settings import NETWORK, ModbusSettings, datastreams
from edge.drivers.modbus.unit import DIVISIBLE, Unit
from edge.errors import BadFrame, DeviceSilent, PortError
from wire.clock import Clock
from wire.reading import Flag, Reading

# Exception codes that have a meaning of their own here: ask again at once, and a gateway that waited in vain.
BUSY: Final = 6
NO_ANSWER_BEHIND: Final = 11
# Real seconds after which a busy unit is asked the same once more.
BUSY_S: Final = 0.1
# Requests that one poll may add to find out what a unit lacks; the next poll goes on.
MOST_DIVISIONS: Final = 32
CONNECT_S: Final = 10.0
# After that many silences of everybody in a row a network peer is taken for gone: a cable pulled from a switch
# closes no connection.
MAX_SILENCES: Final = 8
# Real milliseconds after which the system gives up a connection whose bytes nobody confirms.
UNCONFIRMED_MS: Final = 10_000
_LINE_KEYS: Final = ("baud", "parity", "stop_bits")

OpenClient = Callable[[ModbusSettings, Line], ModbusBaseClient]


def open_client(settings: ModbusSettings, line: Line) -> ModbusBaseClient:
    """Return pymodbus's client for a port, not yet connected, that repeats nothing and connects only when told."""
    match = NETWORK.fullmatch(settings.port)
    if match is None:
        return AsyncModbusSerialClient(
            settings.port,
            baudrate=settings.baud,
            parity=settings.parity,
            stopbits=settings.stop_bits,
            timeout=CONNECT_S,
            retries=0,
            reconnect_delay=0,
            trace_packet=line.trace,
            trace_connect=line.connection,
        )
    framer = FramerType.SOCKET if match["scheme"] == "tcp" else FramerType.RTU
    return AsyncModbusTcpClient(
        match["host"].strip("[]"),
        port=int(match["number"]),
        framer=framer,
        timeout=CONNECT_S,
        retries=0,
        reconnect_delay=0,
        trace_packet=line.trace,
        trace_connect=line.connection,
    )


def open_port(devices: Sequence[ModbusSettings], clock: Clock, connect: OpenClient = open_client) -> Driver:
    """Return the driver of one line with all its instruments.

    Raises:
        ValueError: devices of one port disagree about the line.
    """
    first = devices[0]
    for other in devices[1:]:
        for key in _LINE_KEYS:
            if getattr(other, key) != getattr(first, key):
                raise ValueError(f"{key}: {other.id} and {first.id} share {first.port} and must say the same")
    return ModbusDriver(first.port, tuple(devices), clock, connect)


@dataclass(slots=True)
class ModbusDriver:
    """One line; see `Driver`. Requests never overlap: a line has one master and one answer at a time.

    Devices that are read from one unit number at one pace are read together, and share their health.

    Attributes:
        port: as configured.
        devices: at least one.
        connect: gives an unconnected client.
    """

    port: str
    devices: tuple[ModbusSettings, ...]
    clock: Clock
    connect: OpenClient
    health: dict[str, DeviceHealth] = field(init=False, default_factory=dict)
    _units: dict[str, Unit] = field(init=False, default_factory=dict)
    _periods_s: dict[str, float] = field(init=False, default_factory=dict)
    _line: Line | None = field(init=False, default=None)
    _silences: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        groups: dict[tuple[int, float, float], list[ModbusSettings]] = {}
        for device in self.devices:
            groups.setdefault((device.unit, device.period_s, device.timeout_s), []).append(device)
        for (number, period_s, timeout_s), members in groups.items():
            first, health = members[0].id, DeviceHealth()
            self._units[first] = Unit(number, timeout_s, [item for each in members for item in _items(each)])
            self._periods_s[first] = period_s
            self.health |= {device.id: health for device in members}

    async def __aenter__(self) -> Self:
        # The library logs each lost connection; the supervisor says once what is lost.
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
        match = NETWORK.fullmatch(self.port)
        line = Line(self.port, self.clock, rtu=match is None or match["scheme"] != "tcp")
        client = self.connect(self.devices[0], line)
        try:
            connected = await client.connect()
        except (OSError, ValueError, termios.error) as error:
            raise PortError(self.port, "", f"cannot be opened: {error}{_advice(self.devices[0], error)}") from error
        if not connected:
            raise PortError(self.port, "", "cannot be opened: no such port, no permission, in use, or nobody listens")
        _prepare(client)
        line.client = client
        self._line, self._silences = line, 0
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._line is not None:
            self._line.client.close()
            self._line = None

    def readings(self) -> AsyncIterator[Sequence[Reading]]:
        """Yield the readings of one unit at a time; those of one answer have one time.

        Raises:
            PortError: the connection is lost, or nobody has answered for long.
        """
        timeout_s = max(settings.timeout_s for settings in self.devices)
        return poll_every(self.clock, self._periods_s, self._read, self.health, timeout_s)

    async def _read(self, key: str) -> Sequence[Reading]:
        """Return what one poll of a unit gives; failures are noted."""
        unit, health, now_ms = self._units[key], self.health[key], self.clock.monotonic_ms()
        unit.refresh(now_ms)
        readings: list[Reading] = []
        alarms: list[Alarm] = []
        pending, divisions, lacked = list(unit.blocks), 0, len(unit.lacking)
        while pending and divisions < MOST_DIVISIONS:
            block = pending.pop(0)
            answer = await self._ask(unit, block, health)
            if answer is None and health.silent:
                break
            if answer is None:
                continue
            if answer.refusal:
                divisions += 1
                parts = unit.divide(block, answer.refusal, now_ms)
                pending[:0] = parts
                readings += [] if parts else _missing(block, answer.at_ms)
                continue
            unit.hopeless = False
            values, raised = block.decode(answer.octets, answer.at_ms)
            readings += values
            alarms += raised
        if len(unit.lacking) > lacked:
            _live_failure(health, unit.conclude())
        if alarms:
            health.fault = "; ".join(sorted({alarm.text for alarm in alarms}))
            return flagged(readings, alarms)
        return readings

    async def _ask(self, unit: Unit, block: Block, health: DeviceHealth) -> Answer | None:
        """Return an answer, or a refusal that may be about a part; None for what has failed, which is noted."""
        assert self._line is not None
        read = (block.function, block.address, block.count)
        try:
            answer = await self._line.ask(unit.number, read, unit.timeout_s)
            if answer.refusal == BUSY:
                await asyncio.sleep(BUSY_S)
                answer = await self._line.ask(unit.number, read, unit.timeout_s)
        except (DeviceSilent, BadFrame) as error:
            health.failed(error.reason)
            self._count_silence()
            return None
        self._silences = 0
        if not answer.refusal:
            health.answered(answer.at_ms, answer.latency_ms)
            return answer
        if answer.refusal in DIVISIBLE and not unit.hopeless:
            return answer
        if answer.refusal == NO_ANSWER_BEHIND:
            health.failed(refusal(answer.refusal))
        else:
            _live_failure(health, refusal(answer.refusal))
        return None

    def _count_silence(self) -> None:
        self._silences += 1
        if NETWORK.fullmatch(self.port) and self._silences >= MAX_SILENCES:
            raise PortError(self.port, "", f"nobody has answered {MAX_SILENCES} requests: connecting anew")


def _items(settings: ModbusSettings) -> list[Item]:
    names = [name for name, _ in datastreams(settings)]
    return items_of(settings.id, load_profile(settings.profile), names, settings.offset)


def _missing(block: Block, at_ms: int) -> list[Reading]:
    return [
        Reading(item.device, item.of.property, at_ms, math.nan, Flag.MISSING)
        for item in block.items
        if isinstance(item.of, Register)
    ]


def _live_failure(health: DeviceHealth, fault: str) -> None:
    """Count a failure of a unit that lives: only silence costs the others time."""
    health.failed(fault)
    health.silent = 0


def _prepare(client: ModbusBaseClient) -> None:
    """Throw away what a serial port's buffer holds, or let the system notice a network peer that is gone."""
    transport = client.ctx.transport
    serial_line = getattr(transport, "sync_serial", None)
    if serial_line is not None:
        serial_line.reset_input_buffer()
        return
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNCONFIRMED_MS)


def _advice(settings: ModbusSettings, error: Exception) -> str:
    if isinstance(error, termios.error) and settings.parity != "N":
        return f": this port knows no parity (a pseudo terminal?); parity = {settings.parity!r} needs a real one"
    return ""
