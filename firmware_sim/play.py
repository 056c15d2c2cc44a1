"""The instruments at work: what they say now, entered in the ledger before it leaves."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from firmware_sim.draw import bits, seed_of, uniform
from firmware_sim.instruments import modbus, nmea, pms, vehicle
from firmware_sim.instruments.registers import MAPS
from firmware_sim.ledger import Ledger
from firmware_sim.scenes import MINUTE_MS, Fault, FaultKind, faults_of
from firmware_sim.world import World
from firmware_sim.zone import Device
from wire.clock import Clock

# One frame in so many is garbled by a faulty line.
_GARBLED: Final = 9


@dataclass(frozen=True)
class Play:
    """What all instruments of one field share.

    Attributes:
        until_ms: from here on the field is silent.
    """

    world: World
    ledger: Ledger
    clock: Clock
    until_ms: int
    faults: Sequence[Fault]

    def hindered(self, device: str, kind: FaultKind, time_ms: int) -> bool:
        """Return whether a fault of this kind is at work on a device."""
        return any(f.kind == kind and f.active(time_ms) for f in self.faults if f.device == device)


@dataclass(frozen=True)
class Bus:
    """Modbus instruments on one line; a unit that is not there is silent."""

    play: Play
    units: Mapping[int, Device]

    def answer(self, request: modbus.Request) -> bytes | None:
        """Return the frame that answers a request, None for silence."""
        device, now_ms = self.units.get(request.unit), self.play.clock.utc_ms()
        if device is None or now_ms >= self.play.until_ms or self.play.hindered(device.id, "silence", now_ms):
            return None
        stated: dict[str, float] = {}
        octets = modbus.answer(request, modbus.respond(request.pdu, self._reader(device, now_ms, stated)))
        self.play.ledger.enter(device.id, now_ms, stated)
        return octets

    def _reader(self, device: Device, now_ms: int, stated: dict[str, float]) -> modbus.Read:
        image, fitted, world = MAPS[device.model], frozenset(device.properties), self.play.world

        def read(function: int, start: int, count: int) -> list[int] | int:
            if function not in image.functions:
                return modbus.ILLEGAL_FUNCTION
            if start + count > image.size:
                return modbus.ILLEGAL_ADDRESS
            words, said = image.read(start, count, fitted, lambda name: world.value(device, name, now_ms))
            stated.update(said)
            return words

        return read


@dataclass
class Dust:
    """A Plantower in active mode."""

    play: Play
    device: Device
    _key: int = field(init=False)
    _faults: tuple[Fault, ...] = field(init=False)

    def __post_init__(self) -> None:
        self._key = seed_of(self.device.id, "line")
        self._faults = faults_of(self.play.faults, self.device.id)

    def frame(self, now_ms: int) -> bytes:
        """Return the bytes that it sends now, empty for silence."""
        active = {fault.kind for fault in self._faults if fault.active(now_ms)}
        if "silence" in active:
            return b""
        value = self.play.world.value
        octets, stated = pms.air_frame(*(value(self.device, name, now_ms) for name in ("pm2_5", "pm10")))
        garbled = bits(self._key, now_ms // MINUTE_MS) % _GARBLED == 0
        if garbled and "checksum" in active:
            return pms.spoilt(octets)
        self.play.ledger.enter(self.device.id, now_ms, stated)
        return (b"\x00\x42\xff\x42" if garbled and "noise_bytes" in active else b"") + octets


@dataclass(frozen=True)
class Gps:
    """A GPS receiver on a vehicle."""

    play: Play
    device: Device

    def frame(self, now_ms: int) -> bytes:
        """Return the bytes of one fix."""
        world, station = self.play.world, self.device.station
        longitude, latitude = world.position(station, now_ms).degrees()
        speed, course = world.value(self.device, "speed", now_ms), world.course_deg(station, now_ms)
        octets, stated = nmea.fix(now_ms, longitude, latitude, speed, course)
        self.play.ledger.enter(self.device.id, now_ms, {"speed": stated})
        return octets


@dataclass(frozen=True)
class Vehicle:
    """A patrol vehicle's air instruments.

    Attributes:
        placed: whether it states its position itself.
        feed: what is still to be acknowledged.
        woken: set when there is news for the link.
    """

    play: Play
    device: Device
    placed: bool
    feed: vehicle.Feed = field(default_factory=vehicle.Feed)
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def measure(self, slot_ms: int) -> None:
        """Take one reading and keep it for the gateway."""
        world = self.play.world
        air = {name: max(round(world.value(self.device, name, slot_ms), 1), 0.0) for name in self.device.properties}
        place = world.position(self.device.station, slot_ms).degrees() if self.placed else None
        self.play.ledger.enter(self.device.id, slot_ms, air)
        self.feed.append(vehicle.payload(self.feed.next_sn, slot_ms, air, place))
        self.woken.set()


def phase_ms(device: str, interval_ms: int) -> int:
    """Return when in its interval a device sends: between a twelfth and a third of it, the same for ever."""
    return int(interval_ms * (5 + 15 * uniform(seed_of(device, "phase"), 0)) / 60)
