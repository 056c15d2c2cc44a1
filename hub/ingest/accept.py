"""Whether a batch is taken: pure, from what is committed of its gateway and what the batch says of itself.

    seq <= committed                      repeat   (fork, when it is the committed number with another hash)
    seq == committed + 1, chain holds     take
    seq == committed + 1, chain differs   fork
    seq == oldest > committed + 1         take, with a gap
    otherwise                             ahead    (what lies between was lost on the way and will be sent again)

An epoch that is new to the hub counts as committed up to 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from nacl.signing import VerifyKey

from hub.errors import NotAuthentic
from wire.batch import NO_HASH, Payload
from wire.envelope import MAX_PAYLOAD, read_envelope, verify_envelope
from wire.errors import WireError

Outcome = Literal["take", "repeat", "ahead", "fork"]

REFUSED_KEPT: Final = 16
_OVERHEAD: Final = 1024


@dataclass(frozen=True, slots=True)
class Position:
    """What is committed of one epoch of one gateway.

    Attributes:
        seq: the last committed number, 0 for none.
        hash: SHA-256 of the envelope committed at seq, 32 zero bytes for none.
        refused: the last numbers that were committed as refused, at most REFUSED_KEPT.
    """

    epoch: int
    seq: int = 0
    hash: bytes = NO_HASH
    refused: tuple[int, ...] = ()

    def moved(self, seq: int, digest: bytes, *, refused: bool = False) -> "Position":
        """Return the position after the batch `seq` with the envelope hash `digest`."""
        numbers = (*self.refused, seq)[-REFUSED_KEPT:] if refused else self.refused
        return Position(self.epoch, seq, digest, numbers)


@dataclass(frozen=True, slots=True)
class Known:
    """What is committed of one gateway.

    Attributes:
        positions: by epoch, the one that moved last at the end.
        newest: SHA-256 of the envelope of this gateway that was committed last, 32 zero bytes for none.
    """

    positions: Mapping[int, Position] = field(default_factory=dict)
    newest: bytes = NO_HASH

    def at(self, epoch: int) -> Position:
        """Return the position of an epoch, new or known."""
        return self.positions.get(epoch) or Position(epoch)

    def moved(self, position: Position) -> "Known":
        """Return what is known once `position` is committed."""
        others = {epoch: at for epoch, at in self.positions.items() if epoch != position.epoch}
        return Known({**others, position.epoch: position}, position.hash)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a batch.

    Attributes:
        outcome: only "take" moves the position; all four are answered with an acknowledgement of what is committed.
        missing: how many numbers before it are lost for good; above zero only with "take".
        clash: whether two lives of one gateway show: two devices with one identity, a restored card or a restored hub.
    """

    outcome: Outcome
    missing: int = 0
    clash: bool = False


def accept(known: Known, payload: Payload, digest: bytes) -> Verdict:
    """Return what becomes of an authentic, well-formed batch.

    Args:
        known: what is committed of its gateway.
        payload: what the batch says.
        digest: SHA-256 of its whole envelope.
    """
    at = known.at(payload.epoch)
    if payload.seq <= at.seq:
        clash = payload.seq == at.seq and digest != at.hash
        return Verdict("fork" if clash else "repeat", clash=clash)
    if payload.seq > max(at.seq + 1, payload.oldest):
        return Verdict("ahead")
    missing = payload.seq - at.seq - 1
    if at.seq and not missing and payload.previous != at.hash:
        return Verdict("fork", clash=True)
    # The first batch of an epoch names the last of the epoch before; a card without a past names none.
    stranger = payload.seq == 1 and payload.previous not in (NO_HASH, known.newest)
    return Verdict("take", missing, stranger)


def authenticate(gateway: str, envelope: bytes, keys: Mapping[str, VerifyKey]) -> Payload:
    """Return what an envelope says once it is proven to be the gateway's own and well-formed.

    Args:
        gateway: whose topic it came on.
        envelope: the bytes as received.
        keys: the public key of every known gateway.

    Raises:
        NotAuthentic: unknown gateway, bad signature, another gateway's envelope, or numbers that no gateway gives.
    """
    if gateway not in keys:
        raise NotAuthentic(gateway, "this gateway is not in the hub's configuration")
    if len(envelope) > MAX_PAYLOAD + _OVERHEAD:
        raise NotAuthentic(gateway, f"{len(envelope)} bytes are too many for an envelope")
    try:
        payload = read_envelope(envelope)
        verify_envelope(envelope, keys[gateway])
    except WireError as error:
        raise NotAuthentic(gateway, error.reason) from error
    if payload.gateway != gateway:
        raise NotAuthentic(gateway, f"the envelope is of gateway {payload.gateway!r}")
    if not (payload.epoch and 0 < payload.oldest <= payload.seq):
        raise NotAuthentic(gateway, f"no gateway counts so: epoch {payload.epoch}, {payload.seq} of {payload.oldest}")
    return payload
