"""Whether the hub's broker is reached and the hub knows this gateway: one session, one status, one acknowledgement."""

import asyncio
import contextlib
from dataclasses import dataclass

from edge.config import Config
from edge.uplink import Callbacks, Uplink
from wire.batch import Ack, Status


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a gateway gets.

    Attributes:
        broker: whether the broker took it.
        hub: whether the hub acknowledged it, which it does only for gateways that it knows.
        after_ms: real milliseconds until that.
        fault: why the broker did not, "" when it did.
    """

    broker: bool
    hub: bool
    after_ms: float = 0.0
    fault: str = ""


async def reach_hub(config: Config, version: str, patience_s: float) -> Reached:
    """Return how far this gateway gets within real seconds. The agent must not run: it has this session itself.

    Raises:
        UplinkError: the CA file cannot be used, or the password is not in the environment.
    """
    acknowledged = asyncio.Event()

    def heard(_: Ack) -> None:
        acknowledged.set()

    def nothing() -> None:
        """There is nothing to send."""

    uplink = Uplink(config, Callbacks(lambda: Status(online=True, version=version), nothing, heard))
    loop = asyncio.get_running_loop()
    begun_s = loop.time()
    session = asyncio.create_task(uplink.run(), name="uplink")
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await acknowledged.wait()
        broker, after_ms = uplink.connected, (loop.time() - begun_s) * 1000
        await uplink.say_offline()
    finally:
        session.cancel()
        await asyncio.gather(session, return_exceptions=True)
    return Reached(broker, acknowledged.is_set(), after_ms, uplink.fault)
