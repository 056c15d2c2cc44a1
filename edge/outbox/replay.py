"""Opening: what the outbox's files say, after whatever ended the last life of the agent.

What is torn off the end was never promised to anybody and is cut. A block whose body is rotten is kept as such, to be
sealed as a void. Anything else that is rotten leaves a chain that cannot be trusted: `damaged`, and a new epoch.
"""

import struct
from collections.abc import Set as AbstractSet
from typing import Final

import msgspec

from edge.outbox.blocks import Block, BlockKind
from edge.outbox.frame import Frame, FrameKind, Scan, encode_frame, scan
from edge.outbox.holdings import Boot, Holdings, Snapshot, Tally
from edge.outbox.seals import Seal, decode_seal
from edge.outbox.segments import Place, Segments

_BLOCK: Final = struct.Struct("<16sqq")
_KINDS: Final[tuple[BlockKind, ...]] = ("readings", "catalogue", "readings")
_THINNED: Final = 2  # the last of the kinds
_UNKNOWN_BOOT: Final = bytes(16)
_LOST_MOST: Final = 10_000  # more than ten segments hold: a number that is itself wrong must not cost more
_encode = msgspec.msgpack.Encoder().encode
_decode_boot = msgspec.msgpack.Decoder(Boot).decode
_decode_snapshot = msgspec.msgpack.Decoder(Snapshot).decode
_decode_tally = msgspec.msgpack.Decoder(Tally).decode


def snapshot_frame(segment: int, snapshot: Snapshot) -> bytes:
    """Return the frame with which a segment begins."""
    return encode_frame(FrameKind.SNAPSHOT, segment, _encode(snapshot))


def block_frame(block: Block, body: bytes) -> bytes:
    """Return the frame of one block."""
    head = _BLOCK.pack(block.boot, block.origin_ms, block.newest_ms)
    detail = _THINNED if block.thinned else _KINDS.index(block.kind)
    return encode_frame(FrameKind.BLOCK, block.number, head + body, detail)


def body_of(frame: Frame) -> bytes:
    """Return the body of a sound block's frame."""
    return (frame.body or b"")[_BLOCK.size :]


def boot_frame(boot: Boot) -> bytes:
    """Return the frame of what is known of one boot."""
    return encode_frame(FrameKind.BOOT, 0, _encode(boot))


def epoch_frame(epoch: int, opening: int) -> bytes:
    """Return the frame that begins a chain with the catalogue block `opening`."""
    return encode_frame(FrameKind.EPOCH, epoch, opening.to_bytes(8, "little"))


def dropped_frame(number: int) -> bytes:
    """Return the frame that stands where a block was dropped."""
    return encode_frame(FrameKind.DROPPED, number)


def tally_frame(tally: Tally) -> bytes:
    """Return the frame of what was dropped and merged until now."""
    return encode_frame(FrameKind.TALLY, 0, _encode(tally))


def covers_frame(segment: int) -> bytes:
    """Return the frame that says that a segment's remains stand here."""
    return encode_frame(FrameKind.COVERS, segment)


def read_block(segments: Segments, block: Block) -> bytes | None:
    """Return a block's body from disk, None when it is rotten there."""
    frames = scan(segments.read(block.place, block.length)).frames
    if not frames or frames[0].body is None or frames[0].number != block.number:
        return None
    return frames[0].body[_BLOCK.size :]


def replay(segments: Segments, spare: AbstractSet[int]) -> tuple[Holdings, bool]:
    """Rebuild the state from all segments, and cut what is torn off the last one.

    Args:
        segments: of which the last is open for writing on return, when there is one.
        spare: numbers of the blocks whose rows the tail still has.

    Returns:
        The state, and whether the chain cannot be trusted.
    """
    reader = _Reader(segments)
    last = _resume(segments, spare)
    for segment in list(segments.sizes):
        if segment <= reader.segment:
            segments.drop(segment)  # its remains had just been put into the one before
            continue
        found = last if segment == segments.last and last is not None else segments.scan(segment)
        reader.damaged = reader.damaged or found.end != segments.sizes[segment]
        reader.read(segment, found)
    reader.finish()
    return reader.holdings, reader.damaged


def _resume(segments: Segments, spare: AbstractSet[int]) -> Scan | None:
    """Open the last segment that holds anything, its torn end cut, and return what it holds."""
    while segments.last:
        found = _heal(segments.scan(segments.last), spare)
        if found.frames:
            segments.resume(found.end)
            return found
        segments.drop(segments.last)  # it was being created
    return None


