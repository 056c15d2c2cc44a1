"""Dating: from a block's monotonic time to UTC, by what is known of its boot."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from edge.outbox.blocks import Block
from edge.outbox.holdings import Boot
from wire.batch import ClockState

LATEST_MS: Final = 253_402_300_799_999  # the end of the year 9999, as `wire.batch.Millis` says


class Date(NamedTuple):
    """When a block's offsets begin, UTC milliseconds, and where that comes from."""

    t0: int
    clock: ClockState


def date(block: Block, boots: Mapping[bytes, Boot], newest: Mapping[bytes, int]) -> Date | None:
    """Return the date of a block, None while it cannot be known.

    A boot that never learned the time ended before the next one began: its newest reading is put at that beginning, and
    the date is marked as estimated.

    Args:
        block: the block.
        boots: in order, by id; the present one last.
        newest: the newest reading of each boot, monotonic.
    """
    boot = boots.get(block.boot)
    if boot is None:
        return None
    if boot.offset_ms is not None:
        return _possible(block.origin_ms + boot.offset_ms, boot.clock)
    offset_ms = _estimate(block.boot, list(boots.values()), newest)
    return None if offset_ms is None else _possible(block.origin_ms + offset_ms, "estimated")


def _possible(t0: int, clock: ClockState) -> Date:
    """Return a date that an envelope can carry: one that cannot be right must not stop what follows it."""
    return Date(t0, clock) if 0 <= t0 <= LATEST_MS else Date(min(max(0, t0), LATEST_MS), "estimated")


def _estimate(boot: bytes, order: list[Boot], newest: Mapping[bytes, int]) -> int | None:
    """Return the offset of a boot that never knew the time, from the first boot after it that did."""
    start = next(i for i, each in enumerate(order) if each.id == boot)
    known = next((i for i in range(start, len(order)) if order[i].offset_ms is not None), None)
    if known is None:
        return None
    begins_ms = order[known].offset_ms or 0
    for earlier in reversed(order[start:known]):
        begins_ms -= newest.get(earlier.id, 0)
    return begins_ms
