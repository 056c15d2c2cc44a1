"""What an outbox holds: blocks, seals, boots and the catalogue; rebuilt from the log's frames at every opening."""

from collections import deque
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

import msgspec

from edge.outbox.segments import Place
from wire.batch import NO_HASH, ClockState, Kind

BlockKind = Literal["readings", "catalogue"]


class Tally(NamedTuple):
    """Readings that no longer are what instruments gave, since the outbox was made.

    Attributes:
        dropped: given up with the block that held them.
        thinned: merged into a minute mean.
        refused: not taken, because there was no room and nothing to give up.
    """

    dropped: int = 0
    thinned: int = 0
    refused: int = 0


NO_TALLY: Final = Tally()


class Block(msgspec.Struct, gc=False):
    """One block where it stands.

    Attributes:
        number: its number in the outbox.
        kind: what its body is.
        place, length: of its body's frame in the log.
        boot, origin_ms, newest_ms: the boot in which it was taken and when its readings begin and end, monotonic.
        rotten: whether its bytes no longer pass their checksum.
        t0, clock: how it was dated when it was first sealed; zero before.
        thinned: whether it has been thinned, or cannot be.
    """

    number: int
    kind: BlockKind
    place: Place
    length: int
    boot: bytes
    origin_ms: int
    newest_ms: int
    rotten: bool = False
    t0: int = 0
    clock: ClockState = "estimated"
    thinned: bool = False


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


class Boot(msgspec.Struct, array_like=True):
    """One boot of the gateway.

    Attributes:
        id: 16 bytes.
        offset_ms: UTC minus monotonic milliseconds, None while nobody has told the time.
        clock: who told it.
    """

    id: bytes
    offset_ms: int | None = None
    clock: ClockState = "estimated"


class Snapshot(msgspec.Struct, frozen=True, array_like=True):
    """What must outlive the deletion of older segments; the attributes are those of `Holdings`."""

    epoch: int
    opening: int
    last_seq: int
    last_hash: bytes
    acked: int
    next_number: int
    boots: tuple[Boot, ...]
    catalogue: bytes
    tally: Tally = NO_TALLY