def _heal(found: Scan, spare: AbstractSet[int]) -> Scan:
    """Cut rotten frames off the end: either nobody was promised them, or the hub will say that it has more."""
    frames = list(found.frames)
    while frames and frames[-1].body is None and (frames[-1].kind != FrameKind.BLOCK or frames[-1].number in spare):
        frames.pop()
    return Scan(frames, frames[-1].end if frames else 0, found.damaged)


def lost_numbers(following: int, number: int) -> range:
    """Return which blocks are lost where block `number` stands and `following` should; what makes no sense ends."""
    return range(max(following, number - _LOST_MOST), number)


def lost_block(number: int, place: Place) -> Block:
    """Return what is left of a block of which nothing is left: it will be sealed as a void."""
    return Block(number, "readings", place, 0, _UNKNOWN_BOOT, 0, 0, rotten=True)


class _Reader:
    """Applies frames in order.

    Attributes:
        holdings: the state so far.
        damaged: whether the chain cannot be trusted.
        segment: the last that was read, or whose remains were.
    """

    def __init__(self, segments: Segments) -> None:
        self.holdings = Holdings(segments)
        self.damaged = False
        self.segment = 0

    def read(self, segment: int, found: Scan) -> None:
        """Apply one segment."""
        follows = self.segment in {0, segment - 1}
        headed = bool(found.frames) and found.frames[0].kind == FrameKind.SNAPSHOT
        self.damaged = self.damaged or found.damaged or not follows or not headed
        covered = segment
        for frame in found.frames:
            if frame.kind == FrameKind.BLOCK:
                self._block(segment, frame)
            elif frame.kind == FrameKind.COVERS:
                covered = max(covered, frame.number)
            elif frame.body is None or not self._apply(frame, frame.body, segment):
                self.damaged = True
        self.segment = covered

    def finish(self) -> None:
        """Bring the parts together."""
        self.holdings.requeue()
        if not self.holdings.catalogue:  # without it nobody can say what the columns mean
            self.holdings.blocks.rot_all()

    def _block(self, segment: int, frame: Frame) -> None:
        holdings = self.holdings
        if holdings.blocks:
            for lost in lost_numbers(holdings.next_number, frame.number):
                holdings.add_block(lost_block(lost, Place(segment, frame.start)))
        boot, origin_ms, newest_ms = _BLOCK.unpack_from(frame.body) if frame.body else (_UNKNOWN_BOOT, 0, 0)
        place, length = Place(segment, frame.start), frame.end - frame.start
        rotten, thinned = frame.body is None, frame.detail == _THINNED
        block = Block(
            frame.number, _KINDS[frame.detail], place, length, boot, origin_ms, newest_ms, rotten, thinned=thinned
        )
        holdings.add_block(block)

    def _apply(self, frame: Frame, body: bytes, segment: int) -> bool:
        """Return whether a frame fits what came before it."""
        holdings = self.holdings
        match frame.kind:
            case FrameKind.SNAPSHOT:
                self._snapshot(_decode_snapshot(body))
            case FrameKind.SEAL:
                return self._seal(decode_seal(body), segment)
            case FrameKind.ACK:
                holdings.acknowledge(min(frame.number, holdings.last_seq))
            case FrameKind.EPOCH:
                holdings.start_epoch(frame.number, int.from_bytes(body, "little"))
            case FrameKind.CUT if holdings.hash_at(frame.number - 1) is not None:
                holdings.cut(frame.number)
            case _:
                return self._learn(frame, body)
        return True

    def _learn(self, frame: Frame, body: bytes) -> bool:
        """Return whether a frame says something beside the chain."""
        holdings = self.holdings
        match frame.kind:
            case FrameKind.BOOT:
                holdings.know_boot(_decode_boot(body))
            case FrameKind.CATALOGUE:
                holdings.catalogue = body
            case FrameKind.DROPPED:
                holdings.next_number = max(holdings.next_number, frame.number + 1)
            case FrameKind.TALLY:
                holdings.count(_decode_tally(body))
            case _:
                return False
        return True

    def _snapshot(self, snapshot: Snapshot) -> None:
        self.holdings.count(snapshot.tally)
        if self.segment == 0:
            self.holdings.restore(snapshot)
        elif self.damaged:
            self.holdings.next_number = max(self.holdings.next_number, snapshot.next_number)
            self.holdings.catalogue = snapshot.catalogue

    def _seal(self, seal: Seal, segment: int) -> bool:
        holdings = self.holdings
        fits = (seal.epoch, seal.seq, seal.previous) == (holdings.epoch, holdings.last_seq + 1, holdings.last_hash)
        if fits:
            holdings.add_seal(seal, segment)
        return fits
