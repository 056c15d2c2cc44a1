"""All that is open: serial ports and Modbus TCP listeners of one field."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Self

from firmware_sim.beat import Sender
from firmware_sim.instruments import modbus
from firmware_sim.play import Bus, Dust, Gps, Play, Vehicle, phase_ms
from firmware_sim.ports import SerialPort
from firmware_sim.zone import Device, Zone

_LOOPBACK: Final = "127.0.0.1"


class Rim:
    """Opens every port on enter, closes it on exit.

    Attributes:
        addresses: of each named port: the path of a serial port, tcp://host:port, or host:port of the broker.
        vehicles: what is to be carried to the broker.
    """

    def __init__(self, ports: Path, zone: Zone, play: Play, broker: tuple[str, int]) -> None:
        self._ports = ports
        self._zone = zone
        self._play = play
        self._stack = contextlib.ExitStack()
        self._serial: dict[str, SerialPort] = {}
        self._connections: set[asyncio.Transport] = set()
        self.addresses: dict[str, str] = {"broker": f"{broker[0]}:{broker[1]}"}
        self.vehicles = [self._vehicle(d) for d in zone.devices if d.model == "vehicle"]

    async def __aenter__(self) -> Self:
        for name, units in self._buses().items():
            if name in self._zone.gateways():
                await self._listen(name, Bus(self._play, units))
            else:
                self._attach(name, Bus(self._play, units))
        for device in self._zone.devices:
            if device.model in ("pms5003", "gps"):
                self._open(device.port, held_open=False)
        return self

    async def __aexit__(self, *_: object) -> None:
        for transport in self._connections:
            transport.abort()
        self._stack.close()

    def senders(self, interval_ms: int) -> list[Sender]:
        """Return all devices that send by themselves; the GPS sends four times as often as the others."""
        cars = {car.device.id: car for car in self.vehicles}
        senders = []
        for device in self._zone.devices:
            step_ms, phase = interval_ms, phase_ms(device.id, interval_ms)
            match device.model:
                case "pms5003":
                    send = self._stream(device, Dust(self._play, device).frame)
                case "gps":
                    step_ms, phase = interval_ms // 4, phase_ms(device.id, interval_ms // 4)
                    send = self._stream(device, Gps(self._play, device).frame)
                case "vehicle":
                    send = cars[device.id].measure
                case _:
                    continue
            senders.append(Sender(step_ms, phase, send, catches_up=device.model == "vehicle"))
        return senders

    def _buses(self) -> Mapping[str, Mapping[int, Device]]:
        buses: dict[str, dict[int, Device]] = {}
        for device in self._zone.devices:
            if device.unit:
                buses.setdefault(device.port, {})[device.unit] = device
        return buses

    def _vehicle(self, device: Device) -> Vehicle:
        has_gps = any(d.model == "gps" and d.station == device.station for d in self._zone.devices)
        return Vehicle(self._play, device, placed=not has_gps)

    def _stream(self, device: Device, frame: Callable[[int], bytes]) -> Callable[[int], None]:
        port, clock = self._serial[device.port], self._play.clock

        def send(_: int) -> None:
            if port.heard():
                port.write(frame(clock.utc_ms()))

        return send

    def _open(self, name: str, *, held_open: bool) -> SerialPort:
        port = self._serial[name] = SerialPort(self._ports / name, held_open=held_open)
        self._stack.callback(port.close)
        self.addresses[name] = str(port.link.absolute())
        return port

    def _attach(self, name: str, bus: Bus) -> None:
        port, requests, loop = self._open(name, held_open=True), modbus.RtuRequests(), asyncio.get_running_loop()

        def hear() -> None:
            for request in requests.feed(port.read()):
                octets = bus.answer(request)
                if octets is not None:
                    port.write(octets)

        loop.add_reader(port.master, hear)
        self._stack.callback(loop.remove_reader, port.master)

    async def _listen(self, name: str, bus: Bus) -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Connection(bus, self._connections), _LOOPBACK, 0)
        self._stack.callback(server.close)
        host, port = server.sockets[0].getsockname()[:2]
        self.addresses[name] = f"tcp://{host}:{port}"


class _Connection(asyncio.Protocol):
    """One Modbus TCP client at a concentrator."""

    def __init__(self, bus: Bus, connections: set[asyncio.Transport]) -> None:
        self._bus = bus
        self._connections = connections
        self._requests = modbus.TcpRequests()
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take part."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._connections.add(transport)

    def connection_lost(self, _: Exception | None) -> None:
        """Take part no more."""
        self._connections.discard(self._transport)

    def data_received(self, octets: bytes) -> None:
        """Answer; hang up on what does not speak Modbus."""
        try:
            requests = self._requests.feed(octets)
        except ValueError:
            self._transport.close()
            return
        for request in requests:
            answer = self._bus.answer(request)
            if answer is not None:
                self._transport.write(answer)
