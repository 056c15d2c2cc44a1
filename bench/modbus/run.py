"""What our Modbus driver costs on top of pymodbus: processor time of a request, driver against a bare loop.

Run it with `python bench/modbus/run.py [requests]`. The instruments are a process of their own that answers any read;
the driver reads AQT530s with a period that is always due, so that neither side sleeps.
"""

import asyncio
import struct
import subprocess
import sys
import time
from pathlib import Path

from pymodbus.client import AsyncModbusTcpClient

sys.path.insert(0, str(Path(__file__).parents[2]))

from edge.drivers import DRIVERS
from edge.drivers.modbus.settings import ModbusSettings
from wire.clock import SystemClock

UNITS = 33
PROPERTIES = ("no2", "o3", "pm2_5", "pm10")


class Instruments(asyncio.Protocol):
    """Answers every read with the same registers."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where to answer."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer one request."""
        _, count = struct.unpack(">HH", data[8:12])
        body = bytes((data[6], data[7], 2 * count)) + b"\x00\x37" * count
        self.transport.write(data[:4] + len(body).to_bytes(2, "big") + body)


async def serve() -> None:
    """Listen on a free port and print it."""
    server = await asyncio.get_running_loop().create_server(Instruments, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def bare(port: int, requests: int) -> float:
    """Return processor microseconds of a request: pymodbus alone, registers thrown away."""
    client = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=1, retries=0, reconnect_delay=0)
    await client.connect()
    started = time.process_time()
    for at in range(requests):
        answer = await client.read_holding_registers(0, count=10, device_id=1 + at % UNITS)
        assert not answer.isError()
    spent = time.process_time() - started
    client.close()
    return spent / requests * 1e6


async def ours(port: int, requests: int) -> float:
    """Return processor microseconds of a request: timetable, decoding and readings included."""
    devices = [
        ModbusSettings(
            id=f"micro-{unit:03}-gas",
            station=f"micro-{unit:03}",
            driver="modbus",
            port=f"tcp://127.0.0.1:{port}",
            unit=unit,
            profile="aqt530",
            properties=PROPERTIES,
            period_s=0.001,
        )
        for unit in range(1, UNITS + 1)
    ]
    async with DRIVERS["modbus"].open(devices, SystemClock()) as driver:
        answers = 0
        started = time.process_time()
        async for readings in driver.readings():
            assert len(readings) == len(PROPERTIES)
            answers += 1
            if answers == requests:
                break
        return (time.process_time() - started) / requests * 1e6


def main() -> None:
    """Print both and their ratio, the best of five turns each."""
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    far = subprocess.Popen([sys.executable, __file__, "serve"], stdout=subprocess.PIPE, text=True)
    assert far.stdout is not None
    port = int(far.stdout.readline())
    try:
        turns = [(asyncio.run(bare(port, requests)), asyncio.run(ours(port, requests))) for _ in range(5)]
    finally:
        far.terminate()
        far.wait()
    alone, driver = map(min, zip(*turns, strict=True))
    print(f"pymodbus alone {alone:7.1f} us a request")
    print(f"our driver     {driver:7.1f} us a request   ratio {driver / alone:.2f}")


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        asyncio.run(serve())
    else:
        main()
