"""The instruments' side of the running agent: every port with its driver, changed one by one while the others go on."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from edge.clock import GatewayClock
from edge.delivery import cancel
from edge.drivers import DRIVERS
from edge.drivers.driver import DeviceHealth, DeviceSettings
from edge.outbox import Outbox
from edge.ports import Completion, Port, PortKey, grouped, open_port, supervise
from edge.repeats import Repeats
from wire.reading import Reading

REPEATS_IN_BLOCKS: Final = 2000
Keep = Callable[[Sequence[Reading]], None]


class Rewiring(NamedTuple):
    """What another configuration changes at the ports.

    Attributes:
        devices: all of it.
        closed: ports that go, or whose devices are no longer as they were.
        opened: ports that come, not entered yet; they may be on the lines of those that go.
    """

    devices: tuple[DeviceSettings, ...]
    closed: tuple[PortKey, ...]
    opened: tuple[Port, ...]


class Instruments:
    """All ports of a gateway, supervised."""

    def __init__(self, devices: Sequence[DeviceSettings], clock: GatewayClock, outbox: Outbox, keep: Keep) -> None:
        """Prepare for `start`.

        Raises:
            ConfigError: devices that cannot share a port.
        """
        self._clock = clock
        self._outbox = outbox
        self._keep = keep
        self._again: frozenset[str] = frozenset()
        self._repeats = Repeats((), ())
        self._completion = Completion((), clock, self._repeats)
        self._ports: dict[PortKey, Port] = {}
        self._tasks: dict[PortKey, asyncio.Task[None]] = {}
        self._first = self.rewiring(devices)

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Begin to read."""
        self._open(tasks, self._first)

    def rewiring(self, devices: Sequence[DeviceSettings]) -> Rewiring:
        """Return what other devices change; nothing is touched yet.

        Raises:
            ConfigError: devices that cannot share a port.
        """
        wanted = grouped(devices)
        closed, opened = changed({key: port.devices for key, port in self._ports.items()}, wanted)
        return Rewiring(tuple(devices), closed, tuple(open_port(key, wanted[key], self._clock) for key in opened))

    async def rewire(self, tasks: asyncio.TaskGroup, rewiring: Rewiring) -> None:
        """Close what goes, then open what comes; the others notice nothing."""
        gone = [self._tasks.pop(key) for key in rewiring.closed]
        for key in rewiring.closed:
            del self._ports[key]
        await cancel(*gone)
        self._open(tasks, rewiring)

    def ports(self) -> Iterator[Port]:
        """Yield the ports."""
        yield from self._ports.values()

    def health(self) -> dict[str, DeviceHealth]:
        """Return how each device answers, by its id."""
        return {device: health for port in self._ports.values() for device, health in port.driver.health.items()}

    def shut(self) -> frozenset[str]:
        """Return the ids of the devices whose port is not open."""
        return frozenset(device.id for port in self._ports.values() if not port.open for device in port.devices)

    async def stop(self) -> None:
        """Close all ports."""
        await cancel(*self._tasks.values())

    def _open(self, tasks: asyncio.TaskGroup, rewiring: Rewiring) -> None:
        again = frozenset(each.id for each in rewiring.devices if DRIVERS[each.driver].sends_again(each))
        new = again - self._again
        self._repeats.watch(again, self._outbox.held_times(new, REPEATS_IN_BLOCKS) if new else ())
        self._again = again
        self._completion.renew(rewiring.devices)
        for port in rewiring.opened:
            key = PortKey(port.kind, port.name)
            self._ports[key] = port
            self._tasks[key] = tasks.create_task(supervise(port, self._completion, self._keep), name=port.name)


def changed(
    before: dict[PortKey, tuple[DeviceSettings, ...]], after: dict[PortKey, tuple[DeviceSettings, ...]]
) -> tuple[tuple[PortKey, ...], tuple[PortKey, ...]]:
    """Return (ports to close, ports to open): a port whose devices are the same, in whatever order, is in neither."""
    same = {key for key in before.keys() & after.keys() if _by_id(before[key]) == _by_id(after[key])}
    return tuple(key for key in before if key not in same), tuple(key for key in after if key not in same)


def _by_id(devices: tuple[DeviceSettings, ...]) -> dict[str, DeviceSettings]:
    return {device.id: device for device in devices}
