"""A vehicle terminal behind a serial server."""

import asyncio

import pytest

from edge.drivers import DRIVERS
from edge.drivers.jtt808.settings import Jtt808Settings
from firmware_sim.instruments.jtt808 import Place, answers, report
from wire.clock import SystemClock

pytestmark = pytest.mark.system


def test_terminal_behind_a_serial_server_is_read_and_answered() -> None:
    """Its position arrives, and its answer comes back on the same connection once the next one is asked for."""
    clock = SystemClock()
    heard: asyncio.Queue[tuple[int, int]] = asyncio.Queue()

    async def terminal(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for serial in (7, 8):
            writer.write(report(Place(clock.utc_ms(), 116.53, 39.82, 36.4), "13912344329", serial))
        while chunk := await reader.read(4096):
            for answer in answers(chunk):
                heard.put_nowait(answer)
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(terminal, "127.0.0.1", 0)
        port = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        settings = Jtt808Settings(id="patrol-3-terminal", station="patrol-3", driver="jtt808", port=port)
        async with server, asyncio.timeout(10), DRIVERS["jtt808"].open([settings], clock) as driver:
            flow = driver.readings()
            ((first,), (second,)) = await anext(flow), await anext(flow)
            assert (first.longitude, first.value, second.latitude) == (116.53, 36.4, 39.82)
            assert await heard.get() == (7, 0x0200)

    asyncio.run(run())
