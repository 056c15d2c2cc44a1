"""The blocks of an outbox, in columns: a week of grace is 120 000 of them, and each takes 61 bytes and no object."""

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Final, Literal, get_args

import msgspec

from edge.outbox.segments import Place
from wire.batch import ClockState

BlockKind = Literal["readings", "catalogue"]

_BOOT: Final = 4  # of the columns
_CATALOGUE: Final = 1  # a mark
_ROTTEN: Final = 2
_THINNED: Final = 4
_CLOCK: Final = 3  # the bits from here on
_NO_CLOCK: Final = (1 << _CLOCK) - 1
_CLOCKS: Final[tuple[ClockState, ...]] = get_args(ClockState)


class Block(msgspec.Struct, frozen=True, gc=False):
    """One block where it stands.

    Attributes:
        number: its number in the outbox.
        kind: what its body is.
        place, length: of its body's frame in the log.
        boot, origin_ms, newest_ms: the boot in which it was taken and when its readings begin and end, monotonic.
        rotten: whether its bytes no longer pass their checksum.
        t0, clock: how it was dated when it was first sealed; zero before.
        thinned: whether it has been thinned, or cannot be.
        seq: of its seal in the present epoch; zero before.
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
    seq: int = 0


class Blocks:
    """Blocks by number, in the order of numbers; what comes out is a copy of how it stands."""

    def __init__(self) -> None:
        self._columns: tuple[array[int], ...] = tuple(map(array, "QIIIIqqqQB"))
        self._numbers, self._segments, *_, self._t0s, self._seqs, self._marks = self._columns
        self._names: list[bytes] = []  # of boots
        self._indices: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and self._find(number) >= 0

    def __getitem__(self, number: int) -> Block:
        if (at := self._find(number)) < 0:
            raise KeyError(number)
        return self._block(at)

    def get(self, number: int) -> Block | None:
        """Return a block, None when it is not held."""
        at = self._find(number)
        return None if at < 0 else self._block(at)

    def put(self, block: Block) -> None:
        """Hold a block, in the place of the one of its number if there is one."""
        row = self._row(block)
        at = bisect_left(self._numbers, block.number)
        if at == len(self._numbers):
            for column, value in zip(self._columns, row, strict=True):
                column.append(value)
            return
        if self._numbers[at] != block.number:
            for column in self._columns:
                column.insert(at, 0)
        for column, value in zip(self._columns, row, strict=True):
            column[at] = value

    def drop(self, number: int) -> None:
        """Forget a block."""
        if (at := self._find(number)) < 0:
            raise KeyError(number)
        self._forget(at, at + 1)

    def drop_segment(self, segment: int) -> int:
        """Forget the blocks of a segment; return the highest seq that they had."""
        highest = 0
        for begin, end in reversed(list(self._runs(segment))):
            highest = max(highest, *self._seqs[begin:end])
            self._forget(begin, end)
        return highest

    def in_segment(self, segment: int) -> Iterator[Block]:
        """Yield the blocks of one segment."""
        return (self._block(at) for begin, end in self._runs(segment) for at in range(begin, end))

    def last(self, count: int) -> list[Block]:
        """Return the blocks with the highest numbers."""
        return [self._block(at) for at in range(max(0, len(self) - count), len(self))]

    def boots(self) -> AbstractSet[bytes]:
        """Return in which boots they were taken."""
        return {self._names[index] for index in set(self._columns[_BOOT])}

    def unsealed(self, opening: int) -> list[int]:
        """Return the numbers of those without a seal in this epoch, without the catalogues before block `opening`."""
        return [
            number
            for number, seq, marks in zip(self._numbers, self._seqs, self._marks, strict=True)
            if not seq and (number >= opening or not marks & _CATALOGUE)
        ]

    def rot(self, number: int) -> None:
        """Note that a block's bytes no longer pass their checksum."""
        self._marks[self._find(number)] |= _ROTTEN

    def rot_all(self) -> None:
        """Note that no block can be read."""
        self._marks[:] = array("B", (marks | _ROTTEN for marks in self._marks))

    def seal(self, number: int, seq: int, date: tuple[int, ClockState] | None) -> bool:
        """Note the seq of a block, and how it was dated if it was; return whether it is held."""
        if (at := self._find(number)) < 0:
            return False
        self._seqs[at] = seq
        if date is not None:
            self._t0s[at] = date[0]
            self._marks[at] = self._marks[at] & _NO_CLOCK | _CLOCKS.index(date[1]) << _CLOCK
        return True

    def unseal(self, seq: int) -> None:
        """Forget the seqs from `seq` on."""
        self._seqs[:] = array("Q", (each if each < seq else 0 for each in self._seqs))

    def _find(self, number: int) -> int:
        """Return where a block stands, below zero when it is not held."""
        at = bisect_left(self._numbers, number)
        return at if at < len(self._numbers) and self._numbers[at] == number else -1

    def _row(self, block: Block) -> tuple[int, ...]:
        marks = _CATALOGUE * (block.kind == "catalogue") + _ROTTEN * block.rotten + _THINNED * block.thinned
        return (
            block.number,
            *block.place,
            block.length,
            self._boot_index(block.boot),
            block.origin_ms,
            block.newest_ms,
            block.t0,
            block.seq,
            marks + (_CLOCKS.index(block.clock) << _CLOCK),
        )

    def _block(self, at: int) -> Block:
        number, segment, offset, length, boot, origin_ms, newest_ms, t0, seq, marks = [
            column[at] for column in self._columns
        ]
        return Block(
            number,
            "catalogue" if marks & _CATALOGUE else "readings",
            Place(segment, offset),
            length,
            self._names[boot],
            origin_ms,
            newest_ms,
            bool(marks & _ROTTEN),
            t0,
            _CLOCKS[marks >> _CLOCK],
            bool(marks & _THINNED),
            seq,
        )

    def _runs(self, segment: int) -> Iterator[tuple[int, int]]:
        """Yield from where to where the blocks of a segment stand side by side."""
        end = 0
        while True:
            try:
                begin = self._segments.index(segment, end)
            except ValueError:
                return
            end = begin + 1
            while end < len(self._segments) and self._segments[end] == segment:
                end += 1
            yield begin, end

    def _forget(self, begin: int, end: int) -> None:
        for column in self._columns:
            del column[begin:end]

    def _boot_index(self, boot: bytes) -> int:
        index = self._indices.setdefault(boot, len(self._names))
        if index == len(self._names):
            self._names.append(boot)
        return index
