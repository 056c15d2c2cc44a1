"""The Modbus driver on a real connection."""

import asyncio
import socket
import struct

import pytest

from edge.drivers.modbus.driver import open_port
from edge.drivers.modbus.settings import ModbusSettings
from edge.errors import PortError
from wire.clock import SystemClock

pytestmark = pytest.mark.system


def settings(port: int) -> ModbusSettings:
    """Return the table of a noise transmitter behind a concentrator."""
    return ModbusSettings(
        id="micro-1-noise",
        station="micro-1",
        driver="modbus",
        port=f"tcp://127.0.0.1:{port}",
        unit=1,
        profile="rs_zs_noise",
        period_s=0.02,
        timeout_s=5.0,
    )


def test_concentrator_that_hangs_up_is_noticed_before_the_time_out() -> None:
    """Answers come without delay on the socket; when the far end closes, the next slot says so."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(3):
            request = await reader.readexactly(12)
            writer.write(request[:4] + struct.pack(">HBBBH", 5, request[6], 3, 2, 553))
        writer.close()
        await writer.wait_closed()

    async def scene() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server, open_port([settings(server.sockets[0].getsockname()[1])], SystemClock()) as driver:
            connection = driver._line.client.ctx.transport.get_extra_info("socket")  # type: ignore[attr-defined]
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
            stream = driver.readings()
            assert [(await anext(stream))[0].value for _ in range(3)] == [55.3] * 3
            with pytest.raises(PortError, match="connection is lost"):
                await asyncio.wait_for(anext(stream), 4)

    asyncio.run(scene())


def test_concentrator_that_is_not_there_is_named() -> None:
    """Opening fails at once."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    async def scene() -> None:
        async with open_port([settings(port)], SystemClock()):
            pass

    with pytest.raises(PortError, match=f"tcp://127.0.0.1:{port}: cannot be opened"):
        asyncio.run(scene())
