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
from edge.ports import Port, open_ports
from wire.reading import Reading

Verdict = Literal["answered", "silent", "garbled", "refused", "no port", "not asked"]

# Field seconds between two questions to one device, and how often one that fails is asked.
PERIOD_S: Final = 0.5
SILENCES: Final = 2
FAILURES: Final = 3
# Real seconds for which a line on which devices only answer is listened to before anybody is asked.
LISTEN_S: Final = 1.0
WATCH_S: Final = 0.05
# Their devices are asked one by one: to ask a driver for more is to acknowledge what it gave.
_FEEDS: Final = frozenset({"mqtt"})
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
    values: tuple[Shown, ...] = ()


Told = Callable[[Sequence[str]], None]


class _Visit:
    """One port and what comes of probing it."""

    def __init__(self, port: Port, devices: Sequence[DeviceSettings]) -> None:
        self._port = port
        self._devices = devices
        self._heard: dict[str, dict[str, Reading]] = {device.id: {} for device in devices}
        self._lost = ""
        self._unasked = 0

    async def pay(self) -> None:
        """Probe the port until every device has answered or failed often enough."""
        try:
            if _only_answers(self._port):
                self._unasked = await _listen(self._devices[0])
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
        enough = SILENCES if health.fault.startswith("silent") else FAILURES
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
            self._unasked,
            tuple(_shown(reading, units) for reading in heard.values() if reading.property in units),
        )

    def _health(self, device: str) -> DeviceHealth:
        return self._port.driver.health[device]


async def probe(
    devices: Sequence[DeviceSettings], clock: GatewayClock, seconds: float, told: Told = lambda _: None
) -> list[Finding]:
    """Return how each device fared, in their order; ports are probed side by side.

    Args:
        devices: of a configuration.
        clock: the gateway's.
        seconds: real seconds for all of it.
        told: is given the ids of the devices that are settled, as they grow.

    Raises:
        ConfigError: devices that cannot share a port.
    """
    visits = _visits(devices, clock)
    tasks = [asyncio.create_task(visit.pay()) for visit, _ in visits]
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while not all(task.done() for task in tasks):
                told([device.id for visit, on_it in visits for device in on_it if visit.settled(device.id)])
                await asyncio.wait(tasks, timeout=2 * WATCH_S)
    await _end(*tasks)
    found = {device.id: visit.finding(device) for visit, on_it in visits for device in on_it}
    return [found[device.id] for device in devices]


def _visits(devices: Iterable[DeviceSettings], clock: GatewayClock) -> list[tuple[_Visit, Sequence[DeviceSettings]]]:
    groups: dict[tuple[str, str, str], list[DeviceSettings]] = {}
    for device in devices:
        port = DRIVERS[device.driver].port_of(device)
        alone = device.id if device.driver in _FEEDS else ""
        groups.setdefault((device.driver, port, alone), []).append(_eager(device))
    return [(_Visit(open_ports(on_it, clock)[0], on_it), on_it) for on_it in groups.values()]


def _eager(device: DeviceSettings) -> DeviceSettings:
    try:
        return msgspec.structs.replace(device, period_s=PERIOD_S)
    except ValueError:  # its kind wants another period
        return device


def _only_answers(port: Port) -> bool:
    serial = not port.name.startswith("tcp://")
    return serial and (port.kind == "modbus" or isinstance(port.driver, Asking))


async def _listen(settings: DeviceSettings) -> int:
    """Return how many octets come on a line on which nobody was asked."""
    port, baud = str(getattr(settings, "port", "")), int(getattr(settings, "baud", 9600))
    streams = await open_line(port.removeprefix("rtu+"), baud)
    count = 0
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LISTEN_S):
                while octets := await streams[0].read(4096):
                    count += len(octets)
    except OSError as error:
        raise PortError(port, "", f"went away: {error}") from error
    finally:
        await close_streams(streams)
    return count


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
    if health.fault.startswith("silent"):
        return "silent"
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