class Holdings:
    """The state of an outbox in memory.

    Attributes:
        epoch: its present life, 0 before the first.
        opening: number of the catalogue block that the epoch starts with; older catalogues are not sent in it.
        last_seq, last_hash: the newest seal of the epoch, its base before the first.
        acked: the last seq that the hub has acknowledged.
        next_number: of the next block.
        boots: in order, the present one last.
        newest: the newest reading of each boot, monotonic milliseconds.
        newest_t0: the newest date of a sealed block.
        catalogue: body of the newest catalogue block.
        blocks: by number, in the order of numbers.
        seals: by seq, those of this epoch whose block is held.
        waiting: numbers of the blocks that this epoch has not sealed, in the order of sealing.
        oldest: the lowest seq from which on every seal is held; the next one when none is.
        tally: readings dropped and merged.
    """

    def __init__(self) -> None:
        self.epoch = 0
        self.opening = 0
        self.last_seq = 0
        self.last_hash = NO_HASH
        self.acked = 0
        self.next_number = 1
        self.boots: dict[bytes, Boot] = {}
        self.newest: dict[bytes, int] = {}
        self.newest_t0 = 0
        self.catalogue = b""
        self.blocks: dict[int, Block] = {}
        self.seals: dict[int, Seal] = {}
        self.waiting: deque[int] = deque()
        self.oldest = 1
        self.tally = NO_TALLY

    def snapshot(self) -> Snapshot:
        """Return what the next segment begins with."""
        held = {block.boot for block in self.blocks.values()}
        boots = tuple(boot for boot in self.boots.values() if boot.id in held or boot is self._newest_boot())
        return Snapshot(
            self.epoch,
            self.opening,
            self.last_seq,
            self.last_hash,
            self.acked,
            self.next_number,
            boots,
            self.catalogue,
            self.tally,
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Take over what a segment begins with."""
        self.epoch, self.opening = snapshot.epoch, snapshot.opening
        self.last_seq, self.last_hash = snapshot.last_seq, snapshot.last_hash
        self.acked = snapshot.acked
        self.oldest = snapshot.last_seq + 1
        self.next_number = max(self.next_number, snapshot.next_number)
        for boot in snapshot.boots:
            self.know_boot(boot)
        self.catalogue = snapshot.catalogue or self.catalogue

    def add_block(self, block: Block) -> None:
        """Hold a new block, to be sealed after all others; or one anew whose bytes were rotten."""
        anew = block.number in self.blocks
        self.blocks[block.number] = block
        self.next_number = max(self.next_number, block.number + 1)
        if block.boot not in self.boots and not block.rotten:
            self.boots[block.boot] = Boot(block.boot)
        self.newest[block.boot] = max(self.newest.get(block.boot, 0), block.newest_ms)
        if not anew:
            self.waiting.append(block.number)

    def add_seal(self, seal: Seal) -> None:
        """Take a block from the waiting ones into the chain."""
        self.seals[seal.seq] = seal
        self.last_seq, self.last_hash = seal.seq, seal.hash
        if self.waiting and self.waiting[0] == seal.block:
            self.waiting.popleft()
        block = self.blocks.get(seal.block)
        if block is not None and seal.kind != "void":
            block.t0, block.clock = seal.t0, seal.clock
            self.newest_t0 = max(self.newest_t0, seal.t0)

    def know_boot(self, boot: Boot) -> None:
        """Learn that this boot is the present one, or how its monotonic time relates to UTC."""
        self.boots.pop(boot.id, None)
        self.boots[boot.id] = boot

    def start_epoch(self, epoch: int, opening: int) -> None:
        """Begin a new chain: every held block waits again, behind the catalogue block `opening`."""
        self.epoch, self.opening = epoch, opening
        self.last_seq = self.acked = 0
        self.seals = {}
        self.oldest = 1
        self.requeue()

    def cut(self, seq: int) -> None:
        """Forget the seals from `seq` on; their blocks wait again."""
        previous = self.hash_at(seq - 1)
        if previous is None:
            raise KeyError(seq)
        for gone in range(seq, self.last_seq + 1):
            self.seals.pop(gone, None)
        self.last_seq, self.last_hash = seq - 1, previous
        self.acked = min(self.acked, seq - 1)
        self.oldest = min(self.oldest, seq)
        self.requeue()

    def count(self, tally: Tally) -> None:
        """Take over a tally: what it counts only ever grows."""
        self.tally = Tally(*map(max, self.tally, tally))

    def drop_block(self, number: int) -> None:
        """Forget a block that waits."""
        self.waiting.remove(number)
        del self.blocks[number]

    def requeue(self) -> None:
        """Put every block that has no seal in this epoch among the waiting ones, in order."""
        sealed = {seal.block for seal in self.seals.values()}
        numbers = [
            block.number
            for block in self.blocks.values()
            if block.number not in sealed and not self._passed_over(block)
        ]
        self.waiting = deque(sorted(numbers, key=lambda number: (number != self.opening, number)))

    def hash_at(self, seq: int) -> bytes | None:
        """Return the hash of the envelope at `seq` of this epoch, None when it is no longer known."""
        if seq == self.last_seq:
            return self.last_hash
        if seq in self.seals:
            return self.seals[seq].hash
        following = self.seals.get(seq + 1)
        return None if following is None else following.previous

    def drop_segment(self, segment: int) -> None:
        """Forget the blocks of a deleted segment and their seals."""
        gone = {block.number for block in self.segment_blocks(segment)}
        self.blocks = {number: block for number, block in self.blocks.items() if number not in gone}
        self.forget_seals()

    def forget_seals(self) -> None:
        """Forget the seals whose block is no longer held."""
        self.seals = {seq: seal for seq, seal in self.seals.items() if seal.block in self.blocks}
        self.oldest = self.last_seq + 1
        while self.oldest - 1 in self.seals:
            self.oldest -= 1

    def segment_blocks(self, segment: int) -> Iterator[Block]:
        """Yield the blocks of one segment."""
        return (block for block in self.blocks.values() if block.place.segment == segment)

    def released(self, segment: int) -> bool:
        """Return whether the hub has acknowledged every block of a segment, or this epoch passes it over."""
        acked = {seal.block for seal in self.seals.values() if seal.seq <= self.acked}
        return all(block.number in acked or self._passed_over(block) for block in self.segment_blocks(segment))

    def _passed_over(self, block: Block) -> bool:
        """Return whether this epoch leaves a block out."""
        return block.kind == "catalogue" and block.number < self.opening

    def _newest_boot(self) -> Boot | None:
        return next(reversed(self.boots.values()), None)
