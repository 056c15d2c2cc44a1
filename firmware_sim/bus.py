"""A bus with faults: Modbus RTU units on a serial port and behind a serial server, each with a manner of its own.

Both doors lead to the same units: a pty `bus` in the bus's directory, and RTU frames through a TCP port on loopback.
What a unit states in a frame that leaves intact is entered in `ledger.tsv` before it leaves.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from firmware_sim.draw import bits, seed_of, uniform
from firmware_sim.instruments import modbus
from firmware_sim.instruments.registers import MAPS, RegisterMap
from firmware_sim.ledger import Ledger
from firmware_sim.ports import SerialPort
from wire.clock import Clock

Manner = Literal["good", "silent", "garbling", "truncating", "babbling", "refusing", "busy", "wrong_unit"]
Send = Callable[[bytes], None]

# Real seconds between two bursts of a babbling unit.
BABBLE_S: Final = 0.1
# What a unit measures when all is quiet, in canonical units; it wanders by 5 % around that from minute to minute.
TYPICAL: Final[Mapping[str, float]] = {
    "pm2_5": 35.0,
    "pm10": 60.0,
    "no2": 40.0,
    "o3": 70.0,
    "so2": 8.0,
    "temperature": 21.5,
    "humidity": 45.0,
    "pressure": 1013.0,
    "noise": 52.0,
    "wind_speed": 2.5,
    "wind_direction": 200.0,
    "illuminance": 12_000.0,
    "rain": 3.0,
}


@dataclass(frozen=True)
class Unit:
    """One unit of the bus.

    Attributes:
        device: its name in the ledger.
        model: a key of `firmware_sim.instruments.registers.MAPS`.
        manner: how it behaves: "garbling" spoils every checksum; "truncating" sends half a frame; "babbling" sends
            frames that nobody asked for and answers no question; "refusing" has none of the registers (exception 2);
            "busy" answers every other question with exception 6; "wrong_unit" answers as the unit after it.
        delay_s: real seconds from the question to the answer.
        alarms: discrete inputs that are on, or status registers that hold 1.
    """

    device: str
    model: str
    manner: Manner = "good"
    delay_s: float = 0.0
    alarms: frozenset[int] = frozenset()


# One silent, one garbling, one babbling and three good units, for a demonstration.
DEMONSTRATION: Final[Mapping[int, Unit]] = {
    1: Unit("lab-climate", "xy_md02"),
    2: Unit("lab-noise", "rs_zs_noise"),
    3: Unit("yard-air", "aqt530"),
    4: Unit("store-climate", "xy_md02", "silent"),
    5: Unit("hall-noise", "rs_zs_noise", "garbling"),
    6: Unit("roof-weather", "renke_500", "babbling"),
}


@dataclass
class FaultyBus:
    """The units and what goes over the wires between them and a gateway.

    Attributes:
        units: by unit number; replace one to break or to mend it while the bus is open.
        baud: how fast the wires are, 0 for at once; a pty knows no speed of its own.
        echo: whether the adapter hears what it sends.
        asked: how many questions each unit number was asked.
        port: path of the serial port.
        network: address of the serial server, for example "rtu+tcp://127.0.0.1:40001".
    """

    units: dict[int, Unit]
    ledger: Ledger
    clock: Clock
    baud: int = 0
    echo: bool = False
    asked: Counter[int] = field(default_factory=Counter)
    port: str = ""
    network: str = ""

    def hear(self, request: modbus.Request, send: Send) -> None:
        """Let a question take effect: `send` is called at once, later, or never."""
        self.asked[request.unit] += 1
        if self.echo:
            send(modbus.rtu(request.unit, request.pdu))
        unit = self.units.get(request.unit)
        if unit is None:
            return
        octets = self._answer(unit, request)
        if octets:
            delay_s = unit.delay_s + (11 * (len(octets) + 8) / self.baud if self.baud else 0.0)
            if delay_s:
                asyncio.get_running_loop().call_later(delay_s, send, octets)
            else:
                send(octets)

    def babble(self, turn: int) -> bytes:
        """Return what babbling units send by themselves now."""
        octets = b""
        for number, unit in self.units.items():
            if unit.manner == "babbling":
                noise = bits(seed_of(unit.device, "babble"), turn).to_bytes(8, "big")
                octets += modbus.rtu(number, b"\x03\x04" + noise[:4]) + noise[4:]
        return octets

    def _answer(self, unit: Unit, request: modbus.Request) -> bytes:
        if unit.manner in {"silent", "babbling"}:
            return b""
        if unit.manner == "busy" and self.asked[request.unit] % 2:
            return modbus.rtu(request.unit, bytes([request.pdu[0] | 0x80, modbus.DEVICE_BUSY]))
        stated: dict[str, float] = {}
        octets = modbus.rtu(request.unit, modbus.respond(request.pdu, self._reader(unit, stated)))
        match unit.manner:
            case "garbling":
                return octets[:-1] + bytes([octets[-1] ^ 0x55])
            case "truncating":
                return octets[: len(octets) // 2]
            case "wrong_unit":
                return modbus.rtu(request.unit + 1, octets[1:-2])
        self.ledger.enter(unit.device, self.clock.utc_ms(), stated)
        return octets

    def _reader(self, unit: Unit, stated: dict[str, float]) -> modbus.Read:
        image, minute = MAPS[unit.model], self.clock.utc_ms() // 60_000
        fitted = frozenset(point.name for point in image.points if point.name in TYPICAL)

        def value(name: str) -> float:
            return TYPICAL[name] * (0.95 + 0.1 * uniform(seed_of(unit.device, name), minute))

        def read(function: int, start: int, count: int) -> list[int] | int:
            if unit.manner == "refusing":
                return modbus.ILLEGAL_ADDRESS
            if function == 2:
                return _inputs(image, unit, start, count)
            if function not in image.functions:
                return modbus.ILLEGAL_FUNCTION
            if start + count > image.size:
                return modbus.ILLEGAL_ADDRESS
            words, said = image.read(start, count, fitted, value)
            stated.update(said)
            if image.inputs:
                return words
            return [1 if start + at in unit.alarms else word for at, word in enumerate(words)]

        return read


def _inputs(image: RegisterMap, unit: Unit, start: int, count: int) -> list[int] | int:
    if not image.inputs:
        return modbus.ILLEGAL_FUNCTION
    if start + count > image.inputs:
        return modbus.ILLEGAL_ADDRESS
    return [int(start + at in unit.alarms) for at in range(count)]


@contextlib.asynccontextmanager
async def open_bus(
    directory: Path, units: Mapping[int, Unit], clock: Clock, *, baud: int = 0, echo: bool = False
) -> AsyncIterator[FaultyBus]:
    """Open a bus; it answers while the context lasts.

    Args:
        directory: exists; gets the link `bus` to the serial port, and `ledger.tsv`.
        units: by unit number.
        clock: times of the ledger.
        baud: of the wires, 0 for at once.
        echo: whether the adapter hears what it sends.
    """
    loop = asyncio.get_running_loop()
    with Ledger(directory / "ledger.tsv") as ledger, contextlib.ExitStack() as stack:
        bus = FaultyBus(dict(units), ledger, clock, baud, echo)
        serial = SerialPort(directory / "bus", held_open=True)
        stack.callback(serial.close)
        requests = modbus.RtuRequests()

        def hear() -> None:
            for request in requests.feed(serial.read()):
                bus.hear(request, serial.write)

        loop.add_reader(serial.master, hear)
        stack.callback(loop.remove_reader, serial.master)
        doors: set[asyncio.Transport] = set()
        server = await loop.create_server(lambda: _Door(bus, doors), "127.0.0.1", 0)
        stack.callback(_hang_up, doors)
        stack.callback(server.close)
        bus.port = str(serial.link.absolute())
        bus.network = "rtu+tcp://{}:{}".format(*server.sockets[0].getsockname()[:2])
        babbling = asyncio.create_task(_babble(bus, serial.write, doors), name="babble")
        try:
            yield bus
        finally:
            babbling.cancel()
            await asyncio.gather(babbling, return_exceptions=True)


def _hang_up(doors: set[asyncio.Transport]) -> None:
    for door in doors:
        door.abort()


async def run(
    directory: Path, units: Mapping[int, Unit], clock: Clock, *, baud: int = 9600, echo: bool = False
) -> None:
    """Run a bus until cancelled; prints "bus ready", the serial port and the network address when it answers.

    Args:
        directory: exists; gets the link `bus` to the serial port, and `ledger.tsv`.
        units: by unit number.
        clock: times of the ledger.
        baud: of the wires, 0 for at once.
        echo: whether the adapter hears what it sends.
    """
    async with open_bus(directory, units, clock, baud=baud, echo=echo) as bus:
        print(f"bus ready {bus.port} {bus.network}", flush=True)  # noqa: T201  # the line that a supervisor waits for
        await asyncio.Event().wait()


async def _babble(bus: FaultyBus, send: Send, doors: set[asyncio.Transport]) -> None:
    turn = 0
    while True:
        await asyncio.sleep(BABBLE_S)
        octets = bus.babble(turn)
        if octets:
            send(octets)
            for door in doors:
                door.write(octets)
        turn += 1


class _Door(asyncio.Protocol):
    """One master behind the serial server."""

    def __init__(self, bus: FaultyBus, doors: set[asyncio.Transport]) -> None:
        self._bus = bus
        self._doors = doors
        self._requests = modbus.RtuRequests()
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take part."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._doors.add(transport)

    def connection_lost(self, _: Exception | None) -> None:
        """Take part no more."""
        self._doors.discard(self._transport)

    def data_received(self, octets: bytes) -> None:
        """Put questions to the bus."""
        for request in self._requests.feed(octets):
            self._bus.hear(request, self._transport.write)
