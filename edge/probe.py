"""Asks every configured device once, through the drivers that the agent uses, and says how each of them fared."""

import asyncio
import contextlib
import math
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Literal

import msgspec

from edge.clock import GatewayClock
from edge.drivers import DRIVERS
from edge.drivers.asking import Asking
from edge.drivers.driver import DeviceHealth, DeviceSettings
from edge.drivers.serial_port import close_streams, open_line
from edge.errors import DriverError, PortError
from edge.listening import rtu_units
from edge.ports import Port, open_ports
from wire.reading import Reading

Verdict = Literal["answered", "silent", "garbled", "babbling", "refused", "no port", "not asked"]

# Field seconds between two questions to one device while the others have not had their turn.
PERIOD_S: Final = 0.5
# Bad frames of a device that talks by itself: the first is often one that was under way when the port was opened.
BAD_FRAMES: Final = 3
# Real seconds for which a line on which devices only answer is listened to before anybody is asked.
LISTEN_S: Final = 1.0
WATCH_S: Final = 0.05
# Their devices are asked one by one: to ask a driver for more is to acknowledge what it gave.
_FEEDS: Final = frozenset({"mqtt"})
# How drivers begin to say that nobody answered, or not in time.
_SILENT: Final = ("silent", "late")
_EXCEPTION: Final = re.compile(r"exception (\d+)")


class Shown(msgspec.Struct, frozen=True):
    """One value of a device.

    Attributes:
        unit: the device's own.
        value: None when there is none.
        flag: QARTOD.
    """

    property: str
    unit: str
    value: float | None
    flag: int


class Finding(msgspec.Struct, frozen=True):
    """How one device fared.

    Attributes:
        verdict: "not asked" when its port was lost, or the time was over, before its turn.
        fault: what its driver or port says went wrong, "" for nothing.
        exception: Modbus exception with which it refused, 0 for none.
        latency_ms: real milliseconds from question to answer, 0 when it talks by itself.
        unasked: octets that came on its line before anybody was asked, where devices are to speak only when asked.
        talkers: Modbus units whose frames were among them.
    """

    device: str
    station: str
    driver: str
    port: str
    verdict: Verdict
    fault: str = ""
    exception: int = 0
    latency_ms: float = 0.0
    unasked: int = 0
    talkers: tuple[int, ...] = ()
    values: tuple[Shown, ...] = ()


Told = Callable[[Sequence[str]], None]


class Visit:
    """One port and what comes of probing it."""

    def __init__(self, port: Port) -> None:
        self._port = port
        self._devices = port.devices
        self._heard: dict[str, dict[str, Reading]] = {device.id: {} for device in port.devices}
        self._lost = ""
        self._unasked = b""
        self._asked = port.kind == "modbus" or isinstance(port.driver, Asking)

    async def pay(self, listen_s: float) -> None:
        """Probe the port until every device has answered or failed often enough."""
        try:
            if listen_s and self._asked and not self._port.name.startswith("tcp://"):
                self._unasked = await hear(self._port.name, _baud(self._devices[0]), listen_s)
            async with self._port.driver as driver:
                asking = asyncio.create_task(self._ask(), name=self._port.name)
                while not asking.done() and not all(self.settled(device.id) for device in self._devices):
                    await asyncio.wait([asking], timeout=WATCH_S)
                await _end(asking)
                del driver
        except DriverError as error:
            self._lost = error.reason

    async def _ask(self) -> None:
        async for readings in self._port.driver.readings():
            for reading in readings:
                self._heard[reading.device][reading.property] = reading
            if len(self._devices) == 1:
                return

    def settled(self, device: str) -> bool:
        """Return whether there is nothing more to learn of a device."""
        health = self._health(device)
        enough = 1 if self._asked or health.fault.startswith(_SILENT) else BAD_FRAMES
        return bool(self._lost or self._heard[device]) or health.failures >= enough

    def finding(self, settings: DeviceSettings) -> Finding:
        """Return how a device of the port fared."""
        health, heard = self._health(settings.id), self._heard[settings.id]
        exception = _EXCEPTION.search(health.fault)
        verdict = _verdict(health, bool(heard or health.answers), self._lost)
        well = verdict == "answered"
        units = dict(DRIVERS[settings.driver].datastreams(settings))
        return Finding(
            settings.id,
            settings.station,
            settings.driver,
            self._port.name,
            verdict,
            "" if well else self._lost if verdict == "no port" else health.fault,
            int(exception[1]) if exception and not well else 0,
            round(health.latency_ms, 1),
            len(self._unasked),
            tuple(dict.fromkeys(rtu_units(self._unasked))),
            tuple(_shown(reading, units) for reading in heard.values() if reading.property in units),
        )

    def _health(self, device: str) -> DeviceHealth:
        return self._port.driver.health[device]


