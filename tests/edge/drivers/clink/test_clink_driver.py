"""Thermo analysers on a line in memory, answered by their twins."""

import asyncio
from typing import Any

import msgspec
import pytest

from edge.drivers.clink.driver import open_port
from edge.drivers.clink.settings import ClinkSettings, datastreams
from firmware_sim.instruments.clink import Analyser
from wire.reading import Flag, Reading


def settings(**keys: Any) -> ClinkSettings:
    """Return a device's table."""
    table = {
        "id": "gas",
        "station": "ref-1",
        "driver": "clink",
        "port": "ttyS0",
        "model": "49i",
        "timeout_s": 30,
        **keys,
    }
    return msgspec.convert(table, ClinkSettings)


async def serve(line: Any, analysers: tuple[Analyser, ...]) -> None:
    """Let the twins answer whatever the driver writes, until the test ends it."""
    while True:
        await line.transport.spoken.wait()
        line.transport.spoken.clear()
        heard, line.transport.written = line.transport.written, b""
        for analyser in analysers:
            line.reader.feed_data(analyser.hear(heard))


async def take(line: Any, clock: Any, devices: list[ClinkSettings], *analysers: Analyser) -> list[Reading]:
    """Return the readings of one poll of each device."""
    async with open_port(devices, clock, line.open) as driver:
        answering = asyncio.create_task(serve(line, analysers))
        stream = driver.readings()
        found = [one for _ in devices for one in await anext(stream)]
        answering.cancel()
        return found


@pytest.mark.parametrize("ends", ["plain", "star", "sum", "80", "ff"])
def test_ozone_comes_as_the_analyser_states_it(line: Any, clock: Any, ends: Any) -> None:
    """One value with its flag, whatever the firmware's framing."""
    (found,) = asyncio.run(take(line, clock, [settings()], Analyser(49, {"o3": 30.781}, ends=ends)))

    assert ("gas", "o3", clock.monotonic_ms(), 30.781, Flag.UNKNOWN) == found[:5]


def test_chosen_gases_of_a_nox_analyser(line: Any, clock: Any) -> None:
    """Only what is wanted is asked for; NO is not confused with NO2 and NOx."""
    analyser = Analyser(42, {"no": 1.5, "no2": 12.25, "nox": 13.75})

    found = asyncio.run(take(line, clock, [settings(model="42i", properties=("no", "nox"))], analyser))

    assert [("no", 1.5), ("nox", 13.75)] == [(one.property, one.value) for one in found]


@pytest.mark.parametrize(
    ("keys", "state", "flag"),
    [
        ({}, {"flags": 0x0C00_0400}, Flag.FAIL),
        ({}, {"flags": 0x0C00_0001}, Flag.SUSPECT),
        ({}, {"mode": "span"}, Flag.FAIL),
        ({}, {"mode": ""}, Flag.UNKNOWN),
        ({"suspect_bits": 0x0400_0000}, {}, Flag.SUSPECT),
        ({"suspect_bits": 0x0400_0000, "fail_bits": 0x0800_0000}, {}, Flag.FAIL),
    ],
)
def test_state_of_the_analyser_becomes_a_flag(
    line: Any, clock: Any, keys: dict[str, Any], state: dict[str, Any], flag: Flag
) -> None:
    """Its status word, span gas, and the bits that the table names; no valves are no fault."""
    (found,) = asyncio.run(take(line, clock, [settings(**keys)], Analyser(49, {"o3": 30.781}, **state)))

    assert (30.781, flag) == (found.value, found.flag)


@pytest.mark.parametrize(
    ("keys", "analyser", "fault"),
    [
        ({}, Analyser(49, {"o3": 60.4}, unit="ug/m3"), "states o3 in ug/m3, not in ppb: set its gas unit"),
        ({"model": "42i"}, Analyser(42, {}), "refuses 'no': bad cmd"),
        ({"timeout_s": 0.01}, Analyser(50, {}), "silent"),
    ],
)
def test_analyser_that_gives_no_values_says_why(
    line: Any, clock: Any, keys: dict[str, Any], analyser: Analyser, fault: str
) -> None:
    """The health has the reason, in words that say what to do."""

    async def run() -> str:
        async with open_port([settings(**keys)], clock, line.open) as driver:
            answering = asyncio.create_task(serve(line, (analyser,)))
            polling = asyncio.ensure_future(anext(driver.readings()))
            health = driver.health["gas"]
            async with asyncio.timeout(5):
                while not health.failures:  # noqa: ASYNC110  # the health is no event
                    await asyncio.sleep(0)
            polling.cancel()
            answering.cancel()
            return health.fault

    assert fault in asyncio.run(run())


def test_two_analysers_share_a_line(line: Any, clock: Any) -> None:
    """Each answers to its own id, and keeps its own unit."""
    devices = [settings(id="ozone"), settings(id="nitrogen", model="42i", unit="ug/m3", properties=("no2",))]

    found = asyncio.run(take(line, clock, devices, Analyser(49, {"o3": 30.0}), Analyser(42, {"no2": 20.0}, "ug/m3")))

    assert {("ozone", 30.0), ("nitrogen", 20.0)} == {(one.device, one.value) for one in found}
    assert (("no2", "ug/m3"),) == datastreams(devices[1])


@pytest.mark.parametrize(("keys", "reason"), [({}, "instrument: "), ({"instrument": 50, "baud": 19200}, "baud: ")])
def test_analysers_of_one_line_must_agree(clock: Any, keys: dict[str, Any], reason: str) -> None:
    """One speed, and an id of its own for each; the error names both devices."""
    with pytest.raises(ValueError, match=f"{reason}gas and other"):
        open_port([settings(), settings(id="other", **keys)], clock)
