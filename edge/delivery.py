"""Delivery: from the outbox to the hub. Blocks made, sealed, made durable, published and acknowledged, turn by turn."""

import asyncio
import contextlib
import importlib.metadata
import logging
from collections.abc import Callable, Sequence
from random import SystemRandom
from typing import Final

from edge.care import Care
from edge.clock import GatewayClock
from edge.config import Config
from edge.errors import OutboxFull
from edge.outbox import Outbox
from edge.sender import Sender
from edge.uplink import Callbacks, Uplink
from wire.batch import Ack, Status
from wire.configuration import digest
from wire.reading import Reading

SHORTEST_FLUSH_S: Final = 0.05
DRAIN_S: Final = 10.0
FAREWELL_S: Final = 5.0
_log = logging.getLogger(__name__)


class Delivery:
    """Hands over what the outbox holds, over one uplink at a time.

    Attributes:
        config: what holds now.
        uplink: the present session's.
        care: which configuration is in force.
        configured: is called with every configuration that the hub sends, as it came.
        last_ack_s: the loop's time of the last acknowledgement, None before the first.
    """

    def __init__(self, care: Care, clock: GatewayClock, outbox: Outbox, configured: Callable[[bytes], None]) -> None:
        """Prepare for `start`.

        Raises:
            UplinkError: the CA file cannot be used, or the password is not in the environment.
        """
        self.config = config = care.in_force()
        self.care = care
        self.configured = configured
        self.last_ack_s: float | None = None
        self._clock = clock
        self._outbox = outbox
        self._sender = Sender(outbox, SystemRandom(), config.hub.timeout_s)
        self.uplink = self.uplink_for(config)
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._publishing: asyncio.Task[None] | None = None
        self._due_s = 0.0
        self._full = False
        self._unusable: frozenset[int] = frozenset()
        self._said_epoch = 0

    def uplink_for(self, config: Config) -> Uplink:
        """Return an uplink that is not begun yet.

        Raises:
            UplinkError: the CA file cannot be used, or the password is not in the environment.
        """
        return Uplink(config, Callbacks(self.status, self._connected, self._acknowledged, self.configured))

    def start(self, tasks: asyncio.TaskGroup) -> asyncio.Task[None]:
        """Begin; return the task that ends only when the outbox's disk has failed."""
        turning = tasks.create_task(self._turns(), name="outbox")
        self._tasks = [turning, tasks.create_task(self.uplink.run(), name="uplink")]
        return turning

    async def reconnect(self, tasks: asyncio.TaskGroup, uplink: Uplink) -> None:
        """Go on with another uplink; what the hub has not acknowledged is sent again over it."""
        await self._farewell()
        await cancel(self._tasks.pop())
        self.uplink = uplink
        self._sender.timeout_s = self.config.hub.timeout_s
        self._tasks.append(tasks.create_task(uplink.run(), name="uplink"))

    async def stop(self) -> None:
        """Send what is held, as long as the hub takes it and the time allows, and end the session."""
        await cancel(self._tasks[0])
        await self._drain()
        await cancel(self._tasks[1])

    def hurry(self) -> None:
        """Give up what `stop` would still send."""
        self._due_s = 0.0
        self._wake.set()

    def alive(self, slack_s: float) -> bool:
        """Return whether the turns go on: none is late by more than so many real seconds."""
        return now_s() < self._due_s + slack_s

    @property
    def dropped(self) -> int:
        """Readings given up for want of room since the outbox was made."""
        return self._outbox.dropped

    def keep(self, readings: Sequence[Reading]) -> None:
        """Put readings in the outbox.

        Raises:
            OutboxFull: no room for them; they are counted as dropped.
        """
        self._outbox.append(readings)

    def status(self) -> Status:
        """Return what to tell the hub of the gateway."""
        chain = self._outbox.chain
        return Status(
            online=True,
            epoch=chain.epoch,
            seq=chain.last_seq,
            version=version(),
            clock=self._clock.source,
            outbox_blocks=self._outbox.unacknowledged,
            dropped=self.dropped,
            config=digest(self.config.text),
            config_version=self.care.version,
            config_seen=self.care.known.seen,
            config_fault=self.care.known.fault,
        )

    async def say_status(self) -> None:
        """Tell the hub how the gateway is, if there is a session."""
        await self.uplink.say_status()

    async def _turns(self) -> None:
        """Gather what was read at every flush; in between seal and send whenever an acknowledgement makes room."""
        while True:
            self._due_s = now_s()
            await self._turn(block=True)
            self._due_s = now_s() + max(SHORTEST_FLUSH_S, self._clock.real_s(self.config.gateway.flush_s))
            while await self._woken(self._due_s - now_s()):
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
            self._outbox.gather()
        if self.uplink.connected:
            self._sender.seal(now_s())

    def _publish(self) -> None:
        """Publish what is due, unless the broker still has the last lot on its hands."""
        if not self.uplink.connected or (self._publishing is not None and not self._publishing.done()):
            return
        envelopes = self._sender.due(now_s())
        if envelopes or self._said_epoch != self._outbox.chain.epoch:
            self._publishing = asyncio.create_task(self._send(envelopes), name="publish")
            self._publishing.add_done_callback(lambda _: self._wake.set())

    async def _send(self, envelopes: Sequence[bytes]) -> None:
        """Publish envelopes; a hub that starts later asks the retained status which epoch to speak of."""
        if self._said_epoch != self._outbox.chain.epoch:
            self._said_epoch = self._outbox.chain.epoch
            await self.uplink.say_status()
        await self.uplink.publish(envelopes)

    async def _drain(self) -> None:
        self._due_s = now_s() + DRAIN_S
        while True:
            await self._turn(block=True)
            left_s = self._due_s - now_s()
            if left_s <= 0 or not (self.uplink.connected and self._outbox.unacknowledged):
                break
            await self._woken(min(left_s, 0.1))
        await self._farewell()

    async def _farewell(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_S):
                await self.uplink.say_offline()

    def _connected(self) -> None:
        self._sender.on_connect(now_s())

    def _acknowledged(self, ack: Ack) -> None:
        self.last_ack_s = now_s()
        self._clock.on_hub_time(ack.hub_time)
        fresh = frozenset(ack.refused) - self._unusable if ack.epoch == self._outbox.chain.epoch else frozenset()
        if fresh:
            _log.warning("the hub could not use batches %s", ", ".join(map(str, sorted(fresh))))
            self._unusable |= fresh
        try:
            self._sender.on_ack(ack, now_s())
        except OutboxFull as full:
            _log.warning("%s", full)
        self._wake.set()


async def cancel(*tasks: asyncio.Task[None]) -> None:
    """End tasks and wait until they have ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def now_s() -> float:
    """Return the loop's time: real seconds of a steady clock."""
    return asyncio.get_running_loop().time()


def version() -> str:
    """Return the software's version."""
    try:
        return importlib.metadata.version("quietwatch")
    except importlib.metadata.PackageNotFoundError:
        return "0"
