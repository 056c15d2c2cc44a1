"""An SPS30 on a line in memory, answered by its twin, which knows nothing of the driver."""

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from edge.drivers.driver import Driver
from edge.drivers.sps30.driver import open_port
from edge.drivers.sps30.settings import Sps30Settings
from firmware_sim.instruments.sps30 import Sps30
from wire.reading import Flag, Reading

AIR = {"pm1": 5.25, "pm2_5": 9.5, "pm4": 12.625, "pm10": 13.25}
START = bytes.fromhex("7e0000020103f97e")


@dataclass
class Played:
    """A line and the twin on it, which answers at once.

    Attributes:
        renews_every: how many questions it takes until there is a new measurement.
        deaf_to: how many of the next questions are lost on the way.
        heard: what it was asked.
    """

    line: Any
    twin: Sps30 = field(default_factory=Sps30)
    air: dict[str, float] = field(default_factory=lambda: dict(AIR))
    renews_every: int = 1
    deaf_to: int = 0
    heard: list[bytes] = field(default_factory=list)

    async def answer(self) -> None:
        """Answer for ever."""
        transport = self.line.transport
        while True:
            await transport.spoken.wait()
            transport.spoken.clear()
            asked, transport.written = transport.written, b""
            self.heard.append(asked)
            if self.deaf_to:
                self.deaf_to -= 1
                continue
            if len(self.heard) % self.renews_every == 0:
                self.twin.renew(self.air)
            said = self.twin.hear(asked)
            if said:
                self.line.reader.feed_data(said)


@contextlib.asynccontextmanager
async def playing(played: Played, clock: Any, **keys: Any) -> AsyncIterator[Driver]:
    """Open the port of a device of these settings."""
    settings = Sps30Settings(id="pm", station="micro-1", driver="sps30", port="ttyS0", **({"timeout_s": 0.02} | keys))
    async with open_port([settings], clock, played.line.open) as driver:
        twin = asyncio.create_task(played.answer())
        try:
            yield driver
        finally:
            twin.cancel()


async def upto(driver: Driver, count: int) -> list[Reading]:
    """Return the first so many readings."""
    found: list[Reading] = []
    async for readings in driver.readings():
        found += readings
        if len(found) >= count:
            break
    return found


def flags(found: Sequence[Reading]) -> list[Flag]:
    """Return how the readings are flagged."""
    return [reading.flag for reading in found]


@pytest.fixture
def run(line: Any, clock: Any) -> Callable[..., Any]:
    """Play one device and hand (driver, played) to a coroutine."""

    def play(scene: Callable[[Driver, Played], Awaitable[Any]], twin: Sps30 | None = None, **keys: Any) -> Any:
        async def whole() -> Any:
            played = Played(line, twin or Sps30())
            async with playing(played, clock, **keys) as driver:
                return await scene(driver, played)

        return asyncio.run(whole())

    return play


def test_idle_device_is_started_and_read(run: Callable[..., Any]) -> None:
    """The four fractions at the time of the answer, once each period, as the twin states them."""

    async def scene(driver: Driver, played: Played) -> None:
        found = await upto(driver, 8)
        assert [(r.property, r.value) for r in found] == list(played.twin.stated.items()) * 2
        assert found[4].monotonic_ms - found[0].monotonic_ms == 10_000
        assert set(flags(found)) == {Flag.UNKNOWN}
        assert (driver.health["pm"].failures, played.heard.count(START)) == (0, 1)

    run(scene)


def test_sleeping_device_is_woken(run: Callable[..., Any]) -> None:
    """One byte stirs its interface; the wake behind it is heard."""
    twin = Sps30()
    twin.state = "asleep"

    async def scene(driver: Driver, played: Played) -> None:
        assert len(await upto(driver, 4)) == 4
        assert driver.health["pm"].failures == 0

    run(scene, twin)


def test_device_that_measures_already_is_left_alone(run: Callable[..., Any]) -> None:
    """It refuses wake and start; somebody else started it with whole numbers, which are read as such."""
    twin = Sps30()
    twin.state, twin.floats = "measuring", False

    async def scene(driver: Driver, played: Played) -> None:
        assert [r.value for r in await upto(driver, 4)] == [5.0, 10.0, 13.0, 13.0]
        assert driver.health["pm"].failures == 0

    run(scene, twin)


