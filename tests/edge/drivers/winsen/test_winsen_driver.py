"""Winsen modules on a serial line in memory."""

import asyncio
import math
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from edge.drivers.asking import Line
from edge.drivers.serial_port import close_streams
from edge.drivers.winsen.codec import ACTIVE, ASK, READ
from edge.drivers.winsen.driver import WarmUp, _Module, open_port
from edge.drivers.winsen.settings import WinsenSettings, datastreams
from edge.errors import DeviceSilent, PortError
from wire.reading import Flag, Reading

CARBON = bytes.fromhex("ff0403010005138858")
BROKEN = bytes.fromhex("ff04030180051388d8")
ANSWERED = bytes.fromhex("ff86002a0000002030")


def settings(**keys: Any) -> WinsenSettings:
    """Return a device's table."""
    table = {
        "id": "co",
        "station": "micro-1",
        "driver": "winsen",
        "port": "ttyS0",
        "model": "ze15-co",
        "timeout_s": 30,
        **keys,
    }
    return msgspec.convert(table, WinsenSettings)


def test_module_is_silent_of_values_until_it_is_warm(line: Any, clock: Any) -> None:
    """30 s of missing values after the first frame, then 0.5 ppm, then what a broken module says, flagged."""

    async def run() -> list[Reading]:
        found: list[Reading] = []
        async with open_port([settings()], clock, line.open) as driver:
            stream = driver.readings()
            for chunk in (CARBON, CARBON, CARBON, CARBON, BROKEN):
                line.reader.feed_data(chunk)
                found += await anext(stream)
                await clock.sleep(10)
        return found

    found = asyncio.run(run())

    assert [(25_000, Flag.MISSING), (35_000, Flag.UNKNOWN), (45_000, Flag.FAIL)] == [
        (one.monotonic_ms, one.flag) for one in found[2:]
    ]
    assert all(math.isnan(one.value) for one in found[:3])
    assert [0.5, 0.5] == [one.value for one in found[3:]]


def test_warm_up_begins_anew_after_a_silence() -> None:
    """A module that came back may have been without power; one that goes on has not."""
    warm_up = WarmUp(30, 10)

    assert [warm_up.over(at) for at in (0, 9_000, 18_000, 27_000, 30_000)] == [False] * 4 + [True]
    assert [warm_up.over(at) for at in (40_000, 50_001, 60_000)] == [True, False, False]


def test_silent_module_is_told_to_send(line: Any, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody may have left it waiting to be asked."""
    monkeypatch.setattr("edge.drivers.serial_port.SILENT_S", 0.01)

    async def run() -> None:
        async with open_port([settings(warm_up_s=0)], clock, line.open) as driver:
            first = asyncio.ensure_future(anext(driver.readings()))
            await line.transport.spoken.wait()
            assert line.transport.written.startswith(ACTIVE)
            line.reader.feed_data(CARBON)
            assert [0.5] == [one.value for one in await first]

    asyncio.run(run())


async def ask(line: Any, clock: Any, device: WinsenSettings, answers: Sequence[bytes]) -> tuple[list[Reading], bytes]:
    """Return what the driver says when its questions are answered so, and what it sent."""
    found: list[Reading] = []
    async with open_port([device], clock, line.open) as driver:
        stream = driver.readings()
        for answer in answers:
            reading = asyncio.ensure_future(anext(stream))
            await question(line)
            line.reader.feed_data(answer)
            found += await reading
    return found, line.transport.written


async def question(line: Any) -> None:
    """Wait for the next one."""
    line.transport.spoken.clear()
    await line.transport.spoken.wait()
    if not line.transport.written.endswith(READ):
        await question(line)


@pytest.mark.parametrize(("unit", "value"), [("", 32.0), ("ppb", 32.0), ("ug/m3", 42.0)])
def test_asked_module_gives_the_unit_that_is_configured(line: Any, clock: Any, unit: str, value: float) -> None:
    """Parts per billion unless the mass is wanted; an upload that is still under way is passed over."""
    device = settings(model="ze25-o3", mode="ask", unit=unit, warm_up_s=0)

    found, sent = asyncio.run(ask(line, clock, device, [CARBON + ANSWERED]))

    assert [("o3", value, Flag.UNKNOWN)] == [(one.property, one.value, one.flag) for one in found]
    assert ASK + READ == sent
    assert (("o3", unit or "ppb"),) == datastreams(device)


def test_scale_of_the_module_at_hand_is_configured(line: Any, clock: Any) -> None:
    """A series whose documents disagree is described by its table."""
    device = settings(model="ze12", gas="no2", mode="ask", scale=0.1, warm_up_s=0)

    found, _ = asyncio.run(ask(line, clock, device, [ANSWERED]))

    assert [("no2", 3.2)] == [(one.property, round(one.value, 9)) for one in found]


def test_module_without_modes_is_only_asked(line: Any, clock: Any) -> None:
    """An MH-Z19B knows no command 78."""
    device = settings(model="mh-z19b", mode="ask", warm_up_s=0)

    found, sent = asyncio.run(ask(line, clock, device, [bytes.fromhex("ff86027c42000000ba")]))

    assert [("co2", 636.0)] == [(one.property, one.value) for one in found]
    assert READ == sent


def test_unanswered_question_begins_the_warm_up_anew(line: Any, clock: Any) -> None:
    """A module that did not answer may have been without power."""
    warm_up = WarmUp(60, 90)
    patient = _Module(settings(model="ze25-o3", mode="ask"), clock, warm_up)
    hasty = _Module(settings(model="ze25-o3", mode="ask", timeout_s=1e-3), clock, warm_up)

    async def answered(wire: Line) -> Flag:
        reading = asyncio.ensure_future(patient.read(wire))
        await question(line)
        line.reader.feed_data(ANSWERED)
        await clock.sleep(30)
        return (await reading)[0].flag

    async def run() -> list[Flag]:
        streams = await line.open("ttyS0", 9600)
        wire = Line("ttyS0", streams)
        flags = [await answered(wire) for _ in range(3)]
        with pytest.raises(DeviceSilent):
            await hasty.read(wire)
        flags.append(await answered(wire))
        await close_streams(streams)
        return flags

    assert [Flag.MISSING, Flag.MISSING, Flag.UNKNOWN, Flag.MISSING] == asyncio.run(run())


def test_lost_port_ends_the_driver(line: Any, clock: Any) -> None:
    """A module fed by the adapter has lost its power with it."""

    async def run() -> None:
        device = settings(model="ze25-o3", mode="ask")
        async with open_port([device], clock, line.open) as driver:
            line.reader.feed_eof()
            await anext(driver.readings())

    with pytest.raises(PortError, match="went away"):
        asyncio.run(run())


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({"model": "mh-z19b"}, "mode: mh-z19b cannot be used so: mode = 'ask'"),
        ({"model": "ze07-co", "mode": "ask"}, "mode: ze07-co cannot be used so: mode = 'active'"),
        ({"model": "ze12"}, "gas: say which one this ze12 measures: one of no2, no"),
        ({"gas": "o3"}, "gas: say which one"),
        ({"unit": "ug/m3"}, "unit: ze15-co has no 'ug/m3' here: use one of ppm"),
        ({"port": "udp://h:1"}, "port: "),
    ],
)
def test_table_that_does_not_fit_the_module_is_refused(keys: dict[str, Any], reason: str) -> None:
    """The error begins with the key and says what would do."""
    with pytest.raises(msgspec.ValidationError, match=reason):
        settings(**keys)
