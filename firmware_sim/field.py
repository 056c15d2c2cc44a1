"""The rim: opens the ports, sockets and MQTT sessions of all instruments, and keeps them going."""

import asyncio
import contextlib
import heapq
import json
import os
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import aiomqtt

from firmware_sim import modbus, vehicle
from firmware_sim.describe import describe
from firmware_sim.ledger import Ledger
from firmware_sim.play import Bus, Dust, Gps, Play, Vehicle, phase_ms
from firmware_sim.ports import SerialPort
from firmware_sim.recorded import load_air
from firmware_sim.scenes import build_scene, scene_start_ms
from firmware_sim.truth import truth
from firmware_sim.world import World
from firmware_sim.zone import Device, Zone, build_zone
from wire.clock import Clock

__all__ = ["build_zone", "run", "scene_start_ms"]

_LOOPBACK: Final = "127.0.0.1"
_RECONNECT_S: Final = 0.5
_LOOK_AGAIN_S: Final = 0.5
_NO_DELAY: Final = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),)


async def run(  # noqa: PLR0913  # what a field is made of
    directory: Path, scene: str, seed: int, clock: Clock, until_ms: int, interval_s: float, broker: tuple[str, int]
) -> None:
    """Run the field until cancelled.

    Writes into `directory`: ledger.tsv (appended), truth.json, ports/ and, when all is open, field.json. From field time `until_ms` on nothing is
    measured or answered; the vehicles go on sending what was not acknowledged.

    Args:
        directory: exists or is created.
        scene: one of `firmware_sim.scenes.SCENES`.
        seed: places of the micro-stations, device noise.
        clock: field time.
        until_ms: UTC milliseconds.
        interval_s: field seconds between two frames of a device that sends by itself; the GPS sends four times as often.
        broker: host and port of the broker to which the vehicles publish.

    Raises:
        ValueError: no such scene.
        OSError: a port or a file cannot be opened.
    """
    zone = build_zone(seed)
    played = build_scene(scene, zone)
    world = World(zone, played, seed, load_air())
    directory.mkdir(parents=True, exist_ok=True)
    _write_json(directory / "truth.json", truth(played, zone, world))
    with Ledger(directory / "ledger.tsv") as ledger:
        play = Play(world, ledger, clock, until_ms, played.faults)
        async with _Rim(directory, zone, play, broker) as rim:
            beat = rim.beat(round(interval_s * 1000))
            _write_json(directory / "field.json", describe(zone, rim.addresses))
            await asyncio.gather(beat.run(clock, until_ms), *rim.drives())


@dataclass
class _Sender:
    """A device that sends by itself: `send` is called with each slot of its grid."""

    interval_ms: int
    phase_ms: int
    send: Callable[[int], None]
    catches_up: bool = False

    def slot_after(self, time_ms: int) -> int:
        """Return the first slot after a time."""
        return time_ms - (time_ms - self.phase_ms) % self.interval_ms + self.interval_ms


class _Beat:
    """Calls every sender at its slots."""

    def __init__(self, senders: list[_Sender]) -> None:
        self._senders = senders

    async def run(self, clock: Clock, until_ms: int) -> None:
        """Go on until field time `until_ms`."""
        queue = [(sender.slot_after(clock.utc_ms()), n) for n, sender in enumerate(self._senders)]
        heapq.heapify(queue)
        while queue and queue[0][0] < until_ms:
            slot_ms, n = queue[0]
            wait_ms = slot_ms - clock.utc_ms()
            if wait_ms > 0:
                await clock.sleep(wait_ms / 1000)
                continue
            sender = self._senders[n]
            sender.send(slot_ms)
            after_ms = slot_ms if sender.catches_up else max(slot_ms, clock.utc_ms())
            heapq.heapreplace(queue, (sender.slot_after(after_ms), n))


