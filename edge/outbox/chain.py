"""The chain: blocks numbered, chained, dated and signed, so that the hub can say exactly up to where it has them."""

import secrets
from collections import deque
from typing import NamedTuple

import msgspec
from nacl.signing import SigningKey

from edge.outbox.blocks import Block
from edge.outbox.dating import Date, date
from edge.outbox.frame import FrameKind, encode_frame
from edge.outbox.log import Log
from edge.outbox.replay import epoch_frame
from edge.outbox.seals import Seal, seal_frame
from edge.outbox.segments import NOWHERE, Place
from wire.batch import CatalogueBody, Payload, encode_body, sha256
from wire.envelope import encode_envelope


class Identity(NamedTuple):
    """Whose outbox it is.

    Attributes:
        gateway: the gateway's id.
        key: with which it signs.
        boot: 16 bytes that name the present boot.
    """

    gateway: str
    key: SigningKey
    boot: bytes


class Chain:
    """Seals of one epoch over the blocks of a log."""

    def __init__(self, log: Log, identity: Identity) -> None:
        self._log = log
        self._held = log.held
        self._identity = identity
        self._undurable: deque[tuple[int, Place]] = deque()

    @property
    def epoch(self) -> int:
        """The present epoch, 0 before the first."""
        return self._held.epoch

    @property
    def last_seq(self) -> int:
        """The newest seal of the epoch, 0 for none."""
        return self._held.last_seq

    @property
    def acked(self) -> int:
        """The last seq that the hub has acknowledged, 0 for none."""
        return self._held.acked

    @property
    def oldest(self) -> int:
        """The lowest seq from which on everything is held."""
        return self._held.oldest

    @property
    def waiting(self) -> int:
        """Blocks that are not sealed yet."""
        return len(self._held.waiting)

    @property
    def durable_seq(self) -> int:
        """The newest seal that survives a power cut: nothing beyond it may be sent."""
        while self._undurable and self._undurable[0][1] < self._log.synced:
            self._undurable.popleft()
        return self._undurable[0][0] - 1 if self._undurable else self._held.last_seq

    @property
    def lacks_catalogue(self) -> bool:
        """Whether the next block is a catalogue that has rotted: what follows needs it, so a new epoch has to begin."""
        block = self._held.blocks[self._held.waiting[0]] if self._held.waiting else None
        return block is not None and block.rotten and block.kind == "catalogue"

    def hash_at(self, seq: int) -> bytes | None:
        """Return the hash of this epoch's envelope at `seq`, None when it is not known or no longer."""
        return self._held.hash_at(seq)

    def seal(self) -> bytes | None:
        """Number, chain, date and sign the next block.

        Returns:
            The envelope, to be sent only when `durable_seq` has reached it; None when no block waits, when its date is
            not known yet, or when it `lacks_catalogue`.
        """
        held = self._held
        if not held.waiting:
            return None
        block = held.blocks[held.waiting[0]]
        body = self._log.read(block)
        if self.lacks_catalogue:
            return None
        when = Date(0, "estimated") if body is None else self._date(block)
        if when is None:
            return None
        kind = "void" if body is None else block.kind
        unsigned = Seal(
            held.epoch, held.last_seq + 1, held.oldest, held.last_hash, kind, when.t0, when.clock, block.number, b""
        )
        envelope = self._envelope(unsigned, body or b"")
        seal = msgspec.structs.replace(unsigned, hash=sha256(envelope))
        place = self._log.write(seal_frame(seal))
        self._undurable.append((seal.seq, place))
        held.add_seal(seal, place.segment)
        return envelope

    def envelope(self, seq: int) -> bytes | None:
        """Return a sealed envelope again, None when it is not held or its block no longer gives the same bytes."""
        seal = self._held.seals.get(seq)
        block = None if seal is None else self._held.blocks.get(seal.block)
        if seal is None or block is None:
            return None
        body = b"" if seal.kind == "void" else self._log.read(block)
        if body is None:
            return None
        envelope = self._envelope(seal, body)
        return envelope if sha256(envelope) == seal.hash else None

    def fits(self, number: int, body: bytes) -> bool:
        """Return whether a body can be that of a block: it was never sealed in this epoch, or gives that envelope."""
        block = self._held.blocks.get(number)
        seal = self._held.seals.get(block.seq) if block is not None and block.seq else None
        return seal is None or sha256(self._envelope(seal, body)) == seal.hash

    def acknowledge(self, seq: int) -> None:
        """Note the last seq that the hub has; a lower one than before when the hub has lost some."""
        if seq != self._held.acked:
            self._log.write_later(encode_frame(FrameKind.ACK, seq))
            self._held.acknowledge(seq)

    def cut(self, seq: int) -> None:
        """Take back the seals from `seq` on: their blocks are sealed anew, as voids where they are rotten."""
        self._log.write(encode_frame(FrameKind.CUT, seq))
        self._held.cut(seq)
        self._undurable = deque(each for each in self._undurable if each[0] < seq)

    def start_epoch(self, catalogue: CatalogueBody, origin_ms: int) -> None:
        """Begin a new chain with a catalogue; every block that is held is sealed again in it.

        Args:
            catalogue: what the blocks refer to; it gets the next number.
            origin_ms: monotonic time.
        """
        epoch = secrets.randbits(62) + 1
        self.write_catalogue(catalogue, origin_ms, epoch_frame(epoch, self._held.next_number))
        self._held.start_epoch(epoch, self._held.next_number - 1)
        self._undurable.clear()

    def write_catalogue(self, catalogue: CatalogueBody, origin_ms: int, following: bytes = b"") -> None:
        """Write a catalogue as the next block."""
        boot, number = self._identity.boot, self._held.next_number
        body = encode_body(msgspec.structs.replace(catalogue, boot=boot, number=number))
        block = Block(number, "catalogue", NOWHERE, 0, boot, origin_ms, origin_ms)
        copy = encode_frame(FrameKind.CATALOGUE, number, body)
        self._log.write_block(block, body, copy + following, vital=True)
        self._held.catalogue = body

    def _date(self, block: Block) -> Date | None:
        if block.t0 and block.clock != "estimated":
            return Date(block.t0, block.clock)  # the same date in every epoch
        return date(block, self._held.boots, self._held.newest)

    def _envelope(self, seal: Seal, body: bytes) -> bytes:
        payload = Payload(
            gateway=self._identity.gateway,
            epoch=seal.epoch,
            seq=seal.seq,
            oldest=seal.oldest,
            previous=seal.previous,
            kind=seal.kind,
            t0=seal.t0,
            clock=seal.clock,
            body=body,
        )
        return encode_envelope(payload, self._identity.key)