def test_power_cut_costs_one_read_and_is_mended(run: Callable[..., Any]) -> None:
    """A device that lost its power does not measure: it is started again before the next read."""

    async def scene(driver: Driver, played: Played) -> None:
        await upto(driver, 4)
        played.twin.power_on()
        assert len(await upto(driver, 4)) == 4
        health = driver.health["pm"]
        assert (health.failures, health.silent) == (1, 0)
        assert "not measuring" in health.fault
        assert played.heard.count(START) == 2

    run(scene)


def test_nothing_new_is_neither_reading_nor_failure(run: Callable[..., Any]) -> None:
    """An empty answer shows that the device is alive."""

    async def scene(driver: Driver, played: Played) -> None:
        played.renews_every = 4
        assert len(await upto(driver, 8)) == 8
        health = driver.health["pm"]
        assert (health.answers > 4, health.failures) == (True, 0)

    run(scene)


def test_warm_up_is_missing(run: Callable[..., Any]) -> None:
    """Zeros are no values; what follows them is."""

    async def scene(driver: Driver, played: Played) -> None:
        found = await upto(driver, 4)
        assert flags(found) == [Flag.MISSING] * 2 + [Flag.UNKNOWN] * 2
        assert all(math.isnan(r.value) for r in found[:2])

    run(scene, Sps30(warm_up=1), properties=("pm2_5", "pm10"))


@pytest.mark.parametrize(
    ("broken", "flag"),
    [(1 << 4, Flag.FAIL), (1 << 5, Flag.FAIL), (1 << 21, Flag.SUSPECT), (1 << 4 | 1 << 21, Flag.FAIL)],
    ids=["fan stopped", "laser", "fan speed", "both"],
)
def test_device_that_says_it_is_broken_is_believed(run: Callable[..., Any], broken: int, flag: Flag) -> None:
    """Values come all the same, flagged by what the status register says, for as long as it lasts."""

    async def scene(driver: Driver, played: Played) -> None:
        found = await upto(driver, 8)
        assert [r.value for r in found] == [*AIR.values()] * 2
        assert flags(found) == [flag] * 8

    run(scene, Sps30(broken=broken))


def test_fault_that_has_passed_is_told_once(run: Callable[..., Any]) -> None:
    """The device itself would go on telling it."""

    async def scene(driver: Driver, played: Played) -> None:
        found = await upto(driver, 8)
        assert flags(found) == [Flag.FAIL] * 4 + [Flag.UNKNOWN] * 4

    run(scene, Sps30(register=1 << 5))


def test_fault_that_an_old_firmware_cannot_name_is_a_doubt(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bit 7 is set, the status register is an unknown command."""
    monkeypatch.setattr("firmware_sim.instruments.sps30.STATUS", -1)

    async def scene(driver: Driver, played: Played) -> None:
        assert flags(await upto(driver, 4)) == [Flag.SUSPECT] * 4

    run(scene, Sps30(broken=1 << 4))


def test_measurement_that_is_none_is_a_failure(run: Callable[..., Any]) -> None:
    """Eight bytes that add up are neither ten floats nor ten words; the next measurement is read."""

    async def scene(driver: Driver, played: Played) -> None:
        await upto(driver, 4)
        played.renews_every, played.twin._new = 4, b"\x01" * 8
        assert len(await upto(driver, 4)) == 4
        assert driver.health["pm"].fault == "a measurement of 8 bytes"

    run(scene)


def test_value_out_of_the_range_is_doubted(run: Callable[..., Any]) -> None:
    """The data sheet promises 0 to 1000 ug/m3."""

    async def scene(driver: Driver, played: Played) -> None:
        played.air["pm10"] = 1000.5
        assert flags(await upto(driver, 4)) == [Flag.UNKNOWN] * 3 + [Flag.SUSPECT]

    run(scene)


def test_silence_is_noted_and_ends_with_the_next_answer(run: Callable[..., Any]) -> None:
    """A device whose cable is out is silent, and comes back as it was."""

    async def scene(driver: Driver, played: Played) -> None:
        played.deaf_to = 2
        assert len(await upto(driver, 4)) == 4
        health = driver.health["pm"]
        assert (health.failures, health.silent) == (1, 0)
        assert health.fault.startswith("silent")

    run(scene)


def test_two_on_one_line_are_refused(clock: Any) -> None:
    """Their address is fixed."""
    one = Sps30Settings(id="a", station="s", driver="sps30", port="ttyS0")
    two = Sps30Settings(id="b", station="s", driver="sps30", port="ttyS0")

    with pytest.raises(ValueError, match=r"port: a and b .* line of its own"):
        open_port([one, two], clock)
