"""Receives the JSON feeds of one broker and acknowledges what the consumer has taken."""

import asyncio
import contextlib
import logging
import math
import os
import socket
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

import aiomqtt

from edge.drivers.driver import DeviceHealth, Driver
from edge.drivers.mqtt.codec import Order, Parcel, Unusable, VehicleReport, decode_report, encode_acknowledgement
from edge.drivers.mqtt.settings import MqttSettings, datastreams, port_of
from edge.errors import PortError
from wire.clock import Clock
from wire.reading import Reading

_log = logging.getLogger(__name__)

TIMEOUT_S: Final = 10.0  # real, for the broker
PATIENCE_S: Final = 30.0  # real, for a vehicle that should send again
AHEAD_MS: Final = 60_000  # field, by which a vehicle's clock may be ahead of ours


def open_port(devices: Sequence[MqttSettings], clock: Clock) -> Driver:
    """Return the driver of one broker with all its feeds.

    Raises:
        ValueError: two devices have one topic.
    """
    feeds = {settings.topic: Feed(settings, clock) for settings in devices}
    if len(feeds) < len(devices):
        raise ValueError(f"topic: two devices of {port_of(devices[0])} have the same")
    return MqttDriver(port_of(devices[0]), feeds)


@dataclass(slots=True)
class Feed:
    """One device's payloads, in; readings, out. No network here.

    Attributes:
        settings: the device's.
        health: counts payloads.
    """

    settings: MqttSettings
    clock: Clock
    health: DeviceHealth = field(default_factory=DeviceHealth)
    order: Order = field(default_factory=lambda: Order(PATIENCE_S))
    _names: tuple[str, ...] = field(init=False)
    _warned: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self._names = tuple(name for name, _ in datastreams(self.settings))

    def connect(self) -> None:
        """Begin a connection."""
        self.order.connect()

    def take(self, payload: bytes, now_s: float) -> list[Sequence[Reading]]:
        """Return the readings that are to be stored now, in order, by payload; `now_s` is real, of any origin."""
        if self.clock.offset_ms() is None:
            return []  # nobody knows when that was; it is not acknowledged, so it will be sent again
        report = decode_report(payload)
        if isinstance(report, Unusable):
            self._note(report)
        if report.sn is None:
            return []
        time_ms = None if isinstance(report, Unusable) else report.time_ms
        taken = self.order.arrive(Parcel(report.sn, report, time_ms), now_s)
        return [self._readings(one.report) for one in taken if isinstance(one.report, VehicleReport)]

    def confirm(self) -> bytes | None:
        """Say that all readings so far are safe; return the acknowledgement to publish, None for none."""
        sn = self.order.confirm()
        return None if sn is None else encode_acknowledgement(sn)

    def _readings(self, report: VehicleReport) -> Sequence[Reading]:
        now_ms = self.clock.monotonic_ms()
        self.health.answered(now_ms)
        offset_ms = self.clock.offset_ms()
        at_ms = now_ms if offset_ms is None else report.time_ms - offset_ms
        if at_ms > now_ms + AHEAD_MS:
            at_ms = now_ms  # such a time cannot be right, and would make all that follows look old
        longitude, latitude = (math.nan if degrees is None else degrees for degrees in (report.lon, report.lat))
        values = ((name, getattr(report, name)) for name in self._names)
        return [
            Reading(self.settings.id, name, at_ms, value, longitude=longitude, latitude=latitude)
            for name, value in values
            if value is not None
        ]

    def _note(self, unusable: Unusable) -> None:
        self.health.failed(unusable.reason)
        if not self._warned:
            _log.warning("%s: unusable JSON, counted from now on without a word: %s", self.settings.id, unusable.reason)
            self._warned = True


@dataclass(slots=True)
class MqttDriver:
    """One connection to a broker; see `Driver`.

    Attributes:
        port: the broker.
        feeds: by topic.
    """

    port: str
    feeds: dict[str, Feed]
    health: dict[str, DeviceHealth] = field(init=False)
    _client: aiomqtt.Client | None = field(init=False, default=None)
    _session: contextlib.AsyncExitStack = field(init=False, default_factory=contextlib.AsyncExitStack)

    def __post_init__(self) -> None:
        self.health = {feed.settings.id: feed.health for feed in self.feeds.values()}

    async def __aenter__(self) -> Self:
        settings = next(iter(self.feeds.values())).settings
        client = aiomqtt.Client(
            settings.host,
            settings.port,
            username=settings.username or None,
            password=os.environ.get(settings.password_env) if settings.password_env else None,
            clean_session=True,
            timeout=TIMEOUT_S,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )
        try:
            async with contextlib.AsyncExitStack() as stack:
                await stack.enter_async_context(client)
                await client.subscribe([(topic, 1) for topic in self.feeds])
                self._client, self._session = client, stack.pop_all()
        except aiomqtt.MqttError as error:
            raise PortError(self.port, "", f"no session with the broker: {error}") from error
        for feed in self.feeds.values():
            feed.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._session.aclose()
        except aiomqtt.MqttError as lost:
            _log.debug("%s: gone before it was closed: %s", self.port, lost)
        finally:
            self._client = None

    async def readings(self) -> AsyncIterator[Sequence[Reading]]:
        """Yield the readings of one payload at a time, and acknowledge it when the next is asked for.

        Raises:
            PortError: the broker went away.
        """
        assert self._client is not None
        loop = asyncio.get_running_loop()
        try:
            async for arrival in self._client.messages:
                # Brokers have been seen to deliver what was not subscribed to.
                feed = self.feeds.get(str(arrival.topic))
                if feed is None or not isinstance(arrival.payload, bytes):
                    continue
                for readings in feed.take(arrival.payload, loop.time()):
                    yield readings
                acknowledgement = feed.confirm()
                if acknowledgement is not None:
                    # Unconfirmed: a lost acknowledgement makes the device send again.
                    await self._client.publish(f"{feed.settings.topic}/ack", acknowledgement, qos=0)
        except aiomqtt.MqttError as error:
            raise PortError(self.port, "", f"the broker went away: {error}") from error
