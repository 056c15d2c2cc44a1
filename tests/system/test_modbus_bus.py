"""The Modbus driver on a bus with faults, over its serial port and over its network port: real bytes, real time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Literal

import pytest

from edge.drivers.driver import DeviceHealth, Driver
from edge.drivers.modbus.driver import open_port
from edge.drivers.modbus.settings import ModbusSettings
from firmware_sim.bus import DEMONSTRATION, FaultyBus, Manner, Unit, open_bus
from wire.clock import SystemClock
from wire.reading import Reading

pytestmark = pytest.mark.system

Door = Literal["port", "network"]


def settings(bus: FaultyBus, door: Door, number: int, unit: Unit, **keys: Any) -> ModbusSettings:
    """Return the table of a unit's device."""
    table: dict[str, Any] = {"period_s": 0.2, "timeout_s": 0.15, **keys}
    return ModbusSettings(
        id=unit.device,
        station="lab",
        driver="modbus",
        port=getattr(bus, door),
        unit=number,
        profile=unit.model,
        properties=("no2", "o3") if unit.model == "aqt530" else (),
        **table,
    )


async def poll(driver: Driver, seconds: float) -> list[Reading]:
    """Return what a line gives in so many real seconds."""
    found: list[Reading] = []
    try:
        async with asyncio.timeout(seconds):
            async for readings in driver.readings():
                found += readings
    except TimeoutError:
        pass
    return found


def on_bus(
    place: Path, units: dict[int, Unit], door: Door, use: Callable[[FaultyBus, Driver], Awaitable[None]], **keys: Any
) -> None:
    """Open a bus and the driver of all its units."""

    async def scene() -> None:
        async with open_bus(place, units, SystemClock(), echo=keys.pop("echo", False)) as bus:
            devices = [settings(bus, door, number, unit, **keys) for number, unit in units.items()]
            async with open_port(devices, SystemClock()) as driver:
                await use(bus, driver)

    asyncio.run(scene())


@pytest.mark.parametrize("door", ["port", "network"])
def test_three_good_units_beside_a_silent_a_garbling_and_a_babbling_one(tmp_path: Path, door: Door) -> None:
    """The good ones lose next to nothing, what they say is what the bus entered, and each fault is named."""

    async def use(_: FaultyBus, driver: Driver) -> None:
        found = await poll(driver, 3.0)
        assert {(one.device, one.property) for one in found} == {
            ("lab-climate", "temperature"),
            ("lab-climate", "humidity"),
            ("lab-noise", "noise"),
            ("yard-air", "no2"),
            ("yard-air", "o3"),
        }
        assert {(one.device, one.property, round(one.value, 6)) for one in found} <= stated(tmp_path)
        for name in ("lab-climate", "lab-noise", "yard-air"):
            assert driver.health[name].answers >= 0.9 * 3.0 / 0.2
        assert driver.health["store-climate"].fault.startswith("silent")
        assert driver.health["hall-noise"].fault.startswith("garbled: the checksum is wrong")
        assert driver.health["roof-weather"].fault.startswith("babbles")

    on_bus(tmp_path, dict(DEMONSTRATION), door, use)


def stated(place: Path) -> set[tuple[str, str, float]]:
    """Return what the bus has entered: device, property, value."""
    lines = (line.split("\t") for line in (place / "ledger.tsv").read_text().splitlines())
    return {(device, name, round(float(value), 6)) for device, name, _, value in lines}


@pytest.mark.parametrize("manner", ["silent", "garbling", "slow"])
def test_one_troubled_unit_of_eight_costs_the_others_five_percent_at_most(tmp_path: Path, manner: str) -> None:
    """And it is heard again soon after it is mended."""
    units = {number: Unit(f"unit-{number}", "rs_zs_noise") for number in range(1, 8)}
    slow = manner == "slow"
    trouble: Manner = "good" if slow else "silent" if manner == "silent" else "garbling"
    units[8] = Unit("troubled", "rs_zs_noise", trouble, delay_s=0.27 if slow else 0.0)

    async def use(bus: FaultyBus, driver: Driver) -> None:
        await poll(driver, 6.0)
        assert min(driver.health[f"unit-{number}"].answers for number in range(1, 8)) >= 0.95 * 6.0 / 0.3
        assert (driver.health["troubled"].answers > 0) == slow
        bus.units[8] = Unit("troubled", "rs_zs_noise")
        mended = time.monotonic()
        async with asyncio.timeout(20):
            async for readings in driver.readings():
                if readings[0].device == "troubled":
                    break
        assert time.monotonic() - mended < 24 * 0.3 + 2

    on_bus(tmp_path, units, "port", use, period_s=0.3, timeout_s=0.3)


@pytest.mark.parametrize("manner", ["truncating", "wrong_unit", "busy", "refusing"])
def test_each_manner_is_told_in_words(tmp_path: Path, manner: Manner) -> None:
    """Half a frame, another number, no time, no registers."""
    said = {
        "truncating": "garbled: 3 bytes of 7 came",
        "wrong_unit": "unit 2 answers in its place",
        "busy": "",
        "refusing": "refused with exception 2",
    }

    async def use(_: FaultyBus, driver: Driver) -> None:
        await poll(driver, 0.8)
        health: DeviceHealth = driver.health["noise"]
        assert health.fault.startswith(said[manner])
        assert bool(health.answers) == (manner == "busy")

    on_bus(tmp_path, {1: Unit("noise", "rs_zs_noise", manner)}, "port", use, echo=True)


def test_late_answer_is_drained_before_the_next_question(tmp_path: Path) -> None:
    """A unit that answers after its time-out is told so, and read rightly when it is quicker."""
    units = {1: Unit("weather", "renke_500", delay_s=0.2)}

    async def use(bus: FaultyBus, driver: Driver) -> None:
        assert await poll(driver, 1.5) == []
        assert driver.health["weather"].fault.startswith("late: it answers after more than 0.15 s")
        bus.units[1] = Unit("weather", "renke_500", delay_s=0.1)
        found = await poll(driver, 4.5)
        assert {(one.device, one.property, round(one.value, 6)) for one in found} <= stated(tmp_path)
        assert found

    on_bus(tmp_path, units, "port", use)
