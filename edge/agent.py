"""The agent: a gateway's composition root.

instruments ─drivers→ Reading ─append→ outbox ─seal→ sender ─uplink→ hub
                                         ↑──────── acknowledgement ──┘
"""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from edge.care import Care
from edge.clock import GatewayClock
from edge.config import Config, load
from edge.delivery import Delivery, cancel, now_s, version
from edge.errors import EdgeError, OutboxFull
from edge.health import DEVICES_EVERY, Answers, Board, gateway_readings, outbox_values
from edge.instruments import Instruments
from edge.inventory import inventory
from edge.key import load_or_create
from edge.notify import Notifier
from edge.outbox import Identity, Limits, Outbox
from edge.page.server import Page
from edge.reload import changes
from edge.standing import Standing
from edge.state import encode_state
from edge.status_socket import StatusSocket
from wire.clock import Clock
from wire.configuration import digest
from wire.reading import Reading

# Real seconds between two lines to systemd where it has no watchdog.
TELL_S: Final = 30.0
# Real seconds between two looks at a configuration on trial.
JUDGE_S: Final = 1.0
_DAY_MS: Final = 86_400_000
_log = logging.getLogger(__name__)


async def run(config_path: Path, clock: Clock) -> None:
    """Run a gateway until SIGTERM or SIGINT; what it holds then is sent for up to 10 more real seconds.

    SIGHUP has it read its configuration anew.

    Args:
        config_path: of the TOML file.
        clock: the machine's, or a demo's.

    Raises:
        ConfigError: the configuration or the key cannot be used.
        OutboxError: the outbox cannot be used, or its disk failed.
        UplinkError: the CA file or the password for the broker cannot be used.
    """
    field_clock = GatewayClock(clock)
    care = Care(load(config_path), field_clock)
    config = care.in_force()
    identity = Identity(config.gateway.id, load_or_create(config.key_file), field_clock.boot)
    limits = Limits(config.gateway.outbox_mb << 20, int(config.gateway.grace_days * _DAY_MS))
    with Outbox(config.outbox_dir, identity, inventory(config, version()), limits) as outbox:
        agent = _Agent(care, field_clock, outbox)
        try:
            await agent.run()
        except ExceptionGroup as group:  # of the task that failed; the others were only cancelled
            raise group.exceptions[0] from group


