"""The broker of docker/ in a real Mosquitto: TLS, passwords, and a gateway confined to its own topics."""

import asyncio
import importlib.util
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import aiomqtt
import pytest

from wire.topics import subscription, topic

DOCKER = Path(__file__).resolve().parents[2] / "docker"

pytestmark = pytest.mark.system


@dataclass(frozen=True)
class Broker:
    """A running broker and what its users know."""

    port: int
    secrets: Path

    def client(self, user: str, password: str | None = None) -> aiomqtt.Client:
        """Return a session over TLS; the password is the user's own unless another is given."""
        place = {"hub": "hub", "gw-labs": "gateway"}[user]
        own = (self.secrets / place / "env" / "QW_MQTT_PASSWORD").read_text()
        context = ssl.create_default_context(cafile=str(self.secrets / "gateway" / "ca.pem"))
        return aiomqtt.Client(
            "localhost", self.port, username=user, password=password or own, tls_context=context, timeout=5
        )


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Mosquitto with docker/mosquitto.conf and what docker/prepare.py makes; only paths and port are the test's."""
    secrets = tmp_path_factory.mktemp("secrets")
    spec = importlib.util.spec_from_file_location("prepare", DOCKER / "prepare.py")
    assert spec is not None
    assert spec.loader is not None
    prepare = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(prepare)
    prepare.main(secrets)
    for path in (secrets, *secrets.rglob("*")):  # Mosquitto leaves root for a user of its own
        path.chmod(0o755 if path.is_dir() else 0o444)
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = probe.getsockname()[1]
    text = (DOCKER / "mosquitto.conf").read_text().replace("listener 8883", f"listener {port} 127.0.0.1")
    text = text.replace("/run/quietwatch", str(secrets / "broker")).replace("/mosquitto/config", str(DOCKER))
    (secrets / "mosquitto.conf").write_text(text + "user root\n")
    program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    with subprocess.Popen([program, "-c", secrets / "mosquitto.conf"], stderr=subprocess.PIPE, text=True) as process:
        try:
            _wait(port, process)
            yield Broker(port, secrets)
        finally:
            process.terminate()


def _wait(port: int, process: "subprocess.Popen[str]") -> None:
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            continue
        return
    raise AssertionError(process.stderr.read() if process.stderr else "the broker has ended")


def test_a_batch_reaches_the_hub_and_its_acknowledgement_the_gateway(broker: Broker) -> None:
    """Both directions of a gateway's own topics."""

    async def exchange() -> tuple[bytes, bytes]:
        async with broker.client("hub") as hub, broker.client("gw-labs") as gateway:
            await hub.subscribe(subscription("batch"), 1)
            await gateway.subscribe(topic("gw-labs", "ack"), 1)
            await gateway.publish(topic("gw-labs", "batch"), b"envelope", 1)
            batch = await asyncio.wait_for(anext(hub.messages), 5)
            await hub.publish(topic("gw-labs", "ack"), b"ack", 1)
            ack = await asyncio.wait_for(anext(gateway.messages), 5)
        return batch.payload, ack.payload

    assert asyncio.run(exchange()) == (b"envelope", b"ack")


def test_a_gateway_cannot_speak_for_another(broker: Broker) -> None:
    """What it publishes under another's id, or as the hub, reaches nobody; its own topic still works after it."""

    async def exchange() -> bytes:
        async with broker.client("hub") as hub, broker.client("gw-labs") as gateway:
            await hub.subscribe(subscription("batch"), 1)
            await hub.subscribe(subscription("status"), 1)
            await gateway.publish(topic("gw-east", "batch"), b"forged", 1)
            await gateway.publish(topic("gw-labs", "ack"), b"forged", 1)
            await gateway.publish(topic("gw-labs", "status"), b"mine", 1)
            return (await asyncio.wait_for(anext(hub.messages), 5)).payload

    assert asyncio.run(exchange()) == b"mine"


def test_a_gateway_cannot_read_what_others_send(broker: Broker) -> None:
    """A subscription to everything gets its own acknowledgements only."""

    async def exchange() -> bytes:
        async with broker.client("hub") as hub, broker.client("gw-labs") as gateway:
            await gateway.subscribe("#", 1)
            await hub.publish(topic("gw-east", "ack"), b"another's", 1)
            await hub.publish(topic("gw-labs", "ack"), b"mine", 1)
            return (await asyncio.wait_for(anext(gateway.messages), 5)).payload

    assert asyncio.run(exchange()) == b"mine"


def test_a_wrong_password_is_turned_away(broker: Broker) -> None:
    """Nobody is anonymous."""

    async def enter() -> None:
        async with broker.client("gw-labs", "guessed"):
            pass

    with pytest.raises(aiomqtt.MqttError):
        asyncio.run(enter())


def test_plain_mqtt_is_turned_away(broker: Broker) -> None:
    """The listener speaks TLS only."""

    async def enter() -> None:
        async with aiomqtt.Client("localhost", broker.port, timeout=2):
            pass

    with pytest.raises(aiomqtt.MqttError):
        asyncio.run(enter())
