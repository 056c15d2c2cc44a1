"""What an outbox holds: blocks, seals, boots and the catalogue; rebuilt from the log's frames at every opening."""

from collections import deque
from typing import Final, NamedTuple

import msgspec

from edge.outbox.blocks import Block, Blocks
from edge.outbox.seals import Seal, Seals
from edge.outbox.segments import Segments
from wire.batch import NO_HASH, ClockState


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
        blocks: by number.
        seals: by seq, those of this epoch.
        waiting: numbers of the blocks that this epoch has not sealed, in the order of sealing.
        oldest: the lowest seq from which on every seal is held; the next one when none is.
        tally: readings dropped and merged.
    """

    def __init__(self, segments: Segments) -> None:
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
        self.blocks = Blocks()
        self.seals = Seals(segments)
        self.waiting: deque[int] = deque()
        self.oldest = 1
        self.tally = NO_TALLY

    def snapshot(self) -> Snapshot:
        """Return what the next segment begins with."""
        held = self.blocks.boots()
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
        self.seals.begin(snapshot.epoch)
        self.oldest = snapshot.last_seq + 1
        self.next_number = max(self.next_number, snapshot.next_number)
        for boot in snapshot.boots:
            self.know_boot(boot)
        self.catalogue = snapshot.catalogue or self.catalogue

    def add_block(self, block: Block) -> None:
        """Hold a new block, to be sealed after all others; or one anew whose bytes were rotten."""
        before = self.blocks.get(block.number)
        if before is not None:
            block = msgspec.structs.replace(block, t0=before.t0, clock=before.clock, seq=before.seq)
        else:
            self.waiting.append(block.number)
        self.blocks.put(block)
        self.next_number = max(self.next_number, block.number + 1)
        if block.boot not in self.boots and not block.rotten:
            self.boots[block.boot] = Boot(block.boot)
        self.newest[block.boot] = max(self.newest.get(block.boot, 0), block.newest_ms)

    def add_seal(self, seal: Seal, segment: int) -> None:
        """Take a block from the waiting ones into the chain; its seal stands in `segment`."""
        self.seals.add(seal, segment)
        self.last_seq, self.last_hash = seal.seq, seal.hash
        if self.waiting and self.waiting[0] == seal.block:
            self.waiting.popleft()
        date = None if seal.kind == "void" else (seal.t0, seal.clock)
        if not self.blocks.seal(seal.block, seal.seq, date):
            self.oldest = seal.seq + 1
        elif date is not None:
            self.newest_t0 = max(self.newest_t0, seal.t0)

    def acknowledge(self, seq: int) -> None:
        """Take up how far the hub has everything."""
        self.acked = seq
        self.seals.leave(seq)

    def know_boot(self, boot: Boot) -> None:
        """Learn that this boot is the present one, or how its monotonic time relates to UTC."""
        self.boots.pop(boot.id, None)
        self.boots[boot.id] = boot

    def start_epoch(self, epoch: int, opening: int) -> None:
        """Begin a new chain: every held block waits again, behind the catalogue block `opening`."""
        self.epoch, self.opening = epoch, opening
        self.last_seq = self.acked = 0
        self.seals.begin(epoch)
        self.blocks.unseal(0)
        self.oldest = 1
        self.requeue()

    def cut(self, seq: int) -> None:
        """Forget the seals from `seq` on; their blocks wait again."""
        previous = self.hash_at(seq - 1)
        if previous is None:
            raise KeyError(seq)
        self.seals.cut(seq)
        self.blocks.unseal(seq)
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
        self.blocks.drop(number)

    def requeue(self) -> None:
        """Put every block that has no seal in this epoch among the waiting ones, in order."""
        numbers = self.blocks.unsealed(self.opening)
        self.waiting = deque(sorted(numbers, key=lambda number: number != self.opening))

    def hash_at(self, seq: int) -> bytes | None:
        """Return the hash of the envelope at `seq` of this epoch, None when it is no longer known."""
        if seq == self.last_seq:
            return self.last_hash
        if (seal := self.seals.get(seq)) is not None:
            return seal.hash
        following = self.seals.get(seq + 1)
        return None if following is None else following.previous

    def drop_segment(self, segment: int) -> None:
        """Forget the blocks of a deleted segment and the seals that stood in it."""
        self.oldest = max(self.oldest, self.blocks.drop_segment(segment) + 1)
        self.seals.move(segment, None)

    def released(self, segment: int) -> bool:
        """Return whether the hub has acknowledged every block of a segment, or this epoch passes it over."""
        return all(0 < each.seq <= self.acked or self._passed_over(each) for each in self.blocks.in_segment(segment))

    def _passed_over(self, block: Block) -> bool:
        """Return whether this epoch leaves a block out."""
        return block.kind == "catalogue" and block.number < self.opening

    def _newest_boot(self) -> Boot | None:
        return next(reversed(self.boots.values()), None)
