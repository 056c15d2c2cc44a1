"""A Modbus driver on a line that a test answers."""

import asyncio
import struct
from collections.abc import Awaitable, Callable
from typing import Any

from edge.drivers.modbus.driver import ModbusDriver, open_port
from edge.drivers.modbus.settings import ModbusSettings
from wire.reading import Reading


def device(name: str, unit: int, profile: str = "rs_zs_noise", **keys: Any) -> ModbusSettings:
    """Return a device's table."""
    table: dict[str, Any] = {"port": "tcp://198.51.100.7:502", "timeout_s": 0.02, **keys}
    return ModbusSettings(id=name, station="s", driver="modbus", unit=unit, profile=profile, **table)


def tcp_answer(request: bytes, pdu: bytes) -> bytes:
    """Return the TCP frame that answers a request."""
    return request[:4] + struct.pack(">HB", len(pdu) + 1, request[6]) + pdu


def registers(request: bytes, values: dict[int, int]) -> bytes:
    """Return the TCP answer to a read: these registers, 0 elsewhere."""
    function, address, count = struct.unpack(">BHH", request[7:12])
    words = [values.get(address + at, 0) for at in range(count)]
    return tcp_answer(request, struct.pack(f">BB{count}H", function, 2 * count, *words))


def refusal(request: bytes, code: int) -> bytes:
    """Return the TCP answer that refuses a request."""
    return tcp_answer(request, bytes((request[7] | 0x80, code)))


def run(
    bench: Any, clock: Any, devices: list[ModbusSettings], use: Callable[[ModbusDriver], Awaitable[None]]
) -> ModbusDriver:
    """Open the line and use its driver."""

    async def session() -> ModbusDriver:
        await bench.listen()
        driver = open_port(devices, clock, bench.connect)
        assert isinstance(driver, ModbusDriver)
        async with driver:
            await use(driver)
        return driver

    return asyncio.run(session())


async def collect(driver: ModbusDriver, count: int) -> list[Reading]:
    """Return the readings of the first answers."""
    found: list[Reading] = []
    async for readings in driver.readings():
        found += readings
        count -= 1
        if count == 0:
            break
    return found
