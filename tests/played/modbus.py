"""A Modbus driver on a line that a test answers."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from edge.drivers.modbus.driver import ModbusDriver, open_port
from edge.drivers.modbus.settings import ModbusSettings
from wire.reading import Reading


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
