"""What our Modbus driver costs beside a bare pymodbus loop, and how many readings a core carries into the outbox.

Run it with `python bench/modbus/run.py [requests]`. The instruments are a process of their own that answers any read.

- a request: a full block of 125 registers, and the 10 of an AQT530, driver (timetable, decoding, readings) against a
  loop that throws its registers away
- 32 units of 125 tags each, as fast as they go: driver and outbox, readings for each second of processor time
- 500 separately declared tags at 1 s for 20 s: the processor's share
"""

import asyncio
import resource
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pymodbus.client import AsyncModbusTcpClient

sys.path.insert(0, str(Path(__file__).parents[2]))

from edge.catalogue import Inventory, Series
from edge.drivers import DRIVERS
from edge.drivers.modbus.settings import ModbusSettings
from edge.key import load_or_create
from edge.outbox import Identity, Limits, Outbox
from wire.batch import CatalogueDevice, CatalogueStation
from wire.clock import SystemClock

UNITS = 32
TAGS = 125
SHORT = ("no2", "o3", "pm2_5", "pm10")
FLUSH_S = 5.0


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


async def bare(port: int, requests: int, count: int) -> float:
    """Return processor microseconds of a request: pymodbus alone, registers thrown away."""
    client = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=1, retries=0, reconnect_delay=0)
    await client.connect()
    started = time.process_time()
    for at in range(requests):
        answer = await client.read_holding_registers(0, count=count, device_id=1 + at % UNITS)
        assert not answer.isError()
    spent = time.process_time() - started
    client.close()
    return spent / requests * 1e6


def stations(port: int) -> list[ModbusSettings]:
    """Return an AQT530 on each unit."""
    return [device(port, unit, f"micro-{unit:03}", profile="aqt530", properties=SHORT) for unit in range(1, UNITS + 1)]


def tags(port: int, units: int, each: int, period_s: float) -> list[ModbusSettings]:
    """Return so many separately declared tags on each unit."""
    profile = str(Path(__file__).with_name("tag.toml"))
    return [
        device(port, unit, f"tag-{unit:02}-{at:03}", profile=profile, offset=at, period_s=period_s)
        for unit in range(1, units + 1)
        for at in range(each)
    ]


def device(port: int, unit: int, name: str, **keys: object) -> ModbusSettings:
    """Return a device's table."""
    table: dict[str, object] = {"period_s": 0.001, **keys}
    return ModbusSettings(id=name, station="field", driver="modbus", port=f"tcp://127.0.0.1:{port}", unit=unit, **table)


async def ours(devices: list[ModbusSettings], requests: int) -> float:
    """Return processor microseconds of a request: timetable, decoding and readings included."""
    async with DRIVERS["modbus"].open(devices, SystemClock()) as driver:
        answers = 0
        started = time.process_time()
        async for _ in driver.readings():
            answers += 1
            if answers == requests:
                break
        return (time.process_time() - started) / requests * 1e6


async def into_outbox(devices: list[ModbusSettings], place: Path, seconds: float) -> tuple[int, float, float]:
    """Return (readings kept, seconds of processor time, seconds) of a driver whose readings go into an outbox."""
    inventory = Inventory(
        "bench",
        (CatalogueStation("field", "micro_station", "Field", 116.5, 39.8),),
        tuple(CatalogueDevice(each.id, "field", "modbus") for each in devices),
        tuple(Series(each.id, "pm2_5", "ug/m3", each.period_s) for each in devices),
    )
    clock = SystemClock()
    identity = Identity("gw-bench", load_or_create(place / "key"), bytes(16))
    kept = 0
    with Outbox(place / "outbox", identity, inventory, Limits()) as outbox:
        outbox.set_clock(clock.offset_ms(), "ntp")
        async with DRIVERS["modbus"].open(devices, clock) as driver:
            started, spent = time.monotonic(), time.process_time()
            flushed = started
            async for readings in driver.readings():
                outbox.append(readings)
                kept += len(readings)
                now = time.monotonic()
                if now - flushed >= FLUSH_S:
                    outbox.flush()
                    flushed = now
                if now - started >= seconds:
                    break
            return kept, time.process_time() - spent, time.monotonic() - started


def requests_cost(port: int, requests: int) -> None:
    """Print what a request costs, the best of five turns each."""
    for title, count, devices in (
        ("125 registers", TAGS, tags(port, UNITS, TAGS, 0.001)),
        ("10 registers, 4 readings", 10, stations(port)),
    ):
        turns = [(asyncio.run(bare(port, requests, count)), asyncio.run(ours(devices, requests))) for _ in range(5)]
        alone, driver = map(min, zip(*turns, strict=True))
        print(f"{title:26} pymodbus alone {alone:6.1f} us, our driver {driver:6.1f} us, ratio {driver / alone:.2f}")


def outbox_rates(port: int) -> None:
    """Print what a core carries into an outbox, and what 500 tags at 1 s cost."""
    with tempfile.TemporaryDirectory() as place:
        kept, spent, took = asyncio.run(into_outbox(tags(port, UNITS, TAGS, 0.001), Path(place), 6.0))
        print(
            f"{UNITS} units of {TAGS} tags, as fast as they go: {kept / took:,.0f} readings/s, "
            f"{kept / spent:,.0f} a second of processor time"
        )
    with tempfile.TemporaryDirectory() as place:
        kept, spent, took = asyncio.run(into_outbox(tags(port, 1, 500, 1.0), Path(place), 20.0))
        memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"500 separate tags at 1 s: {kept / took:,.0f} readings/s, {100 * spent / took:.2f} % of a core")
        print(f"largest resident memory {memory_mb:.0f} MB, with {UNITS * TAGS} devices configured")


def main() -> None:
    """Print all of it."""
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else 3_000
    far = subprocess.Popen([sys.executable, __file__, "serve"], stdout=subprocess.PIPE, text=True)
    assert far.stdout is not None
    port = int(far.stdout.readline())
    try:
        requests_cost(port, requests)
        outbox_rates(port)
    finally:
        far.terminate()
        far.wait()


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        asyncio.run(serve())
    else:
        main()
