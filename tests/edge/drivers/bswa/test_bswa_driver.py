"""Sound level meters on a line in memory, answered by their twins."""

import asyncio
import math
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from edge.drivers.bswa import driver
from edge.drivers.bswa.driver import open_port
from edge.drivers.bswa.settings import BswaSettings
from firmware_sim.instruments.bswa import SoundLevelMeter, block
from wire.reading import Flag, Reading


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin needs no rest between commands."""
    monkeypatch.setattr(driver, "PAUSE_S", 0)


def settings(**keys: Any) -> BswaSettings:
    """Return a device's table."""
    table = {"id": "noise", "station": "site-1", "driver": "bswa", "port": "ttyS0", "timeout_s": 30, **keys}
    return msgspec.convert(table, BswaSettings)


async def serve(line: Any, meter: Any) -> None:
    """Let the twin answer whatever the driver writes, until the test ends it."""
    while True:
        await line.transport.spoken.wait()
        line.transport.spoken.clear()
        heard, line.transport.written = line.transport.written, b""
        line.reader.feed_data(meter.hear(heard))


async def take(line: Any, clock: Any, device: BswaSettings, meter: Any) -> tuple[list[Reading], str]:
    """Return the first readings and the fault that was noted."""
    async with open_port([device], clock, line.open) as asking:
        answering = asyncio.create_task(serve(line, meter))
        found = list(await anext(asking.readings()))
        answering.cancel()
        return found, asking.health[device.id].fault


def shown(found: Sequence[Reading]) -> list[tuple[str, float, Flag]]:
    """Return what matters of readings."""
    return [(one.property, one.value, one.flag) for one in found]


def test_levels_and_statistics_come_as_the_meter_states_them(line: Any, clock: Any) -> None:
    """LAeq, LCeq, LZeq, L10, L50, L90, each at the time of its answer."""
    meter = SoundLevelMeter(a=65.0, c=67.0, z=67.2)
    meter.exceeded |= {10: 74.2, 50: 74.0, 90: 73.8}

    found, fault = asyncio.run(take(line, clock, settings(), meter))

    assert [
        ("noise", 65.0, Flag.UNKNOWN),
        ("noise_c", 67.0, Flag.UNKNOWN),
        ("noise_z", 67.2, Flag.UNKNOWN),
        ("noise_l10", 74.2, Flag.UNKNOWN),
        ("noise_l50", 74.0, Flag.UNKNOWN),
        ("noise_l90", 73.8, Flag.UNKNOWN),
    ] == shown(found)
    assert {clock.monotonic_ms()} == {one.monotonic_ms for one in found}
    assert fault == ""


@pytest.mark.parametrize("indicator", [1, 2, 3, 4])
def test_level_out_of_range_is_suspect(line: Any, clock: Any, indicator: int) -> None:
    """Over or under the range, now or earlier in the period."""
    meter = SoundLevelMeter(indicator=indicator)

    found, _ = asyncio.run(take(line, clock, settings(properties=("noise",)), meter))

    assert [("noise", 65.0, Flag.SUSPECT)] == shown(found)


def test_percentage_that_is_not_set_is_missing(line: Any, clock: Any) -> None:
    """The ten percentages are chosen at the meter."""
    meter = SoundLevelMeter()
    meter.exceeded = {n + 1: level for n, level in meter.exceeded.items()}

    found, _ = asyncio.run(take(line, clock, settings(properties=("noise_l50",)), meter))

    assert [("noise_l50", Flag.MISSING, True)] == [(o.property, o.flag, math.isnan(o.value)) for o in found]


class Refusing(SoundLevelMeter):
    """A meter that takes no command but STA."""

    def _answer(self, command: str) -> bytes:
        return super()._answer(command) if command.startswith("STA") else block(self.number, b"\x15", "0003")


class Continuous(SoundLevelMeter):
    """A meter that says something else."""

    def _levels(self) -> str:
        return "0,0,0,074.3,0"[:-2]


@pytest.mark.parametrize(
    ("meter", "fault"),
    [
        (SoundLevelMeter(weighting=2), "its statistics are C-weighted"),
        (SoundLevelMeter(state=2), "is paused: resume it"),
        (Refusing(), "cannot do that in its present state: DSL7 1 ?"),
        (Continuous(), "answered 'DSL7 1 ?' with '0,0,0,074.3'"),
    ],
)
def test_meter_that_gives_no_values_says_why(line: Any, clock: Any, meter: SoundLevelMeter, fault: str) -> None:
    """The health has the reason, in words that say what to do."""

    async def run() -> str:
        async with open_port([settings()], clock, line.open) as asking:
            answering = asyncio.create_task(serve(line, meter))
            polling = asyncio.ensure_future(anext(asking.readings()))
            health = asking.health["noise"]
            async with asyncio.timeout(5):
                while not health.failures:  # noqa: ASYNC110  # the health is no event
                    await asyncio.sleep(0)
            polling.cancel()
            answering.cancel()
            return health.fault

    assert fault in asyncio.run(run())


def test_stopped_meter_is_started(line: Any, clock: Any) -> None:
    """It would repeat its last values for ever: the first poll starts it and gives none, the second gives values."""
    meter = SoundLevelMeter(state=0)

    found, fault = asyncio.run(take(line, clock, settings(properties=("noise",)), meter))

    assert [("noise", 65.0, Flag.UNKNOWN)] == shown(found)
    assert (meter.state, fault) == (1, "was not measuring: has been started")


def test_two_meters_share_a_line(line: Any, clock: Any) -> None:
    """Each answers to its own number."""
    devices = [settings(id=f"noise-{n}", address=n, properties=("noise",)) for n in (1, 2)]
    meters = [SoundLevelMeter(number=1, a=61.0), SoundLevelMeter(number=2, a=62.0)]

    class Both:
        def hear(self, octets: bytes) -> bytes:
            return b"".join(meter.hear(octets) for meter in meters)

    async def run() -> set[tuple[str, float]]:
        async with open_port(devices, clock, line.open) as asking:
            answering = asyncio.create_task(serve(line, Both()))
            stream = asking.readings()
            found = {(one.device, one.value) for _ in range(2) for one in await anext(stream)}
            answering.cancel()
            return found

    assert asyncio.run(run()) == {("noise-1", 61.0), ("noise-2", 62.0)}


@pytest.mark.parametrize(("keys", "reason"), [({"address": 1}, "address: "), ({"address": 2, "baud": 4800}, "baud: ")])
def test_meters_of_one_line_must_agree(clock: Any, keys: dict[str, Any], reason: str) -> None:
    """One speed, and an address of its own for each; the error names both devices."""
    with pytest.raises(ValueError, match=f"{reason}noise and other"):
        open_port([settings(), settings(id="other", **keys)], clock)
