"""The log: the frames on disk together with what they mean, kept within bounds."""

import errno
from pathlib import Path
from typing import Final, NamedTuple

from edge.errors import OutboxFull
from edge.outbox.holdings import Block
from edge.outbox.replay import block_frame, read_block, replay, snapshot_frame
from edge.outbox.reserve import Reserve
from edge.outbox.segments import SEGMENT_BYTES, Place, Segments, sync_directory

_ROOM_FOR_SEALS: Final = 64 << 10
RESERVE_BYTES: Final = 256 << 10


class Limits(NamedTuple):
    """How much an outbox keeps.

    Attributes:
        bytes: of all segments; acknowledged blocks go first when there is more.
        grace_ms: how long acknowledged blocks stay, by the time of their readings.
        segment_bytes: size at which a segment file is full.
    """

    bytes: int = 1 << 30
    grace_ms: int = 7 * 86_400_000
    segment_bytes: int = SEGMENT_BYTES


class Log:
    """Segments and holdings in step: every change is first written, then held.

    Attributes:
        held: the state; changed only by those who have written the frame that says so.
        dirty: whether something was written that has to be made durable before anybody relies on it.
        damaged: whether the chain cannot be trusted and a new epoch has to begin.
    """

    def __init__(self, directory: Path, limits: Limits, spare: frozenset[int]) -> None:
        """Open the log of a directory.

        Args:
            directory: where the segments are.
            limits: how much to keep.
            spare: numbers of the blocks whose rows the tail still has.
        """
        self._directory = directory
        self._limits = limits
        self._segments = Segments(directory)
        self.held, self.damaged = replay(self._segments, spare)
        self._newest: tuple[int, bytes] = (0, b"")
        if not self._segments.end.offset:
            self._roll()
        self._reserve = Reserve(directory / "reserve", RESERVE_BYTES)
        self.dirty = False
        self._segments.sync()  # a killed process may have left pages that only the kernel holds

    @property
    def size_bytes(self) -> int:
        """Bytes of all segments."""
        return self._segments.total

    @property
    def synced(self) -> Place:
        """All before it survives a power cut."""
        return self._segments.synced

    def sync(self) -> None:
        """Make everything written so far survive a power cut; may run in another thread."""
        self.dirty = False
        self._segments.sync()

    def write(self, frames: bytes, *, lazy: bool = False, vital: bool = True) -> Place:
        """Write frames with one call and return where they begin.

        Args:
            frames: one or more.
            lazy: whether losing them in a power cut does no harm.
            vital: whether handing over what is held, which is what makes room, depends on them.

        Raises:
            OutboxFull: no room, although what the hub has was given up.
        """
        self.dirty = self.dirty or not lazy
        try:
            return self._write(frames)
        except OutboxFull:
            if not (self._drop_released() or (vital and self._reserve.give_up())):
                raise
            return self._write(frames)

    def write_block(self, block: Block, body: bytes, following: bytes = b"") -> None:
        """Write and hold a new block, and with the same call the frames that follow it.

        Raises:
            OutboxFull: no room, although what the hub has was given up.
        """
        frame = block_frame(block, body)
        over = self._segments.total + len(frame) + _ROOM_FOR_SEALS - self._limits.bytes
        if over > 0 and block.kind == "readings" and not self._drop_released(over):
            raise OutboxFull(f"{self._directory}: {errno.ENOSPC}: {self._limits.bytes} bytes are full of unsent blocks")
        place = self.write(frame + following, vital=block.kind == "catalogue")
        block.place, block.length = place, len(frame)
        self.held.add_block(block)
        self._newest = block.number, body

    def read(self, block: Block) -> bytes | None:
        """Return a block's body, None when it is rotten."""
        if block.number == self._newest[0]:
            return self._newest[1]
        body = None if block.rotten else read_block(self._segments, block)
        block.rotten = body is None
        return body

    def trim(self) -> None:
        """Delete the oldest segments whose blocks are acknowledged and older than the grace."""
        horizon_ms = self.held.newest_t0 - self._limits.grace_ms
        while (oldest := self._releasable()) is not None:
            if any(block.t0 > horizon_ms for block in self.held.segment_blocks(oldest)):
                return
            self._drop(oldest)

    def close(self) -> None:
        """Let go of the files."""
        self._segments.close()

    def _write(self, frames: bytes) -> Place:
        if self._segments.end.offset + len(frames) > self._limits.segment_bytes and self._segments.end.offset > 0:
            self._roll()
            self.trim()
        return self._segments.append(frames)

    def _roll(self) -> None:
        self._segments.roll(snapshot_frame(self._segments.last + 1, self.held.snapshot()))

    def _drop_released(self, wanted: int = 1) -> bool:
        """Delete acknowledged segments, oldest first, until `wanted` bytes are free; return whether they are."""
        freed = 0
        while freed < wanted and (oldest := self._releasable()) is not None:
            freed += self._segments.sizes[oldest]
            self._drop(oldest)
        return freed >= wanted

    def _releasable(self) -> int | None:
        oldest = next(iter(self._segments.sizes))
        return oldest if oldest != self._segments.last and self.held.released(oldest) else None

    def _drop(self, segment: int) -> None:
        self._segments.drop(segment)
        sync_directory(self._directory)
        self.held.drop_segment(segment)
