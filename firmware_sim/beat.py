"""The beat of devices that send by themselves: each on its own grid of field time."""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wire.clock import Clock


@dataclass(frozen=True)
class Sender:
    """A device that sends by itself.

    Attributes:
        interval_ms, phase_ms: its slots are the times t with t mod interval = phase.
        send: called with each slot.
        catches_up: whether it also serves slots that have passed, as a device that stores what it measured.
    """

    interval_ms: int
    phase_ms: int
    send: Callable[[int], None]
    catches_up: bool = False

    def slot_after(self, time_ms: int) -> int:
        """Return the first slot after a time."""
        return time_ms - (time_ms - self.phase_ms) % self.interval_ms + self.interval_ms

    def next_slot(self, slot_ms: int, now_ms: int) -> int:
        """Return the slot to serve after this one, at a time at or after it."""
        return self.slot_after(slot_ms if self.catches_up else max(slot_ms, now_ms))


async def beat(senders: Sequence[Sender], clock: Clock, until_ms: int) -> None:
    """Call every sender at its slots until field time `until_ms`."""
    queue = [(sender.slot_after(clock.utc_ms()), n) for n, sender in enumerate(senders)]
    heapq.heapify(queue)
    while queue and queue[0][0] < until_ms:
        slot_ms, n = queue[0]
        wait_ms = slot_ms - clock.utc_ms()
        if wait_ms > 0:
            await clock.sleep(wait_ms / 1000)
            continue
        senders[n].send(slot_ms)
        heapq.heapreplace(queue, (senders[n].next_slot(slot_ms, clock.utc_ms()), n))
