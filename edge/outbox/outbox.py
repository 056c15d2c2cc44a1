"""The outbox: every reading on disk before anything else, every block until the hub has it.

    append ─rows→ tail ─gather→ block ─seal→ envelope ─sync→ may be sent ─acknowledge→ grace ─trim→ gone

What survives: a killed process loses nothing that `append` returned from; a power cut loses what came after the last
`sync`. An envelope may be sent only when its seal survives a power cut. While nobody takes what is there, readings stay
in the tail until they fill a block: a backlog is few large blocks. A full outbox makes room (`edge.outbox.relief`) and
counts what that costs.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, Self

import msgspec

from edge.catalogue import Inventory, indices, merge, same
from edge.errors import OutboxError, OutboxFull
from edge.outbox.blocks import Block
from edge.outbox.chain import Chain, Identity
from edge.outbox.holdings import Boot
from edge.outbox.log import Limits, Log
from edge.outbox.replay import boot_frame
from edge.outbox.room import lock, refusal
from edge.outbox.segments import NOWHERE, sync_directory
from edge.outbox.tail import Found, Row, Tail, columns_of
from edge.outbox.times import held_times
from wire.batch import CatalogueBody, ClockState, ReadingsBody, encode_body
from wire.reading import Reading

BLOCK_ROWS: Final = 4096
SPAN_MS: Final = 1 << 31
_JITTER_MS: Final = 20
_LIMITS: Final = Limits()
_decode_catalogue = msgspec.msgpack.Decoder(CatalogueBody).decode


class Outbox:
    """One directory with all that a gateway has not yet handed over for good. Not thread-safe, except `sync`.

    Attributes:
        chain: its sealed side.
    """

    def __init__(self, directory: Path, identity: Identity, inventory: Inventory, limits: Limits = _LIMITS) -> None:
        """Open or create the outbox of a directory, whatever ended its last life.

        Raises:
            OutboxError: another process has it, a device moved (see `edge.catalogue.merge`), or the disk cannot be
                written to: says what to do.
        """
        try:
            self._open(directory, identity, inventory, limits)
        except OSError as error:
            raise refusal(error, f"{directory}") from error

    def _open(self, directory: Path, identity: Identity, inventory: Inventory, limits: Limits) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._lock = lock(directory)
        self._boot = identity.boot
        self._tail = Tail(directory, identity.boot)
        self._backed = NOWHERE
        self._rows_due = False
        found = self._tail.recover()
        self._log = Log(directory, limits, frozenset(each.number for each in found))
        self._held = self._log.held
        self.chain = Chain(self._log, identity)
        self._recover(found)
        self._meet_boot()
        self._index = self._describe(inventory)
        self.sync()
        self._tail.start(self._held.next_number)
        sync_directory(directory)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def synced(self) -> bool:
        """Whether `sync` has nothing to do."""
        return not (self._log.dirty or self._rows_due)

    @property
    def dropped(self) -> int:
        """Readings of which nothing is left, for want of room, since the outbox was made."""
        return self._held.tally.dropped + self._held.tally.refused

    @property
    def thinned(self) -> int:
        """Readings that were merged into minute means, for want of room, since the outbox was made."""
        return self._held.tally.thinned

    @property
    def pending(self) -> int:
        """Readings that are in no block yet."""
        return len(self._tail.rows)

    @property
    def unacknowledged(self) -> int:
        """Blocks that the hub has not acknowledged; readings that are in no block yet count as one."""
        return self.chain.waiting + self.chain.last_seq - self.chain.acked + bool(self._tail.rows)

    @property
    def size_bytes(self) -> int:
        """Bytes of the log on the disk, with what the hub already has."""
        return self._log.size_bytes

    @property
    def oldest_unacknowledged_ms(self) -> int | None:
        """UTC milliseconds at which the oldest unacknowledged block begins; None when there is none."""
        seal = self._held.seals.get(self.chain.acked + 1)
        number = seal.block if seal is not None else next(iter(self._held.waiting), None)
        block = None if number is None else self._held.blocks.get(number)
        boot = None if block is None else self._held.boots.get(block.boot)
        if block is None or boot is None or boot.offset_ms is None:
            return None  # or its boot never knew the time
        return block.origin_ms + boot.offset_ms

    @property
    def clock(self) -> Boot:
        """What is known of this boot's time."""
        return self._held.boots[self._boot]

    def append(self, readings: Sequence[Reading]) -> None:
        """Keep readings: once it returns, they survive the death of the process.

        Args:
            readings: those of one answer, at most BLOCK_ROWS.

        Raises:
            OutboxError: a reading is of no configured datastream.
            OutboxFull: no room, although all that may go was given up; none of these readings is kept, and they are
                counted among the `dropped`.
        """
        if not readings:
            return
        rows = [self._row(reading) for reading in readings]
        try:
            self._append(rows)
        except OutboxFull:
            with contextlib.suppress(OutboxFull):  # counted, and written down as soon as anything can be
                self._log.refuse(len(rows))
            raise

    def _append(self, rows: Sequence[Row]) -> None:
        alone = len(rows) > 1 and max(row.monotonic_ms for row in rows) - min(row.monotonic_ms for row in rows)
        if alone >= SPAN_MS:
            for row in rows:
                self._append((row,))
            return
        if self._tail.rows and (self._tail.spans(rows) >= SPAN_MS or self.pending + len(rows) > BLOCK_ROWS):
            self.write_block()
        self._tail.append(rows)

    def gather(self) -> None:
        """Let the next `sync` keep what was appended: as a block when no other waits to be sent, in the tail otherwise.

        Raises:
            OutboxFull: no room; the readings stay appended.
        """
        if self.chain.waiting:
            self._rows_due = self._tail.dirty
        else:
            self.write_block()

    def write_block(self) -> bool:
        """Make the appended readings a block, not yet durable; return whether there were any.

        Raises:
            OutboxFull: no room; the readings stay appended.
        """
        if not self._tail.rows:
            return False
        self._write_rows(Found(self._tail.number, self._boot, self._tail.rows))
        if not self._backed < self._log.synced:
            self.sync()  # the file that the tail turns to still backs the block before
        self._backed = self._held.blocks[self._held.next_number - 1].place
        self._tail.turn(self._held.next_number)
        return True

    def sync(self) -> None:
        """Make what was gathered and written so far survive a power cut; may run in another thread.

        Raises:
            OutboxError: the disk failed; nothing says what of the last writes it kept.
        """
        if self._rows_due:  # before the log: rows that become a block meanwhile are in the log then
            self._rows_due = False
            self._tail.sync()
        self._log.sync()

    def flush(self) -> None:
        """Make the appended readings a block that survives a power cut."""
        self.write_block()
        if not self.synced:
            self.sync()

    def set_clock(self, offset_ms: int, clock: ClockState) -> None:
        """Note how this boot's monotonic time relates to UTC, so that its blocks are dated even by a later boot.

        Args:
            offset_ms: UTC minus monotonic milliseconds.
            clock: who says so.
        """
        boot, known = Boot(self._boot, offset_ms, clock), self.clock
        if known.offset_ms is None or known.clock != clock or abs(known.offset_ms - offset_ms) > _JITTER_MS:
            self._log.write(boot_frame(boot))
            self._held.know_boot(boot)

    def start_epoch(self) -> None:
        """Begin a new chain, in which everything that is held is sent again behind a catalogue."""
        self.write_block()  # the number that its rows were appended for must not become the catalogue's
        self.chain.start_epoch(_decode_catalogue(self._held.catalogue), self._latest_ms())
        self.sync()
        self._tail.turn(self._held.next_number)

    def describe(self, inventory: Inventory) -> None:
        """Take over what is there from now on; where that differs, a catalogue goes before the next readings.

        Raises:
            OutboxError: a device moved (see `edge.catalogue.merge`); what was there before still holds.
            OutboxFull: no room.
        """
        self.write_block()  # as in `start_epoch`
        self._index = self._describe(inventory)
        self.sync()
        self._tail.turn(self._held.next_number)

    def trim(self) -> None:
        """Delete what the hub has and whose grace is over."""
        self._log.trim()

    def held_times(self, devices: frozenset[str], newest_blocks: int) -> Iterator[tuple[str, int]]:
        """Yield (device, UTC milliseconds) of what some devices said in the newest blocks that can be dated."""
        return held_times(self._log, devices, newest_blocks)

    def close(self) -> None:
        """Let go of the files; what was appended stays on disk."""
        self._tail.close()
        self._log.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _row(self, reading: Reading) -> Row:
        try:
            index = self._index[reading.device, reading.property]
        except KeyError:
            raise OutboxError(f"no datastream {reading.device}/{reading.property} is configured") from None
        return Row(index, reading.monotonic_ms, reading.value, reading.flag, reading.longitude, reading.latitude)

    def _write_rows(self, found: Found, *, vital: bool = False) -> None:
        if not vital:
            self._log.make_way(len(found.rows))  # at a byte each: where there is no room, packing them is in vain
        cut = columns_of(found.rows)
        number, boot = found.number, found.boot
        body = encode_body(ReadingsBody(boot, number, cut.origin_ms, cut.columns))
        block = Block(number, "readings", NOWHERE, 0, boot, cut.origin_ms, cut.newest_ms)
        if number >= self._held.next_number or self.chain.fits(number, body):
            self._log.write_block(block, body, vital=vital)

    def _recover(self, tails: Iterable[Found]) -> None:
        """Make blocks of the rows that a killed or cut-off life had appended and not put into a block.

        Each becomes the block for which it was appended, under whose name the hub may have had it from a copy: a block
        that has rotted is made again, and one that is lost without a trace leaves its number behind.
        """
        blocks, first_new = self._held.blocks, self._held.next_number
        if not self._held.catalogue:
            return
        for found in tails:
            rotten = found.number in blocks and blocks[found.number].rotten
            if found.rows and (found.number >= first_new or rotten):
                self._write_rows(found, vital=True)

    def _describe(self, inventory: Inventory) -> dict[tuple[str, str], int]:
        held = _decode_catalogue(self._held.catalogue) if self._held.catalogue else None
        catalogue = merge(held, inventory)
        if self._log.damaged or not self._held.epoch:
            self.chain.start_epoch(catalogue, self._latest_ms())
        elif held is None or not same(held, catalogue):
            self.chain.write_catalogue(catalogue, self._latest_ms())
        return indices(catalogue, inventory)

    def _meet_boot(self) -> None:
        boots = self._held.boots
        if next(reversed(boots), None) != self._boot:
            boot = boots.get(self._boot, Boot(self._boot))
            with contextlib.suppress(OutboxFull):  # its first block and its clock will say so, too
                self._log.write(boot_frame(boot))
            self._held.know_boot(boot)

    def _latest_ms(self) -> int:
        return self._held.newest.get(self._boot, 0)
