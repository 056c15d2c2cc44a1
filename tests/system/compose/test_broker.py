"""The broker of docker/ in a real Mosquitto: TLS, passwords, and a gateway confined to its own topics."""

import asyncio
from typing import Any

import aiomqtt
import pytest

from wire.topics import subscription, topic

pytestmark = pytest.mark.system


def test_a_batch_reaches_the_hub_and_its_acknowledgement_the_gateway(composed: Any) -> None:
    """Both directions of a gateway's own topics."""

    async def exchange() -> tuple[bytes, bytes]:
        async with composed.client("hub") as hub, composed.client("gw-labs") as gateway:
            await hub.subscribe(subscription("batch"), 1)
            await gateway.subscribe(topic("gw-labs", "ack"), 1)
            await gateway.publish(topic("gw-labs", "batch"), b"envelope", 1)
            batch = await asyncio.wait_for(anext(hub.messages), 5)
            await hub.publish(topic("gw-labs", "ack"), b"ack", 1)
            ack = await asyncio.wait_for(anext(gateway.messages), 5)
        return batch.payload, ack.payload

    assert asyncio.run(exchange()) == (b"envelope", b"ack")


def test_a_gateway_cannot_speak_for_another(composed: Any) -> None:
    """What it publishes under another's id, or as the hub, reaches nobody; its own topic still works after it."""

    async def exchange() -> bytes:
        async with composed.client("hub") as hub, composed.client("gw-labs") as gateway:
            await hub.subscribe(subscription("batch"), 1)
            await hub.subscribe(subscription("status"), 1)
            await gateway.publish(topic("gw-east", "batch"), b"forged", 1)
            await gateway.publish(topic("gw-labs", "ack"), b"forged", 1)
            await gateway.publish(topic("gw-labs", "status"), b"mine", 1)
            return (await asyncio.wait_for(anext(hub.messages), 5)).payload

    assert asyncio.run(exchange()) == b"mine"


def test_a_gateway_cannot_read_what_others_send(composed: Any) -> None:
    """A subscription to everything gets its own acknowledgements only."""

    async def exchange() -> bytes:
        async with composed.client("hub") as hub, composed.client("gw-labs") as gateway:
            await gateway.subscribe("#", 1)
            await hub.publish(topic("gw-east", "ack"), b"another's", 1)
            await hub.publish(topic("gw-labs", "ack"), b"mine", 1)
            return (await asyncio.wait_for(anext(gateway.messages), 5)).payload

    assert asyncio.run(exchange()) == b"mine"


def test_a_wrong_password_is_turned_away(composed: Any) -> None:
    """Nobody is anonymous."""

    async def enter() -> None:
        async with composed.client("gw-labs", "guessed"):
            pass

    with pytest.raises(aiomqtt.MqttError):
        asyncio.run(enter())


def test_plain_mqtt_is_turned_away(composed: Any) -> None:
    """The listener speaks TLS only."""

    async def enter() -> None:
        async with aiomqtt.Client("localhost", composed.port, timeout=2):
            pass

    with pytest.raises(aiomqtt.MqttError):
        asyncio.run(enter())