class _Rim:
    """All that is open."""

    def __init__(self, directory: Path, zone: Zone, play: Play, broker: tuple[str, int]) -> None:
        self._ports = directory / "ports"
        self._zone = zone
        self._play = play
        self._broker = broker
        self._stack = contextlib.AsyncExitStack()
        self._serial: dict[str, SerialPort] = {}
        self._vehicles: list[tuple[Vehicle, asyncio.Event]] = []
        self.addresses: dict[str, str] = {"broker": f"{broker[0]}:{broker[1]}"}

    async def __aenter__(self) -> Self:
        self._ports.mkdir(exist_ok=True)
        buses: dict[str, dict[int, Device]] = {}
        for device in self._zone.devices:
            if device.unit:
                buses.setdefault(device.port, {})[device.unit] = device
            elif device.model != "vehicle":
                self._open_serial(device.port, held_open=False)
        for port, units in buses.items():
            await self._open_bus(port, Bus(self._play, units))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def beat(self, interval_ms: int) -> _Beat:
        """Return the beat of all devices that send by themselves."""
        senders = []
        for device in self._zone.devices:
            match device.model:
                case "pms5003":
                    send = self._stream(device, Dust(self._play, device).frame)
                    senders.append(_Sender(interval_ms, phase_ms(device.id, interval_ms), send))
                case "gps":
                    send = self._stream(device, Gps(self._play, device).frame)
                    senders.append(_Sender(interval_ms // 4, phase_ms(device.id, interval_ms // 4), send))
                case "vehicle":
                    send = self._drive(device)
                    senders.append(_Sender(interval_ms, phase_ms(device.id, interval_ms), send, catches_up=True))
        return _Beat(senders)

    def drives(self) -> list[Any]:
        """Return a coroutine for each vehicle that brings its feed to the broker, for ever."""
        return [_carry(self._broker, car, woken) for car, woken in self._vehicles]

    def _stream(self, device: Device, frame: Callable[[int], bytes]) -> Callable[[int], None]:
        port, clock = self._serial[device.port], self._play.clock

        def send(_: int) -> None:
            if port.heard():
                port.write(frame(clock.utc_ms()))

        return send

    def _drive(self, device: Device) -> Callable[[int], None]:
        has_gps = any(d.model == "gps" and d.station == device.station for d in self._zone.devices)
        car, woken = Vehicle(self._play, device, not has_gps, vehicle.Feed()), asyncio.Event()
        self._vehicles.append((car, woken))

        def measure(slot_ms: int) -> None:
            car.measure(slot_ms)
            woken.set()

        return measure

    def _open_serial(self, name: str, *, held_open: bool) -> SerialPort:
        port = self._serial[name] = SerialPort(self._ports / name, held_open=held_open)
        self._stack.callback(port.close)
        self.addresses[name] = str((self._ports / name).absolute())
        return port

    async def _open_bus(self, name: str, bus: Bus) -> None:
        if name in self._zone.gateways():
            server = await asyncio.get_running_loop().create_server(lambda: _Connection(bus), _LOOPBACK, 0)
            self._stack.callback(server.close)
            self.addresses[name] = "{}:{}".format(*server.sockets[0].getsockname())
            return
        port, requests, loop = self._open_serial(name, held_open=True), modbus.RtuRequests(), asyncio.get_running_loop()

        def hear() -> None:
            for request in requests.feed(port.read()):
                octets = bus.answer(request)
                if octets is not None:
                    port.write(octets)

        loop.add_reader(port.master, hear)
        self._stack.callback(loop.remove_reader, port.master)


class _Connection(asyncio.Protocol):
    """One Modbus TCP client at a concentrator."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._requests = modbus.TcpRequests()
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        try:
            requests = self._requests.feed(data)
        except ValueError:
            self._transport.close()
            return
        for request in requests:
            octets = self._bus.answer(request)
            if octets is not None:
                self._transport.write(octets)


async def _carry(broker: tuple[str, int], car: Vehicle, woken: asyncio.Event) -> None:
    """Keep a vehicle connected and its feed moving; the broker may come and go."""
    station = car.device.station
    while True:
        with contextlib.suppress(aiomqtt.MqttError):
            async with aiomqtt.Client(*broker, identifier=f"vehicle-{station}", socket_options=_NO_DELAY) as client:
                await client.subscribe(f"{vehicle.topic(station)}/ack", qos=1)
                await _exchange(client, car, woken)
        car.feed.lost_link()
        await asyncio.sleep(_RECONNECT_S)


async def _exchange(client: aiomqtt.Client, car: Vehicle, woken: asyncio.Event) -> None:
    """Publish and take acknowledgements until the link breaks.

    Raises:
        aiomqtt.MqttError: it broke.
    """
    async with _alongside(_acknowledgements(client, car, woken)) as listening:
        while not listening.done():
            for octets in car.feed.due(asyncio.get_running_loop().time()):
                await client.publish(vehicle.topic(car.device.station), octets, qos=1)
            woken.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(woken.wait(), _LOOK_AGAIN_S)
        listening.result()


async def _acknowledgements(client: aiomqtt.Client, car: Vehicle, woken: asyncio.Event) -> None:
    async for message in client.messages:
        sn = vehicle.acknowledged(message.payload) if isinstance(message.payload, bytes) else None
        if sn is not None and str(message.topic) == f"{vehicle.topic(car.device.station)}/ack":
            car.feed.acknowledge(sn)
            woken.set()


@contextlib.asynccontextmanager
async def _alongside(work: Any) -> AsyncIterator[asyncio.Task[None]]:
    """Run a coroutine as a task for as long as the block lasts."""
    task = asyncio.create_task(work, name="vehicle acknowledgements")
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, aiomqtt.MqttError):
            await task


def _write_json(path: Path, content: object) -> None:
    """Write a file so that a reader finds the whole of it or nothing."""
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    os.replace(fresh, path)
