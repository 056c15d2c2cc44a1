"""One group of arrivals becomes one group of journal entries and the acknowledgements that follow from it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import msgspec
from nacl.signing import VerifyKey

from hub.catalogue import Catalogue, is_dated
from hub.errors import NotAuthentic, RejectedBatch, Unusable
from hub.ingest.accept import Known, Position, Verdict, accept, authenticate
from hub.ingest.entry import Draft, Entry, EntryKind, ForkNote, GapNote
from hub.ingest.journal import Journal
from hub.ingest.overlap import News, block_of, news
from hub.third_party import parties_of
from wire.batch import Kind, Payload, sha256
from wire.envelope import read_envelope

# How far a gateway's clock may be ahead of the hub's.
SLACK_MS: Final = 86_400_000
_KIND: Final[Mapping[Kind, EntryKind]] = {"readings": "batch", "catalogue": "catalogue", "void": "void"}


@dataclass(frozen=True, slots=True)
class Arrival:
    """Something that wants to be journalled.

    Attributes:
        kind: "batch" and "reading", a third party's report, are yet to be judged; the others are taken as they are.
        gateway: whose topic it came on, "" for the hub's own.
        body: the bytes as received.
        minute_ms: for a tick, the start of the newest minute that closes.
    """

    kind: Literal["batch", "tick", "config", "reading"]
    gateway: str = ""
    body: bytes = b""
    minute_ms: int = 0


@dataclass(frozen=True, slots=True)
class Committed:
    """What came of a group: on disk when this is given.

    Attributes:
        entries: in the order of the journal.
        positions: what to acknowledge, by (gateway, epoch): of every epoch that was heard, taken or not.
        rejected: envelopes and reports for the quarantine, each with its reason.
        refused: numbers committed as refused, each with its reason.
    """

    entries: Sequence[Entry]
    positions: Mapping[tuple[str, int], Position]
    rejected: Sequence[tuple[RejectedBatch, bytes]]
    refused: Sequence[tuple[int, Unusable]]


@dataclass(slots=True)
class _Group:
    """What is to be committed together, seen by the arrivals behind in the same group."""

    known: dict[str, Known]
    now_ms: int
    drafts: list[Draft] = field(default_factory=list)
    moves: dict[tuple[str, int], Position] = field(default_factory=dict)
    heard: set[tuple[str, int]] = field(default_factory=set)
    takings: dict[tuple[str, bytes], list[bytes]] = field(default_factory=dict)
    rejected: list[tuple[RejectedBatch, bytes]] = field(default_factory=list)
    refused: list[tuple[int, Unusable]] = field(default_factory=list)


class Intake:
    """The hub's side of the protocol, a group at a time; belongs to the journal's thread."""

    def __init__(self, keys: Mapping[str, VerifyKey], journal: Journal, catalogues: Sequence[Entry]) -> None:
        """Take up where the journal stands.

        Args:
            keys: the public key of every known gateway.
            journal: open.
            catalogues: all entries of kind catalogue and config, in order.
        """
        self._keys = keys
        self._journal = journal
        self._known = journal.known()
        self._catalogue = Catalogue()
        self._noted: set[tuple[str, int, bytes]] = set()
        for entry in catalogues:
            if entry.kind == "config":
                self._catalogue.admit(parties_of(entry.envelope))
            else:
                self._catalogue.add(read_envelope(entry.envelope))

    @property
    def known(self) -> Mapping[str, Known]:
        """What is committed, by gateway."""
        return self._known

    def take(self, arrivals: Sequence[Arrival], now_ms: int) -> Committed:
        """Judge a group in order, commit it in one transaction and return what came of it.

        Args:
            arrivals: in the order in which they came.
            now_ms: field time, UTC milliseconds.

        Raises:
            sqlite3.Error: nothing of the group is committed; start again with a new Intake.
        """
        group = _Group(dict(self._known), now_ms)
        for arrival in arrivals:
            if arrival.kind == "batch":
                self._take_batch(group, arrival)
            else:
                self._take_statement(group, arrival)
        entries = self._journal.append_many(group.drafts, now_ms, group.moves)
        self._known = group.known
        acknowledged = {(gateway, epoch): self._known[gateway].at(epoch) for gateway, epoch in group.heard}
        return Committed(entries, acknowledged, group.rejected, group.refused)

    def _take_statement(self, group: _Group, arrival: Arrival) -> None:
        try:
            match arrival.kind:
                case "config":
                    self._catalogue.admit(parties_of(arrival.body))
                case "reading":
                    self._catalogue.report(arrival.gateway, arrival.body, group.now_ms)
        except Unusable as reason:
            # Nobody signed it and nobody waits for its acknowledgement: what is not journalled is kept for a person.
            group.rejected.append((reason, arrival.body))
            return
        group.drafts.append(_statement(arrival))

    def _take_batch(self, group: _Group, arrival: Arrival) -> None:
        try:
            payload = authenticate(arrival.gateway, arrival.body, self._keys)
        except NotAuthentic as rejection:
            group.rejected.append((rejection, arrival.body))
            return
        known = group.known.setdefault(payload.gateway, Known())
        digest = sha256(arrival.body)
        verdict = accept(known, payload, digest)
        group.heard.add((payload.gateway, payload.epoch))
        group.drafts.extend(self._notes(payload, known.at(payload.epoch), verdict))
        if verdict.outcome != "take":
            return
        draft = self._draft(group, payload, arrival.body)
        position = known.at(payload.epoch).moved(payload.seq, digest, refused=draft.kind == "refused")
        group.drafts.append(draft)
        group.moves[payload.gateway, payload.epoch] = position
        group.known[payload.gateway] = known.moved(position)

    def _draft(self, group: _Group, payload: Payload, envelope: bytes) -> Draft:
        """Return the entry of a batch that is taken, and let the batches behind it see what it brought."""
        body_hash = sha256(payload.body) if payload.body else b""
        draft = Draft(_KIND[payload.kind], payload.gateway, payload.epoch, payload.seq, envelope, body_hash)
        try:
            self._use(payload, group.now_ms)
        except Unusable as reason:
            group.refused.append((payload.seq, reason))
            return replace(draft, kind="refused", fresh=False)
        if not payload.body:
            return draft
        draft = replace(draft, block=block_of(payload))
        new = self._news(group, payload, draft)
        if new.fresh:
            group.takings.setdefault((payload.gateway, draft.block), []).append(envelope)
        return replace(draft, fresh=new.fresh, known_rows=new.known_rows)

    def _use(self, payload: Payload, now_ms: int) -> None:
        """Decode a payload by what its epoch has listed, or raise Unusable."""
        if payload.t0 > now_ms + SLACK_MS:
            raise Unusable(payload.gateway, f"t0 {payload.t0} lies more than a day after the hub's {now_ms}")
        match payload.kind:
            case "catalogue":
                self._catalogue.add(payload)
            case "readings":
                self._catalogue.columns(payload)
            case "void" if payload.body:
                raise Unusable(payload.gateway, "a void has no body")

    def _news(self, group: _Group, payload: Payload, draft: Draft) -> News:
        # A body cannot have come before it was taken: the days since its date are searched, all when that is a guess.
        since_ms = payload.t0 - SLACK_MS if is_dated(payload) else 0
        takings = self._journal.takings(draft, since_ms)
        takings += group.takings.get((payload.gateway, draft.block), [])
        return news(payload, [read_envelope(envelope) for envelope in takings])

    def _notes(self, payload: Payload, at: Position, verdict: Verdict) -> Iterator[Draft]:
        """Yield what the journal says beside the batch itself: a gap; a fork, once and not at each re-send."""
        if verdict.missing:
            note = msgspec.json.encode(GapNote(at.seq + 1, payload.seq - 1))
            yield Draft("gap", payload.gateway, payload.epoch, payload.seq, note)
        sign = (payload.gateway, payload.epoch, at.hash)
        if verdict.clash and sign not in self._noted:
            self._noted.add(sign)
            fork = ForkNote(verdict.outcome == "take", at.hash.hex(), payload.previous.hex())
            yield Draft("fork", payload.gateway, payload.epoch, payload.seq, msgspec.json.encode(fork))


def _statement(arrival: Arrival) -> Draft:
    return Draft(arrival.kind, arrival.gateway, seq=arrival.minute_ms, envelope=arrival.body)