class _Agent:
    """The running parts and what flows between them."""

    def __init__(self, care: Care, clock: GatewayClock, outbox: Outbox) -> None:
        self._clock = clock
        self._outbox = outbox
        self._care = care
        self._delivery = Delivery(care, clock, outbox, self._configured)
        self._instruments = Instruments(self._config.devices, clock, outbox, self._keep)
        self._standing = Standing(clock, outbox, self._delivery, self._instruments)
        self._notifier = Notifier.of(os.environ)
        self._told = asyncio.Event()
        self._stopping = False
        self._own_file = False
        self._saying: asyncio.Task[None] | None = None
        self._health: asyncio.Task[None] | None = None
        self._windows = contextlib.AsyncExitStack()
        self._page = contextlib.AsyncExitStack()
        known = outbox.clock
        if known.offset_ms is not None and known.clock == "hub":
            clock.resume(known.offset_ms)

    @property
    def _config(self) -> Config:
        return self._delivery.config

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        signals = {signal.SIGTERM: self._end, signal.SIGINT: self._end, signal.SIGHUP: self._reread}
        for number, call in signals.items():
            loop.add_signal_handler(number, call)
        try:
            async with asyncio.TaskGroup() as tasks:
                await self._work(tasks)
        finally:
            for number in signals:
                loop.remove_signal_handler(number)
            await self._page.aclose()
            await self._windows.aclose()

    def _end(self) -> None:
        if self._stopping:
            self._delivery.hurry()
        self._stopping = True
        self._told.set()

    def _reread(self) -> None:
        self._own_file = True
        self._told.set()

    def _configured(self, signed: bytes) -> None:
        """Take a configuration from the hub, and say what becomes of it."""
        if self._care.arrive(signed, self._instruments.health(), self._config):
            self._told.set()
        else:
            self._say_status()

    async def _work(self, tasks: asyncio.TaskGroup) -> None:
        turning = self._delivery.start(tasks)
        self._instruments.start(tasks)
        self._health = tasks.create_task(self._watch_health(), name="health")
        await self._open_socket()
        await self._open_page()
        reporting = tasks.create_task(self._report(), name="report")
        judging = tasks.create_task(self._judge_trials(), name="trial")
        sys.stdout.write(f"gateway ready {self._config.gateway.id}\n")
        sys.stdout.flush()
        self._notifier.say("READY=1")
        while not self._stopping:
            await self._until_told(turning)
            if not self._stopping:
                await self._renew(tasks)
        self._notifier.say("STOPPING=1")
        await cancel(self._health)
        await self._instruments.stop()
        await self._delivery.stop()
        await cancel(reporting, judging)

    async def _until_told(self, turning: asyncio.Task[None]) -> None:
        """Wait for a signal; a turn that fails ends the whole group."""
        telling = asyncio.create_task(self._told.wait(), name="signal")
        try:
            await asyncio.wait((telling, turning), return_when=asyncio.FIRST_COMPLETED)
            self._told.clear()
        finally:
            telling.cancel()

    def _keep(self, readings: Sequence[Reading]) -> None:
        self._delivery.keep(readings)
        self._standing.note(readings)

    async def _renew(self, tasks: asyncio.TaskGroup) -> None:
        """Bring what runs in line with the configuration in force; one that cannot be used changes nothing."""
        self._notifier.reloading()
        try:
            if self._own_file:
                self._own_file = False
                self._care.reread(await asyncio.to_thread(load, self._config.path))
            await self._take_over(tasks, self._care.in_force())
            self._standing.fault = ""
        except EdgeError as error:
            self._standing.fault = str(error)
            self._care.refuse(error)
            _log.error("%s; the configuration before stays", error)
        self._notifier.say("READY=1")

    async def _take_over(self, tasks: asyncio.TaskGroup, config: Config) -> None:
        """Touch what changed and nothing else: whatever can be refused is refused before the first change.

        Raises:
            EdgeError: the configuration cannot be used; all is as before.
        """
        change = changes(self._config, config)
        rewiring = self._instruments.rewiring(change.config.devices)
        uplink = self._delivery.uplink_for(change.config) if change.hub else None
        self._outbox.describe(inventory(change.config, version()))
        self._delivery.config = change.config
        self._standing.renew()
        await self._instruments.rewire(tasks, rewiring)
        if uplink is not None:
            await self._delivery.reconnect(tasks, uplink)
        else:
            self._say_status()
        if change.health and self._health is not None:
            await cancel(self._health)
            self._health = tasks.create_task(self._watch_health(), name="health")
        if change.page:
            await self._open_page()
        _log.info("configuration %s: %d ports closed, %d opened", digest(config.text), *map(len, rewiring[1:]))
        if change.later:
            _log.warning("from the next start on: [gateway] %s", ", ".join(change.later))

    async def _watch_health(self) -> None:
        """Read the gateway's own health, and every so often how its devices answer."""
        period_s, looked, answers = self._config.gateway.health_period_s, 0, Answers()
        board = Board(self._config.outbox_dir)
        while period_s:
            at_ms = self._clock.monotonic_ms()
            values = board.values() | outbox_values(self._outbox, self._delivery.dropped)
            self._keep_health(gateway_readings(self._config.gateway.id, at_ms, self._clock.source, values))
            looked += 1  # at the start there is nothing to say of devices yet
            if looked % DEVICES_EVERY == 0:
                for readings in answers.since(self._instruments.health(), at_ms, self._instruments.shut()):
                    self._keep_health(readings)
            await self._clock.sleep(period_s)

    def _keep_health(self, readings: Sequence[Reading]) -> None:
        try:
            self._keep(readings)
        except OutboxFull:
            self._standing.note(readings)  # a gateway that is full can still be looked at

    async def _judge_trials(self) -> None:
        """See whether a configuration from the hub may stay."""
        while True:
            await asyncio.sleep(JUDGE_S)
            acked_s = self._delivery.last_ack_s
            hub_last_s = None if acked_s is None else now_s() - acked_s
            if self._care.judge(self._instruments.health(), self._config, hub_last_s, now_s()):
                self._told.set()

    def _say_status(self) -> None:
        self._saying = asyncio.create_task(self._delivery.say_status(), name="status")

    async def _report(self) -> None:
        """Tell systemd how things are, and that they go on, as long as they do."""
        limit_s = self._notifier.watchdog_s
        while True:
            lines = [f"STATUS={self._standing.line()}"]
            if limit_s is not None and self._delivery.alive(limit_s):
                lines.append("WATCHDOG=1")
            self._notifier.say(*lines)
            await asyncio.sleep(TELL_S if limit_s is None else min(TELL_S, limit_s / 2))

    def _state(self) -> bytes:
        return encode_state(self._standing.state())

    async def _open_socket(self) -> None:
        if self._config.socket is not None:
            with _going_on("no status socket"):
                await self._windows.enter_async_context(StatusSocket(self._config.socket, self._state))

    async def _open_page(self) -> None:
        """Open the page that is configured, in place of the one that was."""
        await self._page.aclose()
        if self._config.page is not None:
            with _going_on("no page"):
                page = await self._page.enter_async_context(Page(self._config.page, self._state))
                _log.info("page at %s", page.url)


@contextlib.contextmanager
def _going_on(lack: str) -> Iterator[None]:
    """Have a window that cannot be opened stop nothing else."""
    try:
        yield
    except (OSError, EdgeError) as error:
        _log.warning("%s: %s", lack, error)
