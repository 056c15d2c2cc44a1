"""The person on the ladder, on a simulated bus with good, silent, garbling and babbling units, and without hardware."""

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiomqtt
import msgspec
import pytest
from played.programs import free_port

from firmware_sim.bus import DEMONSTRATION, FaultyBus, open_bus
from quietwatch.cli.sim_bus import configuration
from wire.batch import NO_HASH, Ack, Status
from wire.clock import SystemClock
from wire.topics import topic

pytestmark = pytest.mark.system

QUIETWATCH = (sys.executable, "-m", "quietwatch")


async def called(*words: object) -> tuple[int, str]:
    """Return (exit status, what it printed) of a command."""
    process = await asyncio.create_subprocess_exec(
        *QUIETWATCH, *map(str, words), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


@contextlib.asynccontextmanager
async def demonstration(place: Path) -> AsyncIterator[FaultyBus]:
    """The six units on a pty, and beside it the configuration of a gateway on it."""
    (place / "edge.toml").write_text(configuration(place), "utf-8")
    async with open_bus(place, DEMONSTRATION, SystemClock(), baud=9600) as bus:
        yield bus


def test_probe_tells_good_silent_garbling_and_babbling_units_apart(tmp_path: Path) -> None:
    """Each by its own verdict, the good ones with values; the babbler is named as what disturbs the line."""

    async def play() -> tuple[int, list[dict[str, Any]]]:
        async with demonstration(tmp_path):
            status, said = await called("edge", "probe", tmp_path / "edge.toml", "--json")
            return status, json.loads(said)

    status, findings = asyncio.run(play())

    assert 1 == status
    assert {
        "lab-climate": "answered",
        "lab-noise": "answered",
        "yard-air": "answered",
        "store-climate": "silent",
        "hall-noise": "garbled",
        "roof-weather": "babbling",
    } == {each["device"]: each["verdict"] for each in findings}
    assert [True] * 3 + [False] * 3 == [bool(each["values"]) for each in findings]
    assert {(6,)} == {tuple(each["talkers"]) for each in findings}


def test_scan_finds_units_and_the_profiles_that_fit(tmp_path: Path) -> None:
    """Nothing is known but the port; a silent unit stays unknown, a garbling one is named."""

    async def play() -> tuple[int, list[dict[str, Any]]]:
        async with demonstration(tmp_path):
            status, said = await called("edge", "scan", tmp_path / "bus", "--ids", "1-8", "--json")
            return status, json.loads(said)["units"]

    status, units = asyncio.run(play())

    assert 0 == status
    assert {1: ["xy_md02"], 2: ["rs_zs_noise"], 3: ["aqt530"]} == {
        unit["unit"]: [fit["profile"] for fit in unit["fits"]] for unit in units if not unit["garbled"]
    }
    assert {5, 6} == {unit["unit"] for unit in units if unit["garbled"]}


def hearing_control_c() -> None:
    """Undo what a shell does to what it starts in the background: as at a terminal, Ctrl-C is heard."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_a_scan_that_is_broken_off_says_what_it_has(tmp_path: Path) -> None:
    """Ctrl-C is an answer to "at most eight minutes", not a traceback."""
    words = ("edge", "scan", str(tmp_path / "bus"), "--no-listen", "--timeout", "1")

    async def play() -> tuple[int | None, str]:
        async with demonstration(tmp_path) as bus:
            process = await asyncio.create_subprocess_exec(
                *QUIETWATCH,
                *words,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                preexec_fn=hearing_control_c,
            )
            while not bus.asked[4]:  # noqa: ASYNC110  # three units have answered by then
                await asyncio.sleep(0.02)
            process.send_signal(signal.SIGINT)
            said, _ = await process.communicate()
            return process.returncode, said.decode()

    status, said = asyncio.run(play())

    assert 0 == status
    assert "STOPPED after" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("known", [True, False])
def test_enrol_says_whether_the_hub_knows_the_gateway(tmp_path: Path, *, known: bool) -> None:
    """Through a real broker: all is well only with the hub's own acknowledgement."""
    port = free_port()
    config = tmp_path / "edge.toml"
    config.write_text(configuration(tmp_path).replace("[hub]", f"[hub]\nport = {port}"), "utf-8")

    async def answer(ready: asyncio.Event) -> None:
        """Do what a hub does when a gateway that it knows comes online."""
        async with aiomqtt.Client("127.0.0.1", port) as hub:
            await hub.subscribe(topic("gw-bus", "status"))
            ready.set()
            async for arrival in hub.messages:
                assert isinstance(arrival.payload, bytes)
                if known and msgspec.msgpack.decode(arrival.payload, type=Status).online:
                    await hub.publish(topic("gw-bus", "ack"), msgspec.msgpack.encode(Ack(0, 0, NO_HASH, 0)))

    async def play() -> tuple[int, str]:
        ready = asyncio.Event()
        hub = asyncio.create_task(answer(ready))
        await ready.wait()
        outcome = await called("edge", "enrol", config, "--lang", "en", "--patience", "3")
        hub.cancel()
        return outcome

    broker = subprocess.Popen(["mosquitto", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        asyncio.run(asyncio.wait_for(_listening(port), 10))
        status, said = asyncio.run(play())
    finally:
        broker.terminate()
        broker.wait()

    assert (0 if known else 1) == status
    assert ("all is well" if known else "NOT YET") in said


async def _listening(port: int) -> None:
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.05)
