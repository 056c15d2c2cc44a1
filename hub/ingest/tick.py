"""The judge's clock: a tick in the journal for each whole minute that has been over for the grace time."""

from collections.abc import Callable

from hub.ingest.intake import Arrival
from hub.model import MINUTE_MS
from wire.clock import Clock


def closing_minute_ms(now_ms: int, grace_ms: int) -> int:
    """Return the start of the newest minute that is over for `grace_ms` at `now_ms`, both UTC milliseconds."""
    return (now_ms - grace_ms) // MINUTE_MS * MINUTE_MS - MINUTE_MS


async def tick(clock: Clock, grace_s: float, last_ms: int, put: Callable[[Arrival], bool]) -> None:
    """Have each minute ticked once its grace is over, until cancelled; after a pause one tick stands for all before it.

    Args:
        clock: field time.
        grace_s: how long a minute stays open after its end, in field seconds.
        last_ms: the newest minute that was ever ticked, 0 for none.
        put: takes the tick to the journal; False when it cannot now.
    """
    grace_ms = round(grace_s * 1000)
    while True:
        now_ms = clock.utc_ms()
        minute_ms = closing_minute_ms(now_ms, grace_ms)
        if minute_ms > last_ms and put(Arrival("tick", minute_ms=minute_ms)):
            last_ms = minute_ms
        await clock.sleep((last_ms + 2 * MINUTE_MS + grace_ms - now_ms) / 1000 if last_ms >= minute_ms else 1.0)
