"""Relief: how a full outbox makes room, one segment at a time.

    1  segments of which the hub has everything go                     (`edge.outbox.log`)
    2  blocks that were never sealed are thinned to minute means       oldest segment first
    3  blocks that wait to be sealed are dropped                       oldest first

What is sealed and not acknowledged stays. A segment is rewritten beside itself, made durable and put in its own place
with one rename, tally included: whatever ends the agent, there is the old one or the new one, never both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

import msgspec

from edge.errors import OutboxError
from edge.outbox.blocks import Block
from edge.outbox.frame import Frame, FrameKind, scan
from edge.outbox.holdings import NO_TALLY, Holdings, Tally
from edge.outbox.replay import block_frame, body_of, covers_frame, dropped_frame, tally_frame
from edge.outbox.segments import Place, Segments
from edge.outbox.thinning import averagings, thin
from wire.batch import read_catalogue, read_packed, read_readings
from wire.columns import MERGED
from wire.errors import UnusablePayload
from wire.properties import Averaging

_LEAST_SHARE: Final = 4  # of a segment goes at once, lest it be rewritten for every block


@dataclass(slots=True)
class Plan:
    """What to do with one segment.

    Attributes:
        segment: whose blocks they are.
        into: the segment to replace: itself, or the one before when nothing is left of it but remains.
        drop: whether the blocks go, or are thinned.
        chosen: the blocks to thin or to drop, by number.
        offsets: UTC minus monotonic milliseconds of their boots, 0 where it is not known.
        averaging: of each datastream.
        before: the tally at the time.
        content: the new segment, empty until it is built.
        moved: of the blocks that the new segment has: where, how long, and whether thinned.
        done: the chosen blocks that were thinned or dropped; the others turned out to be rotten.
        after: the tally with what the new segment lacks.
    """

    segment: int
    into: int
    drop: bool
    chosen: Mapping[int, Block]
    offsets: Mapping[bytes, int]
    averaging: Mapping[int, Averaging]
    before: Tally
    content: bytes = b""
    moved: dict[int, tuple[int, int, bool]] = field(default_factory=dict)
    done: set[int] = field(default_factory=set)
    after: Tally = NO_TALLY


class Relief:
    """Thins and drops what waits in the segments before the last."""

    def __init__(self, segments: Segments, held: Holdings) -> None:
        self._segments = segments
        self._held = held

    def plan_thinning(self) -> Plan | None:
        """Return what to thin next, None when nothing is left to be thinned."""
        found = self._first(thin_only=True)
        return self._planned(*found, drop=False) if found else None

    def plan(self, wanted: int) -> Plan | None:
        """Return what to do next, None when nothing is left that may go.

        Args:
            wanted: bytes that are needed.
        """
        if plan := self.plan_thinning():
            return plan
        if found := self._first(thin_only=False):
            segment, blocks = found
            wanted = max(wanted, self._segments.sizes[segment] // _LEAST_SHARE)
            some, freed = [], 0
            for block in blocks:
                if freed < wanted:
                    some.append(block)
                    freed += block.length
            return self._planned(segment, some, drop=True)
        return None

    def build(self, plan: Plan) -> None:
        """Make the new segment and write it beside the old one; touches nothing else, in another thread if need be.

        Raises:
            OutboxFull: no room for it.
        """
        parts: list[bytes] = []
        at = dropped = thinned = 0
        found = scan(old := self._segments.content(plan.segment)).frames
        for frame in found:
            part = old[frame.start : frame.end]
            if frame.kind == FrameKind.BLOCK:
                block = plan.chosen.get(frame.number)
                chosen = block is not None and frame.body is not None and block.place.offset == frame.start
                if chosen and block is not None:
                    part, merged, gone = self._changed(plan, block, frame)
                    thinned, dropped = thinned + merged, dropped + gone
                    plan.done.add(frame.number)
                if not (chosen and plan.drop):
                    plan.moved[frame.number] = at, len(part), chosen or frame.detail > 1
            parts.append(part)
            at += len(part)
        plan.after = plan.before._replace(dropped=plan.before.dropped + dropped, thinned=plan.before.thinned + thinned)
        before = [number for number in list(self._segments.sizes) if number < plan.segment]
        if not plan.moved and before:
            plan.into = before[-1]
            remains = self._remains(found, old)
            parts = [self._segments.content(plan.into), *remains, dropped_frame(max(plan.chosen))]
            parts.append(covers_frame(plan.segment))
        content = b"".join((*parts, tally_frame(plan.after)))
        self._segments.prepare(plan.into, content)
        plan.content = content

    @staticmethod
    def _remains(frames: Sequence[Frame], old: bytes) -> list[bytes]:
        """Return the frames of a segment without blocks that still say something."""
        gone = (FrameKind.SNAPSHOT, FrameKind.BLOCK, FrameKind.DROPPED, FrameKind.TALLY)
        return [old[frame.start : frame.end] for frame in frames if frame.kind not in gone]

    def commit(self, plan: Plan) -> bool:
        """Put the new segment in its place; return False when what it was made of has changed since."""
        held = self._held
        there = {plan.segment, plan.into} <= self._segments.sizes.keys() and held.tally == plan.before
        same = all(held.blocks.get(number) == block for number, block in plan.chosen.items())
        if not (there and same and set(held.waiting).issuperset(plan.chosen)):
            self._segments.forget(plan.into)
            return False
        self._segments.replace(plan.into, len(plan.content))
        if plan.into != plan.segment:
            self._segments.drop(plan.segment)
            held.seals.move(plan.segment, plan.into)
        held.tally = plan.after
        for number in plan.chosen:
            if number not in plan.done:
                held.blocks.rot(number)  # to be sealed as a void; chosen again and again, it would never make room
            elif plan.drop:
                held.drop_block(number)
        for number, (offset, length, thinned) in plan.moved.items():
            block = held.blocks.get(number)
            if block is not None and block.place.segment == plan.segment:
                place = Place(plan.segment, offset)
                held.blocks.put(msgspec.structs.replace(block, place=place, length=length, thinned=thinned))
        return True

    def has_in(self, segment: int) -> bool:
        """Return whether a segment has blocks that may go."""
        held = self._held
        waiting = (held.blocks[number] for number in islice(held.waiting, 1, None))
        return any(each.place.segment == segment and each.kind == "readings" and not each.rotten for each in waiting)

    def _first(self, *, thin_only: bool) -> tuple[int, list[Block]] | None:
        """Return the first segment before the last with blocks that may go, and them; the next to be sealed stays."""
        held, last = self._held, self._segments.last
        found: dict[int, list[Block]] = {}
        for number in islice(held.waiting, 1, None):
            block = held.blocks[number]
            if block.kind != "readings" or block.rotten or block.place.segment == last:
                continue
            if not thin_only or not (block.thinned or block.t0):
                found.setdefault(block.place.segment, []).append(block)
        if not found:
            return None
        segment = min(found)
        return segment, found[segment]

    def _planned(self, segment: int, blocks: list[Block], *, drop: bool) -> Plan:
        held = self._held
        offsets = {boot.id: boot.offset_ms or 0 for boot in held.boots.values()}
        averaging = averagings(read_catalogue(held.catalogue)) if held.catalogue else {}
        return Plan(segment, segment, drop, {block.number: block for block in blocks}, offsets, averaging, held.tally)

    @staticmethod
    def _changed(plan: Plan, block: Block, frame: Frame) -> tuple[bytes, int, int]:
        """Return what stands in the place of a chosen block, and how many readings were merged and dropped for it."""
        body = body_of(frame)
        if plan.drop:
            return dropped_frame(block.number), 0, stands_for(body)
        try:
            thinned = thin(body, plan.averaging, plan.offsets.get(block.boot, 0))
        except UnusablePayload as error:
            raise OutboxError(f"outbox: block {block.number}: {error}") from error
        marked = msgspec.structs.replace(block, thinned=True)
        return block_frame(marked, thinned.body), thinned.merged, 0


def stands_for(body: bytes) -> int:
    """Return how many readings of instruments a block stands for: those that were merged into its rows, too."""
    block = read_packed(body)
    if not block.layout & MERGED:
        return block.count
    return sum(memoryview(read_readings(body).columns.merged).cast("H"))
