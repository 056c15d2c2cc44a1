"""A Honeywell on a serial line in memory."""

import asyncio
from typing import Any

import pytest

from edge.drivers.hpma.codec import MEASURE, SEND
from edge.drivers.hpma.driver import open_port
from edge.drivers.hpma.settings import HpmaSettings
from firmware_sim.instruments.hpma import Hpma
from wire.reading import Flag, Reading

AIR = {"pm2_5": 35.0, "pm10": 80.0}


def settings(**keys: Any) -> HpmaSettings:
    """Return a device's table."""
    return HpmaSettings(id="micro-1-pm", station="micro-1", driver="hpma", port="ttyS0", **keys)


def warm(*, compact: bool = False) -> Hpma:
    """Return a twin that has warmed up."""
    twin = Hpma(compact)
    while not twin.beat(AIR)[1]:
        pass
    return twin


async def first(line: Any, clock: Any, device: HpmaSettings, raw: bytes) -> list[Reading]:
    """Return the readings of the first frame in some bytes."""
    async with open_port([device], clock, line.open) as driver:
        line.reader.feed_data(raw)
        return list(await anext(driver.readings()))


@pytest.mark.parametrize(("model", "compact"), [("115s0", False), ("115c0", True)])
def test_twin_is_read_as_it_states(line: Any, clock: Any, model: str, compact: bool) -> None:  # noqa: FBT001
    """Every fraction of the model, at the time when the frame came, not judged yet."""
    octets, stated = warm(compact=compact).beat(AIR)

    found = asyncio.run(first(line, clock, settings(model=model), octets))

    assert [(r.property, r.value) for r in found] == list(stated.items())
    assert {(r.monotonic_ms, r.flag) for r in found} == {(5_000, Flag.UNKNOWN)}


def test_twin_warms_up_without_values(line: Any, clock: Any) -> None:
    """Its zeros are missing values."""
    octets, stated = Hpma().beat(AIR)

    found = asyncio.run(first(line, clock, settings(), octets))

    assert stated == {}
    assert [(r.property, r.flag) for r in found] == [("pm2_5", Flag.MISSING), ("pm10", Flag.MISSING)]


def test_more_than_it_can_measure_is_doubted(line: Any, clock: Any) -> None:
    """Its range ends at 1000 ug/m3."""
    octets, _ = warm().beat({"pm2_5": 1000.0, "pm10": 1001.0})

    found = asyncio.run(first(line, clock, settings(), octets))

    assert [(r.value, r.flag) for r in found] == [(1000.0, Flag.UNKNOWN), (1001.0, Flag.SUSPECT)]


def test_what_the_other_model_does_not_measure_is_missing(line: Any, clock: Any) -> None:
    """An answer of a 115S0 has no PM1, whatever the settings say."""
    device = settings(model="115c0", properties=("pm1", "pm10"))

    found = asyncio.run(first(line, clock, device, bytes.fromhex("4005040030003156")))

    assert [(r.property, r.flag) for r in found] == [("pm1", Flag.MISSING), ("pm10", Flag.UNKNOWN)]


def test_silent_device_is_told_to_measure_and_send(line: Any, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its fan was stopped and its sending, too: two acknowledgements stick to the frame that follows."""
    monkeypatch.setattr("edge.drivers.serial_port.SILENT_S", 0.01)
    twin = warm()
    twin.hear(bytes.fromhex("6801029568012077"))

    async def run() -> None:
        async with open_port([settings()], clock, line.open) as driver:
            coming = asyncio.create_task(anext(driver.readings()))
            await line.transport.spoken.wait()
            assert line.transport.written.startswith(MEASURE + SEND)
            line.reader.feed_data(twin.hear(line.transport.written[:8]) + twin.beat(AIR)[0])
            assert [r.flag for r in await coming] == [Flag.MISSING] * 2
            assert driver.health["micro-1-pm"].fault.startswith("all zero")

    asyncio.run(run())
