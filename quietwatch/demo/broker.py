"""The demo's broker: amqtt on loopback, a process of its own. Mosquitto takes its place in the field."""

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

from amqtt.broker import Broker


class Subscriptions(dict[str, Any]):
    """Subscriptions that others may come to while somebody goes through them.

    amqtt 0.12 goes through them with pauses and falls over what changes meanwhile: whoever connects in the same moment
    as another then waits in vain.
    """

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(super().__iter__()))

    def items(self) -> Any:
        """Return the pairs that there are now."""
        return tuple(super().items())


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
    broker._subscriptions = Subscriptions()  # noqa: SLF001  # there is no other way to it
    await broker.start()
    print(f"broker ready 127.0.0.1:{port}", flush=True)  # noqa: T201  # the line that its supervisor waits for
    try:
        await asyncio.Event().wait()
    finally:
        await broker.shutdown()
