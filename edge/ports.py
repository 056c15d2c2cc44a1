"""The instruments' side of the agent: each port's driver supervised, readings completed and handed on."""

import asyncio
import contextlib
import logging
import math
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from edge.clock import GatewayClock
from edge.drivers import DRIVERS
from edge.drivers.driver import DeviceSettings, Driver
from edge.errors import ConfigError, EdgeError
from edge.position import Fix, Track
from edge.repeats import Repeats
from wire.reading import Reading

FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 30.0
# Kinds whose position serves the whole station.
POSITIONS: Final = frozenset({"nmea", "jtt808"})
_log = logging.getLogger(__name__)

Keep = Callable[[Sequence[Reading]], None]


class PortKey(NamedTuple):
    """What tells ports apart: the kind of driver, and the path or address."""

    kind: str
    name: str


@dataclass(slots=True)
class Port:
    """One port and the driver of all devices on it.

    Attributes:
        devices: what is on it.
        open: whether its driver has it open now.
        fault: why it was lost, "" while it is open and before it was opened first.
    """

    name: str
    kind: str
    driver: Driver
    devices: tuple[DeviceSettings, ...] = ()
    open: bool = False
    fault: str = ""


def grouped(devices: Iterable[DeviceSettings]) -> dict[PortKey, tuple[DeviceSettings, ...]]:
    """Return the devices of each port."""
    groups: dict[PortKey, tuple[DeviceSettings, ...]] = {}
    for device in devices:
        key = PortKey(device.driver, DRIVERS[device.driver].port_of(device))
        groups[key] = (*groups.get(key, ()), device)
    return groups


def open_ports(devices: Iterable[DeviceSettings], clock: GatewayClock) -> list[Port]:
    """Return the ports of all devices, none of them entered yet.

    Raises:
        ConfigError: devices that cannot share a port.
    """
    return [open_port(key, on_it, clock) for key, on_it in grouped(devices).items()]


def open_port(key: PortKey, devices: tuple[DeviceSettings, ...], clock: GatewayClock) -> Port:
    """Return a port with all devices on it, not entered yet.

    Raises:
        ConfigError: the devices cannot share it.
    """
    kind, name = key
    try:
        return Port(name, kind, DRIVERS[kind].open(devices, clock), devices)
    except ValueError as error:
        ids = ", ".join(device.id for device in devices)
        raise ConfigError(name, f"device ({ids})", "", str(error)) from error


class Completion:
    """What readings still need before they are kept: a moving station's position, and not to be repeats."""

    def __init__(self, devices: Iterable[DeviceSettings], clock: GatewayClock, repeats: Repeats) -> None:
        self._clock = clock
        self._repeats = repeats
        self._by_station: dict[str, Track] = {}
        self.renew(devices)

    def renew(self, devices: Iterable[DeviceSettings]) -> None:
        """Serve these devices from here on; a station keeps its track."""
        devices = tuple(devices)
        receivers = {device.station for device in devices if device.driver in POSITIONS}
        self._by_station = {station: self._by_station.get(station, Track()) for station in receivers}
        self._tracks = {
            device.id: self._by_station[device.station] for device in devices if device.station in receivers
        }

    def complete(self, kind: str, readings: Sequence[Reading]) -> Sequence[Reading]:
        """Return the readings of one answer as they are to be kept.

        Args:
            kind: of the driver that gave them.
            readings: of one answer; of one device where the station moves or sends again.
        """
        if not readings or self._is_repeat(readings[0]):
            return ()
        track = self._tracks.get(readings[0].device)
        if kind in POSITIONS and track is not None:
            _follow(track, readings[0])
            return readings
        if not self._tracks or not any(reading.device in self._tracks for reading in readings):
            return readings
        return [_placed(reading, self._tracks.get(reading.device)) for reading in readings]

    def kept(self, readings: Sequence[Reading]) -> None:
        """Note that readings which `complete` returned are safe."""
        offset_ms = self._clock.offset_ms()
        if readings and offset_ms is not None:
            self._repeats.add(readings[0].device, readings[0].monotonic_ms + offset_ms)

    def _is_repeat(self, reading: Reading) -> bool:
        offset_ms = self._clock.offset_ms()
        return offset_ms is not None and self._repeats.has(reading.device, reading.monotonic_ms + offset_ms)


async def supervise(port: Port, completion: Completion, keep: Keep) -> None:
    """Run one port's driver until cancelled: one warning when it is lost, one line when it is back, ever longer waits.

    Args:
        port: whose driver to run.
        completion: completes readings.
        keep: puts readings in the outbox; the driver goes on only when it has returned.
    """
    wait_s, lost = FIRST_WAIT_S, False
    while True:
        try:
            async with _entered(port) as driver:
                async for readings in driver.readings():
                    complete = completion.complete(port.kind, readings)
                    keep(complete)
                    completion.kept(complete)
                    if lost:
                        _log.info("%s: back", port.name)
                    wait_s, lost = FIRST_WAIT_S, False
        except Exception as error:  # noqa: BLE001  # one port's fault, whatever it is, must not touch the others
            if not lost:
                _log.warning("%s: %s", port.name, error, exc_info=not isinstance(error, EdgeError))
            lost, port.fault = True, str(error)
        await asyncio.sleep(wait_s)
        wait_s = min(2 * wait_s, LONGEST_WAIT_S)


@contextlib.asynccontextmanager
async def _entered(port: Port) -> AsyncIterator[Driver]:
    async with port.driver as driver:
        port.open, port.fault = True, ""
        try:
            yield driver
        finally:
            port.open = False


def _follow(track: Track, reading: Reading) -> None:
    if not math.isnan(reading.longitude):
        track.add(Fix(reading.monotonic_ms, reading.longitude, reading.latitude))


def _placed(reading: Reading, track: Track | None) -> Reading:
    fix = track.at(reading.monotonic_ms) if track is not None and math.isnan(reading.longitude) else None
    return reading if fix is None else reading._replace(longitude=fix.longitude, latitude=fix.latitude)
