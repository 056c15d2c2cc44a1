"""The agent: a gateway's composition root.

instruments ─drivers→ Reading ─append→ outbox ─seal→ sender ─uplink→ hub
                                         ↑──────── acknowledgement ──┘
"""

import asyncio
import contextlib
import importlib.metadata
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from random import SystemRandom
from typing import Final

from edge.catalogue import Inventory, Series
from edge.clock import GatewayClock
from edge.config import Config, load
from edge.drivers import DRIVERS
from edge.errors import OutboxFull
from edge.key import load_or_create
from edge.outbox import Identity, Limits, Outbox
from edge.ports import Completion, open_ports, supervise
from edge.repeats import Repeats
from edge.sender import Sender
from edge.uplink import Callbacks, Uplink
from wire.batch import Ack, CatalogueDevice, CatalogueStation, Status
from wire.clock import Clock
from wire.reading import Reading

SHORTEST_FLUSH_S: Final = 0.05
DRAIN_S: Final = 10.0
REPEATS_IN_BLOCKS: Final = 2000
_DAY_MS: Final = 86_400_000
_log = logging.getLogger(__name__)


async def run(config_path: Path, clock: Clock) -> None:
    """Run a gateway until SIGTERM or SIGINT; what it holds then is sent for up to 10 more real seconds.

    Args:
        config_path: of the TOML file.
        clock: the machine's, or a demo's.

    Raises:
        ConfigError: the configuration or the key cannot be used.
        OutboxError: the outbox cannot be used, or its disk failed.
        UplinkError: the CA file or the password for the broker cannot be used.
    """
    config = load(config_path)
    field_clock = GatewayClock(clock)
    identity = Identity(config.gateway.id, load_or_create(config.key_file), field_clock.boot)
    limits = Limits(config.gateway.outbox_mb << 20, int(config.gateway.grace_days * _DAY_MS))
    with Outbox(config.outbox_dir, identity, inventory(config), limits) as outbox:
        agent = _Agent(config, field_clock, outbox)
        try:
            await agent.run()
        except ExceptionGroup as group:  # of the task that failed; the others were only cancelled
            raise group.exceptions[0] from group


def inventory(config: Config) -> Inventory:
    """Return what a configuration says is there, as the catalogue lists it."""
    return Inventory(
        software=f"quietwatch-edge {_version()}",
        stations=tuple(
            CatalogueStation(each.id, each.kind, each.name, each.longitude, each.latitude, each.name_en)
            for each in config.stations
        ),
        devices=tuple(CatalogueDevice(each.id, each.station, each.driver, each.model) for each in config.devices),
        series=tuple(
            Series(each.id, name, unit, each.period_s)
            for each in config.devices
            for name, unit in DRIVERS[each.driver].datastreams(each)
        ),
    )


