"""The seals of the present epoch: in memory while the hub may still acknowledge them, on disk alone behind that.

A hub that came back from a backup goes back over them in order: they are read a segment at a time.
"""

from bisect import bisect_right
from operator import itemgetter
from typing import Final

import msgspec

from edge.outbox.frame import FrameKind, encode_frame, scan
from edge.outbox.segments import Place, Segments
from wire.batch import ClockState, Kind

_NOTHING: Final[dict[int, bytes | None]] = {}
_encode = msgspec.msgpack.Encoder().encode


class Seal(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How a block was numbered, chained, dated and signed; the envelope can be made again from it and the block.

    Attributes:
        block: the block's number.
        hash: SHA-256 of the whole envelope, its signature included.
    The others are those of `wire.batch.Payload`.
    """

    epoch: int
    seq: int
    oldest: int
    previous: bytes
    kind: Kind
    t0: int
    clock: ClockState
    block: int
    hash: bytes


decode_seal = msgspec.msgpack.Decoder(Seal).decode


def seal_frame(seal: Seal) -> bytes:
    """Return the frame of one seal."""
    return encode_frame(FrameKind.SEAL, seal.seq, _encode(seal))


class Seals:
    """Seals by seq.

    Attributes:
        epoch: of which they are.
        last: the newest seq, zero before the first.
    """

    def __init__(self, segments: Segments) -> None:
        self._segments = segments
        self._recent: dict[int, Seal] = {}
        self._begins: list[tuple[int, int]] = []  # from which seq on they stand in which segment
        self._read: tuple[tuple[int, int], dict[int, bytes | None]] = ((0, 0), _NOTHING)  # segment, its size; bodies
        self.epoch = self.last = 0

    def begin(self, epoch: int) -> None:
        """Forget all: a new epoch begins, or one is taken up."""
        self.epoch, self.last = epoch, 0
        self._recent = {}
        self._begins = []
        self._read = ((0, 0), _NOTHING)

    def add(self, seal: Seal, segment: int) -> None:
        """Take up the next seal, which stands in a segment."""
        self.last = seal.seq
        self._recent[seal.seq] = seal
        if not self._begins or self._begins[-1][1] != segment:
            self._begins.append((seal.seq, segment))

    def get(self, seq: int) -> Seal | None:
        """Return a seal, None when it is not held or the disk no longer gives it."""
        if seq in self._recent or seq > self.last:
            return self._recent.get(seq)
        at = bisect_right(self._begins, seq, key=itemgetter(0)) - 1
        body = self._stand_in(self._begins[at][1]).get(seq) if at >= 0 else None
        seal = None if body is None else decode_seal(body)
        return seal if seal is not None and seal.epoch == self.epoch else None

    def leave(self, seq: int) -> None:
        """Leave those before `seq` to the disk."""
        while self._recent and (oldest := next(iter(self._recent))) < seq:
            del self._recent[oldest]

    def cut(self, seq: int) -> None:
        """Forget those from `seq` on."""
        self.last = seq - 1
        self._recent = {each: seal for each, seal in self._recent.items() if each < seq}
        self._begins = [begin for begin in self._begins if begin[0] < seq]

    def move(self, segment: int, into: int | None) -> None:
        """Note that a segment was put into another, or is gone (None)."""
        moved = [(seq, into if each == segment else each) for seq, each in self._begins]
        self._begins = [(seq, each) for seq, each in moved if each is not None]

    def _stand_in(self, segment: int) -> dict[int, bytes | None]:
        """Return the newest seal's body of each seq that stands in a segment, None for a rotten one."""
        state = segment, self._segments.sizes.get(segment, 0)
        if self._read[0] != state:
            frames = scan(self._segments.read(Place(segment, 0), state[1])).frames
            bodies = {each.number: each.body for each in frames if each.kind == FrameKind.SEAL}
            self._read = state, bodies
        return self._read[1]
