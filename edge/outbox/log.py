"""The log: the frames on disk together with what they mean, kept within bounds."""

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from edge.errors import OutboxFull
from edge.outbox.blocks import Block
from edge.outbox.holdings import NO_TALLY
from edge.outbox.relief import Plan, Relief
from edge.outbox.replay import block_frame, lost_block, lost_numbers, read_block, replay, snapshot_frame, tally_frame
from edge.outbox.room import Reserve, allowed_bytes
from edge.outbox.segments import SEGMENT_BYTES, Place, Segments, sync_directory

RESERVE_BYTES: Final = 256 << 10
_SEGMENTS_LEAST: Final = 16  # of a full outbox
_HEAD_SHARE: Final = 16  # what a segment is to its head, at least


class Limits(NamedTuple):
    """How much an outbox keeps.

    Attributes:
        bytes: of all segments; what goes first when there is more says `edge.outbox.relief`.
        grace_ms: how long acknowledged blocks stay, by the time of their readings.
        segment_bytes: size at which a segment file is full, 0 for what suits the catalogue at the head of each.
        seal_bytes: of `bytes`, what is left to the seals of what is held.
    """

    bytes: int = 256 << 20
    grace_ms: int = 7 * 86_400_000
    segment_bytes: int = 0
    seal_bytes: int = 64 << 10


