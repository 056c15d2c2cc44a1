"""One entry of the journal and the chain that binds it to all before."""

from dataclasses import dataclass
from typing import Literal

import msgspec

from wire.batch import sha256

EntryKind = Literal["batch", "catalogue", "void", "refused", "gap", "fork", "tick", "config", "reading"]


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry before the journal has numbered and dated it; the attributes are those of `Entry`."""

    kind: EntryKind
    gateway: str = ""
    epoch: int = 0
    seq: int = 0
    envelope: bytes = b""
    body_hash: bytes = b""
    fresh: bool = True
    block: bytes = b""
    known_rows: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """What the hub has on disk for good, in the order in which it is judged.

    Attributes:
        id: 1, 2, 3 … without holes over all days.
        received_ms: when it was committed; never less than the entry before.
        kind: batch, catalogue, void: an envelope as received.
            refused: an envelope that is in order but cannot be used.
            gap, fork: what the hub noted, a `GapNote` or `ForkNote` as JSON.
            tick: `seq` is the start of the newest minute that closes, UTC milliseconds.
            config: rules, areas, thresholds. reading: a third party's unsigned JSON.
        gateway, epoch, seq: of the envelope; for a gap and a fork of the envelope that showed it.
        envelope: the bytes as received.
        body_hash: SHA-256 of the payload's body, empty when it has none.
        fresh: False when the hub has all that this body of this gateway says: nothing is stored or judged twice.
        block: boot and number by which the gateway calls the block, empty when it has none.
        known_rows: of a fresh batch, how many of its first readings the hub has from another body of the same block:
            only those behind them are stored and judged.
    """

    id: int
    received_ms: int
    kind: EntryKind
    gateway: str
    epoch: int
    seq: int
    envelope: bytes
    body_hash: bytes
    fresh: bool
    block: bytes = b""
    known_rows: int = 0


class GapNote(msgspec.Struct, frozen=True):
    """Numbers of an epoch that the gateway no longer holds and the hub never got, both ends included."""

    first: int
    last: int


class ForkNote(msgspec.Struct, frozen=True):
    """Two lives of one gateway: what was committed at `seq` of that epoch, and the envelope that does not continue it.

    Attributes:
        taken: whether the batch was taken all the same, as the first of a new epoch.
        committed: hexadecimal hash that the hub has.
        previous: hexadecimal hash that the batch says it follows.
    """

    taken: bool
    committed: str
    previous: str


def link(previous: bytes, entry: Entry) -> bytes:
    """Return the chain hash of an entry: SHA-256 over the hash of the entry before and all that this one says."""
    said = (
        entry.id,
        entry.received_ms,
        entry.kind,
        entry.gateway,
        entry.epoch,
        entry.seq,
        sha256(entry.envelope),
        entry.body_hash,
        entry.fresh,
        entry.known_rows,
    )
    return sha256(previous + msgspec.msgpack.encode(said))
