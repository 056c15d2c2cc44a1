"""Modbus instruments behind pymodbus's null modem: the real client, no port."""

from collections.abc import Callable, Iterator

import pytest
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.framer import FramerType
from pymodbus.transport import CommParams, CommType, ModbusProtocol
from pymodbus.transport.transport import NULLMODEM_HOST, NullModem

from edge.drivers.modbus.line import Line
from edge.drivers.modbus.settings import ModbusSettings


class Instruments(ModbusProtocol):
    """The far end of a line: each request goes to `answer`, which returns the bytes to send back, or nothing."""

    def __init__(self, number: int, answer: Callable[[bytes], bytes]) -> None:
        super().__init__(CommParams(comm_type=CommType.TCP, source_address=(NULLMODEM_HOST, number)), is_server=True)
        self.number, self.answer = number, answer
        self.lines: list[Instruments] = []

    def callback_new_connection(self) -> "Instruments":
        """Serve one more client."""
        self.lines.append(Instruments(self.number, self.answer))
        return self.lines[-1]

    def callback_connected(self) -> None:
        """Nothing to greet with."""

    def callback_disconnected(self, exc: Exception | None) -> None:
        """Nothing to clear."""

    def callback_data(self, data: bytes, addr: tuple[str, int] | None = None) -> int:  # noqa: ARG002
        """Answer one request."""
        back = self.answer(data)
        if back:
            self.send(back)
        return len(data)


class Bench:
    """Opens clients to one set of instruments; `answer` may be replaced between requests."""

    def __init__(self, framer: FramerType) -> None:
        self.framer = framer
        self.answer: Callable[[bytes], bytes] = lambda _: b""
        self.far: Instruments | None = None
        self.opened = 0

    def connect(self, _: ModbusSettings, line: Line) -> AsyncModbusTcpClient:
        """Return a client, as the driver's own factory does."""
        self.opened += 1
        return AsyncModbusTcpClient(
            NULLMODEM_HOST,
            port=77,
            framer=self.framer,
            retries=0,
            reconnect_delay=0,
            trace_packet=line.trace,
            trace_connect=line.connection,
        )

    async def listen(self) -> None:
        """Switch the instruments on."""
        self.far = Instruments(77, self._answer)
        await self.far.listen()

    def _answer(self, request: bytes) -> bytes:
        return self.answer(request)

    def say(self, octets: bytes) -> None:
        """Send what nobody asked for."""
        assert self.far is not None
        self.far.lines[-1].send(octets)

    def hang_up(self) -> None:
        """Close the connection from the far end."""
        assert self.far is not None
        self.far.lines[-1].close()


@pytest.fixture
def rtu() -> Iterator[Bench]:
    """Instruments that speak RTU."""
    yield Bench(FramerType.RTU)
    NullModem.listeners.clear()
    NullModem.connections.clear()


@pytest.fixture
def tcp() -> Iterator[Bench]:
    """Instruments that speak Modbus TCP."""
    yield Bench(FramerType.SOCKET)
    NullModem.listeners.clear()
    NullModem.connections.clear()
