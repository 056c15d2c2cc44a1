"""Polls the instruments of one Modbus line, one after another."""

import logging
import socket
import termios
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, NamedTuple, Self

from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.client.base import ModbusBaseClient
from pymodbus.exceptions import ConnectionException, ModbusException, ModbusIOException
from pymodbus.framer import FramerType

from edge.drivers.driver import DeviceHealth, Driver, poll_every
from edge.drivers.modbus.codec import Block, plan
from edge.drivers.modbus.profile import load_profile
from edge.drivers.modbus.settings import NETWORK, ModbusSettings, datastreams
from edge.errors import PortError
from wire.clock import Clock
from wire.reading import Reading

ILLEGAL_ADDRESS: Final = 2
# After that many silences of everybody in a row a network peer is taken for gone: a cable pulled from a switch
# closes no connection.
MAX_SILENCES: Final = 8
# Real milliseconds after which the system gives up a connection whose bytes nobody confirms.
UNCONFIRMED_MS: Final = 10_000
_LINE_KEYS: Final = ("baud", "parity", "stop_bits", "echo")

OpenClient = Callable[[ModbusSettings], ModbusBaseClient]


def open_client(settings: ModbusSettings) -> ModbusBaseClient:
    """Return pymodbus's client for a port, not yet connected, that repeats nothing and connects only when told."""
    match = NETWORK.fullmatch(settings.port)
    if match is None:
        return AsyncModbusSerialClient(
            settings.port,
            baudrate=settings.baud,
            parity=settings.parity,
            stopbits=settings.stop_bits,
            handle_local_echo=settings.echo,
            timeout=settings.timeout_s,
            retries=0,
            reconnect_delay=0,
        )
    framer = FramerType.SOCKET if match["scheme"] == "tcp" else FramerType.RTU
    return AsyncModbusTcpClient(
        match["host"].strip("[]"),
        port=int(match["number"]),
        framer=framer,
        timeout=settings.timeout_s,
        retries=0,
        reconnect_delay=0,
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


class Unit(NamedTuple):
    """One instrument and the requests that read it."""

    settings: ModbusSettings
    blocks: tuple[Block, ...]


@dataclass(slots=True)
class ModbusDriver:
    """One line; see `Driver`. Requests never overlap: a line has one master and one answer at a time.

    Attributes:
        port: as configured.
        devices: at least one.
        connect: gives an unconnected client.
    """

    port: str
    devices: tuple[ModbusSettings, ...]
    clock: Clock
    connect: OpenClient
    health: dict[str, DeviceHealth] = field(init=False)
    _units: dict[str, Unit] = field(init=False)
    _client: ModbusBaseClient | None = field(init=False, default=None)
    _silences: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.health = {settings.id: DeviceHealth() for settings in self.devices}
        self._units = {settings.id: Unit(settings, _blocks(settings)) for settings in self.devices}

    async def __aenter__(self) -> Self:
        # The library logs every silence as an error; health counts them, and the supervisor says once what is lost.
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
        client = self.connect(self.devices[0])
        # Before it connects: it would hang up after five silences, however well other units answer.
        client.set_max_no_responses(1 << 31)
        try:
            connected = await client.connect()
        except (OSError, ValueError, termios.error) as error:
            raise PortError(self.port, "", f"cannot be opened: {error}{_advice(self.devices[0], error)}") from error
        if not connected:
            raise PortError(self.port, "", "cannot be opened: no such port, no permission, in use, or nobody listens")
        _prepare(client)
        self._client, self._silences = client, 0
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def readings(self) -> AsyncIterator[Sequence[Reading]]:
        """Yield the readings of one instrument at a time.

        Raises:
            PortError: the connection is lost, or nobody has answered for long.
        """
        periods_s = {settings.id: settings.period_s for settings in self.devices}
        timeout_s = max(settings.timeout_s for settings in self.devices)
        return poll_every(self.clock, periods_s, self._read, self.health, timeout_s)

    async def _read(self, device: str) -> Sequence[Reading]:
        unit = self._units[device]
        readings: list[Reading] = []
        for block in unit.blocks:
            answer = await self._ask(unit.settings, block)
            readings += answer
            if not answer:
                break
        return readings

    async def _ask(self, settings: ModbusSettings, block: Block) -> list[Reading]:
        """Return the readings of one answer; none when it failed, which is noted."""
        client, health = self._client, self.health[settings.id]
        assert client is not None
        client.ctx.comm_params.timeout_connect = settings.timeout_s
        read = client.read_holding_registers if block.function == 3 else client.read_input_registers
        asked_ns = time.perf_counter_ns()
        try:
            answer = await read(block.address, count=block.count, device_id=settings.unit)
            arrival_ms = self.clock.monotonic_ms()
            if answer.isError():
                return self._refused(settings, answer.exception_code)
            values = block.decode(answer.registers)
        except ConnectionException as error:
            raise PortError(self.port, settings.id, "the connection is lost") from error
        except ModbusIOException as error:
            return self._silent(settings, error)
        except (ModbusException, ValueError) as error:
            health.failed(f"bad frame: {error}")
            return []
        self._silences = 0
        health.answered(arrival_ms, (time.perf_counter_ns() - asked_ns) / 1e6)
        return [Reading(settings.id, value.property, arrival_ms, value.value, value.flag) for value in values]

    def _refused(self, settings: ModbusSettings, code: int) -> list[Reading]:
        self._silences = 0
        health = self.health[settings.id]
        health.failed(f"refused with exception {code}")
        # It lives: only silence costs the others time.
        health.silent = 0
        if code == ILLEGAL_ADDRESS:
            # Perhaps it is just the registers in between that it does not have.
            self._units[settings.id] = Unit(settings, _blocks(settings, gap=0))
        return []

    def _silent(self, settings: ModbusSettings, error: ModbusIOException) -> list[Reading]:
        self.health[settings.id].failed("silent: no answer in time")
        self._silences += 1
        assert self._client is not None
        if not self._client.connected:
            raise PortError(self.port, settings.id, "the connection is lost") from error
        if NETWORK.fullmatch(self.port) and self._silences >= MAX_SILENCES:
            raise PortError(self.port, "", f"nobody has answered {MAX_SILENCES} requests: connecting anew") from error
        return []


def _blocks(settings: ModbusSettings, gap: int | None = None) -> tuple[Block, ...]:
    return plan(load_profile(settings.profile), [name for name, _ in datastreams(settings)], gap)


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
