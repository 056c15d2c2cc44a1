"""The demo's broker: amqtt on loopback, a process of its own. Mosquitto takes its place in the field."""

import asyncio
import logging

from amqtt.broker import Broker


async def run(port: int) -> None:
    """Serve MQTT 3.1.1 on a loopback port without passwords, until cancelled.

    Args:
        port: on 127.0.0.1 only; nothing here may listen beyond it.
    """
    logging.getLogger("transitions").setLevel(logging.WARNING)
    logging.getLogger("amqtt").setLevel(logging.ERROR)
    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )
    await broker.start()
    print(f"broker ready 127.0.0.1:{port}", flush=True)  # noqa: T201  # the line that its supervisor waits for
    try:
        await asyncio.Event().wait()
    finally:
        await broker.shutdown()
