"""The hub at the broker: batches go to the journal's thread, acknowledgements go out once their batch is on disk."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Mapping
from typing import Final

import aiomqtt
import msgspec

from hub.config import MqttTable
from hub.configurations import Configurations, Outstanding
from hub.ingest.accept import Known, Position
from hub.ingest.commit import GroupCommit
from hub.ingest.intake import Arrival, Committed
from hub.ingest.quarantine import Quarantine
from wire.batch import Ack, Status
from wire.clock import Clock
from wire.topics import Address, parse_topic, subscription, topic

FIRST_WAIT_S: Final = 0.2
LONGEST_WAIT_S: Final = 10.0
WAITING: Final = 8192
IN_FLIGHT: Final = 256
# Real seconds between two looks for configurations that gateways have not seen.
CONFIGURE_S: Final = 2.0
EPOCHS_TOLD: Final = 4
_log = logging.getLogger(__name__)
_read_status = msgspec.msgpack.Decoder(Status).decode


class Receiver:
    """One session after another with the broker; belongs to the loop."""

    def __init__(
        self,
        table: MqttTable,
        password: str,
        clock: Clock,
        note_status: Callable[[str, Status, int], None],
        configurations: Configurations,
    ) -> None:
        """Prepare for `run`.

        Args:
            table: the broker.
            password: for it, empty for none.
            clock: tells gateways the time.
            note_status: is told gateway, status and field time (UTC milliseconds) whenever a gateway speaks of itself.
            configurations: what to send to gateways that have not seen it.
        """
        self._configurations = configurations
        self._outstanding = Outstanding(configurations.newest)
        self._statuses: dict[str, Status] = {}
        self._table = table
        self._password = password
        self._clock = clock
        self._note_status = note_status
        self._pending: dict[tuple[str, int], Position] = {}
        self._due = asyncio.Event()

    def acknowledge(self, positions: Mapping[tuple[str, int], Position]) -> None:
        """Have positions told to their gateways; a later one of the same epoch takes the place of an earlier one."""
        if positions:
            self._pending |= positions
            self._due.set()

    async def run(self, commit: GroupCommit) -> None:
        """Receive until cancelled; the broker may come and go."""
        wait_s, lost = FIRST_WAIT_S, False
        while True:
            try:
                async with self._client() as client:
                    _log.info("broker %s:%d: connected", self._table.host, self._table.port)
                    wait_s, lost = FIRST_WAIT_S, False
                    await self._session(client, commit)
            except* aiomqtt.MqttError as errors:
                if not lost:
                    _log.warning("broker %s:%d: %s", self._table.host, self._table.port, errors.exceptions[0])
                lost = True
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)

    def _client(self) -> aiomqtt.Client:
        table = self._table
        return aiomqtt.Client(
            table.host,
            table.port,
            username=table.username or None,
            password=self._password or None,
            tls_context=ssl.create_default_context(cafile=table.ca_file) if table.ca_file else None,
            max_queued_incoming_messages=WAITING,
            max_inflight_messages=IN_FLIGHT,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )

    async def _session(self, client: aiomqtt.Client, commit: GroupCommit) -> None:
        client.pending_calls_threshold = IN_FLIGHT
        for channel in ("batch", "status", "reading"):
            await client.subscribe(subscription(channel), qos=1)
        for gateway, known in commit.known.items():
            self.acknowledge(_told(gateway, known))
        async with asyncio.TaskGroup() as tasks:
            publishing = tasks.create_task(self._publish(client), name="acknowledge")
            configuring = tasks.create_task(self._configure(client), name="configure")
            try:
                async for received in client.messages:
                    address = parse_topic(received.topic.value)
                    if address is not None and isinstance(received.payload, bytes):
                        self._take(address, received.payload, commit)
            finally:
                publishing.cancel()
                configuring.cancel()

    def _take(self, address: Address, payload: bytes, commit: GroupCommit) -> None:
        match address.channel:
            case "batch":
                commit.put(Arrival("batch", address.gateway, payload))
            case "status":
                self._take_status(address.gateway, payload, commit)
            case "reading":
                commit.put(Arrival("reading", address.gateway, payload))

    def _take_status(self, gateway: str, payload: bytes, commit: GroupCommit) -> None:
        if gateway not in commit.keys:
            return
        try:
            status = _read_status(payload)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            _log.warning("gateway %s: status unreadable: %s", gateway, error)
            return
        self._note_status(gateway, status, self._clock.utc_ms())
        if not (status.online and gateway in self._statuses and self._statuses[gateway].online):
            self._outstanding.forget(gateway)
        self._statuses[gateway] = status
        if status.online:
            # Also for an epoch that the hub does not have: the gateway learns where to begin, and what time it is.
            self.acknowledge({(gateway, status.epoch): commit.known.get(gateway, Known()).at(status.epoch)})

    async def _publish(self, client: aiomqtt.Client) -> None:
        while True:
            await self._due.wait()
            self._due.clear()
            pending, self._pending = self._pending, {}
            async with asyncio.TaskGroup() as tasks:
                for (gateway, _), position in pending.items():
                    tasks.create_task(self._tell(client, gateway, position))

    async def _configure(self, client: aiomqtt.Client) -> None:
        """Send gateways the configurations that they have not seen; an operator may issue one at any time."""
        loop = asyncio.get_running_loop()
        while True:
            for gateway, version in self._outstanding.due(self._statuses, loop.time()):
                try:
                    signed = self._configurations.read(gateway, version)
                except OSError as error:
                    _log.error("gateway %s: configuration %d cannot be sent: %s", gateway, version, error)
                    continue
                _log.info("gateway %s: configuration %d goes out", gateway, version)
                await client.publish(topic(gateway, "config"), signed, qos=1)
            await asyncio.sleep(CONFIGURE_S)

    async def _tell(self, client: aiomqtt.Client, gateway: str, at: Position) -> None:
        ack = Ack(at.epoch, at.seq, at.hash, self._clock.utc_ms(), at.refused)
        await client.publish(topic(gateway, "ack"), msgspec.msgpack.encode(ack), qos=1)


def settle(committed: Committed, quarantine: Quarantine) -> None:
    """Keep and log what of a group was not taken as good; in the journal's thread."""
    for rejection, envelope in committed.rejected:
        quarantine.put(rejection, envelope)
        _log.warning("quarantine: %s", rejection)
    for seq, reason in committed.refused:
        _log.warning("refused: batch %d of %s", seq, reason)


def _told(gateway: str, known: Known) -> dict[tuple[str, int], Position]:
    newest = list(known.positions.items())[-EPOCHS_TOLD:]
    return {(gateway, epoch): position for epoch, position in newest}