class Log:
    """Segments and holdings in step: every change is first written, then held.

    Attributes:
        held: the state; changed only by those who have written the frame that says so.
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
        self._head = 0
        self._segments = Segments(directory)
        self.held, self.damaged = replay(self._segments, spare)
        self._relief = Relief(self._segments, self.held)
        self._plan: Plan | None = None
        self._relieving = threading.Lock()  # one segment is rewritten at a time
        self._lazy = b""
        self._tallied = NO_TALLY
        self._newest: tuple[int, bytes] = (0, b"")
        if not self._segments.end.offset:
            self._roll()
        self._reserve = Reserve(directory / "reserve", RESERVE_BYTES)
        self._dirty = False
        self._segments.sync()  # a killed process may have left pages that only the kernel holds

    @property
    def size_bytes(self) -> int:
        """Bytes of all segments."""
        return self._segments.total

    @property
    def dirty(self) -> bool:
        """Whether `sync` has something to do: frames to make durable, or room to prepare."""
        return self._dirty or (self._plan is not None and not self._plan.content)

    @property
    def synced(self) -> Place:
        """All before it survives a power cut."""
        return self._segments.synced

    def sync(self) -> None:
        """Make everything written so far survive a power cut, and prepare room; may run in another thread.

        Raises:
            OutboxError: the disk failed.
        """
        if self._dirty:
            self._dirty = False
            self._segments.sync()
        with self._relieving:
            if self._plan is not None and not self._plan.content:
                try:
                    self._relief.build(self._plan)
                except (
                    OutboxFull,
                    FileNotFoundError,
                ):  # when it is needed it is tried again, or it has become needless
                    self._plan = None

    def write(self, frames: bytes, *, vital: bool = True) -> Place:
        """Write frames with one call and return where they begin.

        Args:
            frames: one or more.
            vital: whether handing over what is held, which is what makes room, depends on them.

        Raises:
            OutboxFull: no room, although all that may go was given up.
        """
        self._dirty = True
        while True:
            try:
                return self._write(frames)
            except OutboxFull:
                given_up = self._drop_released() or (vital and self._reserve.give_up())
                if not (given_up or self._make_room(len(frames))):
                    raise

    def write_later(self, frame: bytes) -> None:
        """Write a frame before the next that is written, in the place of the one that waits so: it may be lost."""
        self._lazy = frame

    def write_block(self, block: Block, body: bytes, following: bytes = b"", *, vital: bool = False) -> None:
        """Write and hold a new block, and with the same call the frames that follow it.

        Args:
            block: what to write; its place is filled in.
            body: its body.
            following: more frames.
            vital: whether it goes beyond the bounds if need be.

        Raises:
            OutboxFull: no room, although all that may go was given up.
        """
        frame = block_frame(block, body)
        self._settle()
        if not vital:
            self.make_way(len(frame))
        place = self.write(frame + following, vital=vital)
        for lost in lost_numbers(self.held.next_number, block.number):
            self.held.add_block(lost_block(lost, place))
        self.held.add_block(msgspec.structs.replace(block, place=place, length=len(frame)))
        self._newest = block.number, body
        self._look_ahead()

    def make_way(self, size: int) -> None:
        """See to it that `size` bytes find room.

        Raises:
            OutboxFull: they cannot, although all that may go was given up.
        """
        while (over := self._over(size)) > 0:
            if not self._make_room(over):
                raise OutboxFull(f"{self._directory}: {os.strerror(errno.ENOSPC)}: all is sealed and not acknowledged")

    def refuse(self, readings: int) -> None:
        """Count readings that were not taken."""
        tally = self.held.tally
        self.held.tally = tally._replace(refused=tally.refused + readings)
        self.write(tally_frame(self.held.tally))

    def read(self, block: Block) -> bytes | None:
        """Return a block's body, None when it is rotten."""
        if block.number == self._newest[0]:
            return self._newest[1]
        body = None if block.rotten else read_block(self._segments, block)
        if body is None and not block.rotten:
            self.held.blocks.rot(block.number)
        return body

    def trim(self) -> None:
        """Delete the oldest segments whose blocks are acknowledged and older than the grace."""
        horizon_ms = self.held.newest_t0 - self._limits.grace_ms
        while (oldest := self._releasable()) is not None:
            if any(block.t0 > horizon_ms for block in self.held.blocks.in_segment(oldest)):
                return
            self._drop(oldest)

    def close(self) -> None:
        """Let go of the files."""
        self._segments.close()

    def _over(self, size: int) -> int:
        """Return how many bytes have to go before `size` more may come."""
        used = self._segments.total
        return used + size + self._limits.seal_bytes - allowed_bytes(self._directory, used, self._limits.bytes)

    def _write(self, frames: bytes) -> Place:
        if self._segments.end.offset + len(frames) > self._segment_bytes and self._segments.end.offset > 0:
            self._roll()
            self.trim()
        place = self._segments.append(self._lazy + frames)
        begin = Place(place.segment, place.offset + len(self._lazy))
        self._lazy = b""
        return begin

    @property
    def _segment_bytes(self) -> int:
        """The size at which a segment is full: its head, which says all that the next ones rely on, is a small part."""
        self._head = self._head or len(self._snapshot())
        wanted = self._limits.segment_bytes or max(SEGMENT_BYTES, _HEAD_SHARE * self._head)
        return min(wanted, self._limits.bytes // _SEGMENTS_LEAST)

    def _snapshot(self) -> bytes:
        return snapshot_frame(self._segments.last + 1, self.held.snapshot())

    def _roll(self) -> None:
        head = self._snapshot()
        self._segments.roll(head)
        self._head = len(head)
        self._tallied = self.held.tally

    def _look_ahead(self) -> None:
        """Plan thinning a little before it is needed, for the thread that synchronises; nothing is dropped early."""
        if self._plan is None and self._over(2 * self._segment_bytes) > 0 and self._releasable() is None:
            self._plan = self._relief.plan_thinning()

    def _settle(self) -> None:
        """Put in place what was prepared."""
        plan = self._plan
        if plan is not None and plan.content:
            self._plan = None
            self._commit(plan)

    def _commit(self, plan: Plan) -> bool:
        self._newest = (0, b"")
        return self._relief.commit(plan)

    def _make_room(self, wanted: int) -> bool:
        """Free `wanted` bytes, or a segment's worth on the way to that; return whether anything was freed."""
        if self._drop_released(wanted):
            return True
        with self._relieving:
            prepared, self._plan = self._plan, None
            if prepared is not None and prepared.content and self._commit(prepared):
                return True
            plan = self._relief.plan(wanted) or self._last_plan(wanted)
            if plan is None:
                return False
            self._insist(lambda: self._relief.build(plan))
            return self._commit(plan)

    def _insist(self, write: Callable[[], object]) -> None:
        """Write what makes room, with the bytes kept back if need be."""
        try:
            write()
        except OutboxFull:
            if not self._reserve.give_up():
                raise
            write()

    def _last_plan(self, wanted: int) -> Plan | None:
        """Return what to do with what was the last segment until now."""
        if not self._relief.has_in(self._segments.last):
            return None
        self._roll()
        return self._relief.plan(wanted)

    def _drop_released(self, wanted: int = 1) -> bool:
        """Delete acknowledged segments, oldest first, until `wanted` bytes are free; return whether any was."""
        freed = 0
        while freed < wanted and (oldest := self._releasable()) is not None:
            freed += self._segments.sizes[oldest]
            self._drop(oldest)
        return freed > 0

    def _releasable(self) -> int | None:
        oldest = next(iter(self._segments.sizes))
        return oldest if oldest != self._segments.last and self.held.released(oldest) else None

    def _drop(self, segment: int) -> None:
        if self._tallied != self.held.tally:  # no other segment may know what this one counts
            tally = tally_frame(self.held.tally)
            self._insist(lambda: self._segments.append(tally))
            self._segments.sync()
            self._tallied = self.held.tally
        self._segments.drop(segment)
        sync_directory(self._directory)
        self.held.drop_segment(segment)
