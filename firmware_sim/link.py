"""A vehicle's link: its feed over MQTT, for ever, however often the broker goes away."""

import asyncio
import contextlib
import socket
from typing import Final

import aiomqtt

from firmware_sim.instruments.vehicle import acknowledged, topic
from firmware_sim.play import Vehicle

_ANSWER_S: Final = 3.0  # real seconds in which a living broker answers
_RECONNECT_S: Final = 0.5
_LOOK_AGAIN_S: Final = 0.25
_NO_DELAY: Final = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),)


async def carry(broker: tuple[str, int], car: Vehicle) -> None:
    """Bring a vehicle's feed to the broker until cancelled."""
    name = car.device.station
    while True:
        with contextlib.suppress(aiomqtt.MqttError):
            async with aiomqtt.Client(
                *broker, identifier=f"vehicle-{name}", timeout=_ANSWER_S, socket_options=_NO_DELAY
            ) as client:
                await client.subscribe(f"{topic(name)}/ack", qos=1)
                await _exchange(client, car)
        car.feed.lost_link()
        await asyncio.sleep(_RECONNECT_S)


async def _exchange(client: aiomqtt.Client, car: Vehicle) -> None:
    """Publish and take acknowledgements until one of the two ends.

    Raises:
        aiomqtt.MqttError: the link broke.
    """
    tasks = [
        asyncio.create_task(_publish(client, car), name=f"{car.device.station} air"),
        asyncio.create_task(_listen(client, car), name=f"{car.device.station} acknowledgements"),
    ]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def _publish(client: aiomqtt.Client, car: Vehicle) -> None:
    while True:
        car.woken.clear()
        for octets in car.feed.due(asyncio.get_running_loop().time()):
            await client.publish(topic(car.device.station), octets, qos=1)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(car.woken.wait(), _LOOK_AGAIN_S)


async def _listen(client: aiomqtt.Client, car: Vehicle) -> None:
    # A broker may send more than was asked for.
    expected = f"{topic(car.device.station)}/ack"
    async for heard in client.messages:
        sn = acknowledged(heard.payload) if isinstance(heard.payload, bytes) else None
        if sn is not None and str(heard.topic) == expected:
            car.feed.acknowledge(sn)
            car.woken.set()