class _Agent:
    """The running parts and what flows between them."""

    def __init__(self, config: Config, clock: GatewayClock, outbox: Outbox) -> None:
        self._config = config
        self._clock = clock
        self._outbox = outbox
        self._sender = Sender(outbox, SystemRandom(), config.hub.timeout_s)
        self._uplink = Uplink(config, Callbacks(self._status, self._connected, self._acknowledged))
        self._wake = asyncio.Event()
        self._stop = asyncio.Event()
        self._publishing: asyncio.Task[None] | None = None
        self._full = False
        self._refused: frozenset[int] = frozenset()
        self._said_epoch = 0
        known = outbox.clock
        if known.offset_ms is not None and known.clock == "hub":
            clock.resume(known.offset_ms)

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        ports = open_ports(self._config.devices, self._clock)
        completion = self._completion()
        try:
            async with asyncio.TaskGroup() as tasks:
                uplink = tasks.create_task(self._uplink.run(), name="uplink")
                turning = tasks.create_task(self._turns(), name="outbox")
                drivers = [tasks.create_task(supervise(port, completion, self._keep), name=port.name) for port in ports]
                sys.stdout.write(f"gateway ready {self._config.gateway.id}\n")
                sys.stdout.flush()
                await self._until_stopped(turning)
                await _cancel(*drivers)
                await _cancel(turning)
                await self._drain()
                await _cancel(uplink)
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    def _completion(self) -> Completion:
        again = frozenset(each.id for each in self._config.devices if DRIVERS[each.driver].sends_again(each))
        held = self._outbox.held_times(again, REPEATS_IN_BLOCKS) if again else ()
        return Completion(self._config.devices, self._clock, Repeats(again, held))

    async def _until_stopped(self, turning: asyncio.Task[None]) -> None:
        stopping = asyncio.create_task(self._stop.wait(), name="stop")
        try:
            await asyncio.wait((stopping, turning), return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()

    def _keep(self, readings: Sequence[Reading]) -> None:
        self._outbox.append(readings)

    async def _turns(self) -> None:
        """Make a block at every flush; in between seal and send whenever an acknowledgement makes room."""
        loop = asyncio.get_running_loop()
        while True:
            await self._turn(block=True)
            due_s = loop.time() + max(SHORTEST_FLUSH_S, self._clock.real_s(self._config.gateway.flush_s))
            while await self._woken(due_s - loop.time()):
                await self._turn(block=False)

    async def _woken(self, left_s: float) -> bool:
        """Wait for an acknowledgement or the end of so many real seconds; return whether there was one."""
        if left_s > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), left_s)
                return True
        return False

    async def _turn(self, *, block: bool) -> None:
        self._wake.clear()
        try:
            self._write(block=block)
            if not self._outbox.synced:
                await asyncio.to_thread(self._outbox.sync)
            self._publish()
            self._full = False
        except OutboxFull as full:
            if not self._full:
                _log.warning("%s", full)
            self._full = True

    def _write(self, *, block: bool) -> None:
        offset_ms, source = self._clock.offset_ms(), self._clock.source
        if offset_ms is not None and source != "unset":
            self._outbox.set_clock(offset_ms, source)
        if block:
            self._outbox.write_block()
        if self._uplink.connected:
            self._sender.seal(_now_s())

    def _publish(self) -> None:
        """Publish what is due, unless the broker still has the last lot on its hands."""
        if not self._uplink.connected or (self._publishing is not None and not self._publishing.done()):
            return
        envelopes = self._sender.due(_now_s())
        if envelopes or self._said_epoch != self._outbox.chain.epoch:
            self._publishing = asyncio.create_task(self._send(envelopes), name="publish")
            self._publishing.add_done_callback(lambda _: self._wake.set())

    async def _send(self, envelopes: Sequence[bytes]) -> None:
        """Publish envelopes; a hub that starts later asks the retained status which epoch to speak of."""
        if self._said_epoch != self._outbox.chain.epoch:
            self._said_epoch = self._outbox.chain.epoch
            await self._uplink.say_status()
        await self._uplink.publish(envelopes)

    async def _drain(self) -> None:
        """Send what is held, as long as the hub takes it and the time allows; say farewell."""
        deadline_s = _now_s() + DRAIN_S
        self._stop.clear()
        while True:
            await self._turn(block=True)
            left_s = deadline_s - _now_s()
            if left_s <= 0 or self._stop.is_set() or not (self._uplink.connected and self._outbox.unacknowledged):
                break
            await self._woken(min(left_s, 0.1))
        await self._uplink.say_offline()

    def _status(self) -> Status:
        chain = self._outbox.chain
        return Status(
            online=True,
            epoch=chain.epoch,
            seq=chain.last_seq,
            version=_version(),
            clock=self._clock.source,
            outbox_blocks=self._outbox.unacknowledged,
        )

    def _connected(self) -> None:
        self._sender.on_connect(_now_s())

    def _acknowledged(self, ack: Ack) -> None:
        self._clock.on_hub_time(ack.hub_time)
        fresh = frozenset(ack.refused) - self._refused if ack.epoch == self._outbox.chain.epoch else frozenset()
        if fresh:
            _log.warning("the hub could not use batches %s", ", ".join(map(str, sorted(fresh))))
            self._refused |= fresh
        try:
            self._sender.on_ack(ack, _now_s())
        except OutboxFull as full:
            _log.warning("%s", full)
        self._wake.set()


async def _cancel(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _now_s() -> float:
    return asyncio.get_running_loop().time()


def _version() -> str:
    try:
        return importlib.metadata.version("quietwatch")
    except importlib.metadata.PackageNotFoundError:
        return "0"
