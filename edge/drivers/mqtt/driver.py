"""Receives the JSON feeds of one broker and acknowledges what the consumer has taken."""

import asyncio
import contextlib
import logging
import os
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

import aiomqtt

from edge.drivers.driver import DeviceHealth, Driver
from edge.drivers.mqtt.feed import Feed
from edge.drivers.mqtt.settings import MqttSettings, port_of
from edge.errors import PortError
from wire.clock import Clock
from wire.reading import Reading

_log = logging.getLogger(__name__)

TIMEOUT_S: Final = 10.0  # real, for the broker


def open_port(devices: Sequence[MqttSettings], clock: Clock) -> Driver:
    """Return the driver of one broker with all its feeds.

    Raises:
        ValueError: two devices have one topic and no names to tell them apart, or different ways to the broker.
    """
    port = port_of(devices[0])
    feeds: dict[str, list[Feed]] = {}
    for settings in devices:
        feeds.setdefault(settings.topic, []).append(Feed(settings, clock))
    for sharing in feeds.values():
        names = {feed.settings.identity for feed in sharing}
        if len(sharing) > 1 and ("" in names or len(names) < len(sharing)):
            raise ValueError(f"topic: two devices of {port} have the same; give each its own identity")
    for key in ("password_env", "ca_file"):
        if len({getattr(settings, key) for settings in devices}) > 1:
            raise ValueError(f"{key}: devices of {port} must have the same")
    return MqttDriver(port, {topic: tuple(sharing) for topic, sharing in feeds.items()})


@dataclass(slots=True)
class MqttDriver:
    """One connection to a broker; see `Driver`.

    Attributes:
        port: the broker.
        feeds: by topic.
    """

    port: str
    feeds: dict[str, tuple[Feed, ...]]
    health: dict[str, DeviceHealth] = field(init=False)
    _client: aiomqtt.Client | None = field(init=False, default=None)
    _session: contextlib.AsyncExitStack = field(init=False, default_factory=contextlib.AsyncExitStack)

    def __post_init__(self) -> None:
        self.health = {feed.settings.id: feed.health for feed in self._all()}

    def _all(self) -> list[Feed]:
        return [feed for sharing in self.feeds.values() for feed in sharing]

    async def __aenter__(self) -> Self:
        client = self._new_client(self._all()[0].settings)
        try:
            async with contextlib.AsyncExitStack() as stack:
                await stack.enter_async_context(client)
                await client.subscribe([(topic, 1) for topic in self.feeds])
                self._client, self._session = client, stack.pop_all()
        except aiomqtt.MqttError as error:
            raise PortError(self.port, "", f"no session with the broker: {error}") from error
        for feed in self._all():
            feed.connect()
        return self

    def _new_client(self, settings: MqttSettings) -> aiomqtt.Client:
        variable = settings.password_env
        if variable and variable not in os.environ:
            raise PortError(self.port, "", f"password_env: the environment has no variable {variable!r}")
        return aiomqtt.Client(
            settings.host,
            settings.port,
            username=settings.username or None,
            password=os.environ[variable] if variable else None,
            clean_session=True,
            timeout=TIMEOUT_S,
            tls_context=self._trust(settings.ca_file) if settings.ca_file else None,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )

    def _trust(self, ca_file: str) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=ca_file)
        except (OSError, ssl.SSLError) as error:
            raise PortError(self.port, "", f"ca_file: {ca_file}: no certificate authority in PEM: {error}") from error

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
                for feed in self.feeds.get(str(arrival.topic), ()):
                    for readings in feed.take(arrival.payload, loop.time(), retained=arrival.retain):
                        yield readings
                    acknowledgement = feed.confirm()
                    if acknowledgement is not None:
                        # Unconfirmed: a lost acknowledgement makes the device send again.
                        await self._client.publish(f"{feed.settings.topic}/ack", acknowledgement, qos=0)
        except aiomqtt.MqttError as error:
            raise PortError(self.port, "", f"the broker went away: {error}") from error
