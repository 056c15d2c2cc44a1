"""The uplink: one MQTT session after another with the hub's broker."""

import asyncio
import logging
import os
import secrets
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiomqtt
import msgspec

from edge.config import Config
from edge.errors import UplinkError
from wire.batch import Ack, Status
from wire.topics import topic

FIRST_WAIT_S: Final = 0.2
LONGEST_WAIT_S: Final = 30.0
KEEPALIVE_S: Final = 15
_log = logging.getLogger(__name__)
_read_ack = msgspec.msgpack.Decoder(Ack).decode
_encode = msgspec.msgpack.Encoder().encode


def _pass_over(_: bytes) -> None:
    """Take nothing from afar."""


@dataclass(frozen=True, slots=True)
class Callbacks:
    """What the uplink asks and tells.

    Attributes:
        status: what to say of the gateway now.
        connected: is called when a session begins, before anything is sent.
        acknowledged: is called with every acknowledgement.
        configured: is called with every configuration that the hub sends, as it came.
    """

    status: Callable[[], Status]
    connected: Callable[[], None]
    acknowledged: Callable[[Ack], None]
    configured: Callable[[bytes], None] = _pass_over


class Uplink:
    """Keeps a session with the broker; times are real seconds.

    Attributes:
        since_s: the loop's time since which there is a session, or none; None before `run`.
        fault: why there is no session, "" while there is one or before the first attempt has failed.
    """

    def __init__(self, config: Config, callbacks: Callbacks) -> None:
        """Prepare for `run`.

        Raises:
            UplinkError: the CA file cannot be used, or the password is not in the environment.
        """
        self._gateway = config.gateway.id
        self._hub = config.hub
        self._callbacks = callbacks
        self._tls = None if config.ca_file is None else _trusting(config.ca_file)
        self._password = _password(config.hub.password_env)
        self._client: aiomqtt.Client | None = None
        self.since_s: float | None = None
        self.fault = ""

    @property
    def connected(self) -> bool:
        """Whether a session is open."""
        return self._client is not None

    async def publish(self, envelopes: Sequence[bytes]) -> None:
        """Hand envelopes to the broker in order; what is lost with the session is sent again by the sender."""
        client = self._client
        if client is None:
            return
        where = topic(self._gateway, "batch")
        try:
            async with asyncio.TaskGroup() as tasks:
                for envelope in envelopes:
                    tasks.create_task(client.publish(where, envelope, qos=1), name="publish")
        except* aiomqtt.MqttError as errors:
            _log.debug("publishing: %s", errors.exceptions[0])

    async def run(self) -> None:
        """Hold a session until cancelled; warns once when it is lost, and says once that it is back."""
        wait_s, lost = FIRST_WAIT_S, False
        where = f"hub {self._hub.host}:{self._hub.port}"
        self._turned()
        while True:
            try:
                async with self._session() as client:
                    await self._greet(client)
                    _log.info("%s: connected", where)
                    wait_s, lost = FIRST_WAIT_S, False
                    await self._listen(client)
            except aiomqtt.MqttError as error:
                if not lost:
                    _log.warning("%s: %s", where, error)
                lost, self.fault = True, str(error)
            finally:
                if self._client is not None:
                    self._client = None
                    self._turned()
            await asyncio.sleep(wait_s * (1 + secrets.randbelow(256) / 1024))
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)

    async def say_offline(self) -> None:
        """Tell the hub that this is a farewell, not an accident."""
        await self._say(offline=True)

    async def say_status(self) -> None:
        """Tell the hub how the gateway is; it answers with an acknowledgement."""
        await self._say(offline=False)

    async def _say(self, *, offline: bool) -> None:
        client = self._client
        if client is None:
            return
        status = self._callbacks.status()
        payload = msgspec.structs.replace(status, online=not offline)
        try:
            await client.publish(topic(self._gateway, "status"), _encode(payload), qos=1, retain=True)
        except aiomqtt.MqttError as error:
            _log.debug("status: %s", error)

    def _session(self) -> aiomqtt.Client:
        hub = self._hub
        return aiomqtt.Client(
            hub.host,
            hub.port,
            identifier=f"{self._gateway}-{secrets.token_hex(4)}",  # a clone must not throw us off the broker
            username=hub.username or None,
            password=self._password,
            will=aiomqtt.Will(topic(self._gateway, "status"), _encode(Status(online=False)), qos=1, retain=True),
            tls_context=self._tls,
            keepalive=KEEPALIVE_S,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )

    async def _greet(self, client: aiomqtt.Client) -> None:
        client.pending_calls_threshold = 64
        await client.subscribe([(topic(self._gateway, channel), 1) for channel in ("ack", "config")])
        self._callbacks.connected()
        self._client = client
        self.fault = ""
        self._turned()
        await self.say_status()

    def _turned(self) -> None:
        self.since_s = asyncio.get_running_loop().time()

    async def _listen(self, client: aiomqtt.Client) -> None:
        calls = {
            topic(self._gateway, "ack"): self._acknowledged,
            topic(self._gateway, "config"): self._callbacks.configured,
        }
        async for arrival in client.messages:
            call = calls.get(arrival.topic.value)  # brokers have been seen to deliver what was not subscribed to
            if call is not None and isinstance(arrival.payload, bytes):
                call(arrival.payload)

    def _acknowledged(self, payload: bytes) -> None:
        try:
            ack = _read_ack(payload)
        except msgspec.MsgspecError as error:
            _log.warning("acknowledgement unreadable: %s", error)
            return
        self._callbacks.acknowledged(ack)


def _trusting(ca_file: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(ca_file))
    except (OSError, ssl.SSLError) as error:
        raise UplinkError(f"{ca_file}: no certificate authority in PEM: {error}") from error


def _password(variable: str) -> str | None:
    """Return what an environment variable holds, None when no variable is named."""
    if variable and variable not in os.environ:
        raise UplinkError(f"[hub] password_env: the environment has no variable {variable!r}")
    return os.environ[variable] if variable else None