async def probe(
    devices: Sequence[DeviceSettings],
    clock: GatewayClock,
    seconds: float,
    told: Told = lambda _: None,
    listen_s: float = LISTEN_S,
) -> list[Finding]:
    """Return how each device fared, in their order; ports are probed side by side.

    Args:
        devices: of a configuration.
        clock: the gateway's.
        seconds: real seconds for all of it.
        told: is given the ids of the devices that are settled, as they grow.
        listen_s: real seconds for which lines are listened to before anybody is asked.

    Raises:
        ConfigError: devices that cannot share a port.
    """
    visits = _visits(devices, clock)
    tasks = [asyncio.create_task(visit.pay(listen_s)) for visit, _ in visits]
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while not all(task.done() for task in tasks):
                told([device.id for visit, on_it in visits for device in on_it if visit.settled(device.id)])
                await asyncio.wait(tasks, timeout=2 * WATCH_S)
    await _end(*tasks)
    found = {device.id: visit.finding(device) for visit, on_it in visits for device in on_it}
    return [found[device.id] for device in devices]


def _visits(devices: Iterable[DeviceSettings], clock: GatewayClock) -> list[tuple[Visit, Sequence[DeviceSettings]]]:
    eager = [_eager(device) for device in devices]
    alone = [[device] for device in eager if device.driver in _FEEDS]
    shared = [device for device in eager if device.driver not in _FEEDS]
    ports = [port for some in [*alone, shared] for port in open_ports(some, clock)]
    return [(Visit(port), port.devices) for port in ports]


def _eager(device: DeviceSettings) -> DeviceSettings:
    try:
        return msgspec.structs.replace(device, period_s=PERIOD_S)
    except ValueError:  # its kind wants another period
        return device


def _baud(device: DeviceSettings) -> int:
    return int(getattr(device, "baud", 9600))


async def hear(port: str, baud: int, seconds: float) -> bytes:
    """Return what comes within real seconds on a line on which nobody is asked.

    Raises:
        PortError: it cannot be opened, or went away.
    """
    streams = await open_line(port.removeprefix("rtu+"), baud)
    heard = b""
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while octets := await streams[0].read(4096):
                    heard += octets
    except OSError as error:
        raise PortError(port, "", f"went away: {error}") from error
    finally:
        await close_streams(streams)
    return heard


async def _end(*tasks: asyncio.Task[None]) -> None:
    """End tasks; what a driver has to say of its port is raised."""
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, Exception):
            raise outcome


def _verdict(health: DeviceHealth, answered: bool, lost: str) -> Verdict:  # noqa: FBT001  # a plain fact
    if answered:
        return "answered"
    if lost and not health.failures:
        return "no port"
    if not health.failures:
        return "not asked"
    if health.fault.startswith(_SILENT):
        return "silent"
    if health.fault.startswith("babbles"):
        return "babbling"
    return "refused" if _EXCEPTION.search(health.fault) else "garbled"


def _shown(reading: Reading, units: Mapping[str, str]) -> Shown:
    value = None if math.isnan(reading.value) else reading.value
    return Shown(reading.property, units[reading.property], value, int(reading.flag))


def port_state(port: str) -> Literal["network", "missing", "forbidden", "there"]:
    """Return what the system says of a port before it is opened."""
    if "://" in port:
        return "network"
    if not os.path.exists(port):  # noqa: PTH110  # a port is a name
        return "missing"
    return "there" if os.access(port, os.R_OK | os.W_OK) else "forbidden"
