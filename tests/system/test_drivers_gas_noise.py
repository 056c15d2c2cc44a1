"""Gas and noise instruments on real lines: their twins behind ptys and TCP ports, and nothing lost in between."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import msgspec
import pytest

from edge.drivers import DRIVERS
from firmware_sim.instruments.bswa import SoundLevelMeter
from firmware_sim.instruments.clink import Analyser
from firmware_sim.instruments.winsen import CO, O3, PPB, PPM, GasModule
from firmware_sim.ports import SerialPort
from wire.clock import SystemClock
from wire.reading import Flag

pytestmark = pytest.mark.system

# A gust of noise before what an instrument says.
NOISE = b"\x02\xff\x01o\x00\xff"
Stated = dict[str, tuple[float, Flag]]


class Twin(Protocol):
    """An instrument that answers."""

    def hear(self, octets: bytes) -> bytes:
        """Return what it says to what came in."""
        ...


@contextmanager
def on_a_pty(twin: Twin, link: Path) -> Iterator[str]:
    """Let a twin answer on a serial port; two pieces a time, with noise before them."""
    port, loop = SerialPort(link, held_open=True), asyncio.get_running_loop()

    def hear() -> None:
        said = twin.hear(port.read())
        if said:
            port.write(NOISE + said[:5])
            loop.call_later(0.01, port.write, said[5:])

    loop.add_reader(port.master, hear)
    yield str(link)
    loop.remove_reader(port.master)
    port.close()


@contextmanager
def sending(module: GasModule, link: Path) -> Iterator[str]:
    """Let a module send by itself, twenty times a second; the first byte of the first frame is lost."""
    port, loop = SerialPort(link, held_open=True), asyncio.get_running_loop()

    async def send() -> None:
        port.write(module.upload()[1:])
        while True:
            port.write(module.upload())
            await asyncio.sleep(0.05)

    task = loop.create_task(send(), name="send")
    yield str(link)
    task.cancel()
    port.close()


@asynccontextmanager
async def on_tcp(twin: Twin) -> Any:
    """Let a twin answer on a TCP port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(4096):
            writer.write(twin.hear(chunk))
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def read(kind: str, port: str, **keys: Any) -> Stated:
    """Return what the first readings of a driver say."""
    table = {"id": kind, "station": "site", "driver": kind, "port": port, "period_s": 0.2, "timeout_s": 20, **keys}
    settings = msgspec.convert(table, DRIVERS[kind].settings)
    async with asyncio.timeout(25), DRIVERS[kind].open([settings], SystemClock()) as driver:
        readings = await anext(driver.readings())
        assert driver.health[kind].answers == 1
        return {one.property: (one.value, one.flag) for one in readings}


async def everything(tmp_path: Path) -> tuple[Stated, ...]:
    """Read all of them at once."""
    carbon = GasModule(CO, PPM, 1, 5000, counts=255, broken=True)
    ozone = GasModule(O3, PPB, 0, 10_000, mass=84, parts=43)
    meter = SoundLevelMeter(a=58.3, c=63.1, z=66.0, indicator=3)
    meter.exceeded |= {10: 61.2, 50: 57.0, 90: 52.4}
    with ExitStack() as lines:
        pty: Callable[[Twin], str] = lambda twin: lines.enter_context(  # noqa: E731  # a name for each line
            on_a_pty(twin, tmp_path / str(id(twin)))
        )
        async with on_tcp(meter) as noise, on_tcp(Analyser(42, {"no": 1.5, "no2": 20.25, "nox": 21.75})) as nitrogen:
            return await asyncio.gather(
                read("winsen", lines.enter_context(sending(carbon, tmp_path / "co")), model="ze15-co", warm_up_s=0),
                read("winsen", pty(ozone), model="ze25-o3", mode="ask", warm_up_s=0),
                read("bswa", noise),
                read("clink", nitrogen, model="42i"),
                read("clink", pty(Analyser(49, {"o3": 30.781}, flags=0x0C00_0001)), model="49i"),
            )


def test_every_instrument_is_read_as_it_states(tmp_path: Path) -> None:
    """Values and flags are the twins', over serial lines and TCP, behind noise and in pieces."""
    carbon, ozone, noise, nitrogen, reference = asyncio.run(everything(tmp_path))

    assert {"co": (25.5, Flag.FAIL)} == carbon
    assert {"o3": (43.0, Flag.UNKNOWN)} == ozone
    assert {
        "noise": (58.3, Flag.SUSPECT),
        "noise_c": (63.1, Flag.SUSPECT),
        "noise_z": (66.0, Flag.SUSPECT),
        "noise_l10": (61.2, Flag.SUSPECT),
        "noise_l50": (57.0, Flag.SUSPECT),
        "noise_l90": (52.4, Flag.SUSPECT),
    } == noise
    assert {name: (value, Flag.UNKNOWN) for name, value in (("no", 1.5), ("no2", 20.25), ("nox", 21.75))} == nitrogen
    assert {"o3": (30.781, Flag.SUSPECT)} == reference


def test_a_49c_is_given_its_rest(tmp_path: Path) -> None:
    """A quarter of a second of real time after each of three commands."""

    async def run() -> Stated:
        with on_a_pty(Analyser(49, {"o3": 30.0}, ends="plain"), tmp_path / "o3") as port:
            return await read("clink", port, model="49c")

    started = time.monotonic()
    stated = asyncio.run(run())

    assert {"o3": (30.0, Flag.UNKNOWN)} == stated
    assert time.monotonic() - started > 0.7
