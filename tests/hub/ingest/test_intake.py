"""A group of arrivals becomes entries and acknowledgements: what is acknowledged is journalled, and nothing twice."""

import sqlite3
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey

from hub.ingest.days import JournalReader
from hub.ingest.entry import Entry, ForkNote, GapNote
from hub.ingest.intake import SLACK_MS, Arrival, Committed
from wire.batch import NO_HASH, sha256
from wire.envelope import read_envelope


def journalled(hub: Any) -> list[Entry]:
    """Return everything that is on disk."""
    with JournalReader(hub.directory) as reader:
        return list(reader.entries(0))


def kinds(committed: Committed) -> list[tuple[str, bool]]:
    """Return kind and freshness of each entry."""
    return [(entry.kind, entry.fresh) for entry in committed.entries]


def test_group_in_order_is_taken_whole(hub: Any, gateway: Any, now_ms: int) -> None:
    """A catalogue and the readings behind it, in one group; the last is what is acknowledged."""
    arrivals = [gateway.catalogue(), gateway.readings(), gateway.readings(), gateway.seal("void", b"")]

    committed = hub.intake.take([*arrivals, Arrival("tick", minute_ms=60_000)], now_ms)

    assert [("catalogue", True), ("batch", True), ("batch", True), ("void", True), ("tick", True)] == kinds(committed)
    assert [arrival.body for arrival in arrivals] == [entry.envelope for entry in committed.entries[:4]]
    assert committed.entries[4].seq == 60_000
    position = committed.positions["gw-east", 7]
    assert (4, gateway.previous, ()) == (position.seq, position.hash, position.refused)
    assert list(committed.entries) == journalled(hub)


def test_batches_sent_again_are_acknowledged_but_not_journalled(hub: Any, gateway: Any, now_ms: int) -> None:
    """Also after a restart: the position is on disk."""
    arrivals = [gateway.catalogue(), gateway.readings()]
    hub.intake.take(arrivals, now_ms)
    hub.restart()

    again = hub.intake.take(arrivals, now_ms)

    assert [] == again.entries
    assert again.positions["gw-east", 7].seq == 2


def test_batch_that_hub_waits_for_no_more_leaves_a_gap(hub: Any, gateway: Any, now_ms: int) -> None:
    """What the gateway lost for good is noted before the batch that shows it."""
    hub.intake.take([gateway.catalogue()], now_ms)
    lost = [gateway.readings(), gateway.readings()]

    committed = hub.intake.take([gateway.readings(oldest=4)], now_ms)

    assert ["gap", "batch"] == [entry.kind for entry in committed.entries]
    assert GapNote(2, 3) == msgspec.json.decode(committed.entries[0].envelope, type=GapNote)
    assert [] == hub.intake.take(lost, now_ms).entries


def test_readings_without_a_catalogue_are_journalled_as_refused(hub: Any, gateway: Any, now_ms: int) -> None:
    """Authentic and in order, but unusable: acknowledged, listed, and what comes behind is taken."""
    committed = hub.intake.take([gateway.readings(), gateway.catalogue(), gateway.readings()], now_ms)

    assert [("refused", False), ("catalogue", True), ("batch", True)] == kinds(committed)
    assert committed.positions["gw-east", 7].refused == (1,)
    assert "has brought no catalogue" in str(committed.refused[0][1])
    hub.restart()
    assert hub.intake.known["gw-east"].at(7).refused == (1,)


@pytest.mark.parametrize(
    ("kind", "body", "changes"),
    [
        ("readings", b"noise", {}),
        ("catalogue", b"noise", {}),
        ("void", b"not empty", {}),
        ("void", b"", {"t0": 1_380_844_800_000 + SLACK_MS + 1}),
    ],
)
def test_content_that_breaks_the_contract_is_refused(
    hub: Any, gateway: Any, now_ms: int, kind: str, body: bytes, changes: dict[str, Any]
) -> None:
    """A body that is not what its kind says, and a date that has not come yet."""
    committed = hub.intake.take([gateway.catalogue(), gateway.seal(kind, body, **changes)], now_ms)

    assert [("catalogue", True), ("refused", False)] == kinds(committed)


def test_block_that_was_refused_can_still_come_in_another_epoch(hub: Any, gateway: Any, now_ms: int) -> None:
    """A refused body counts as not known: once its catalogue is there, it is fresh."""
    block = gateway.block()
    hub.intake.take([gateway.seal("readings", block)], now_ms)
    renewed = gateway.renewed(8)

    committed = hub.intake.take([renewed.catalogue(), renewed.seal("readings", block)], now_ms)

    assert [("catalogue", True), ("batch", True)] == kinds(committed)


@pytest.mark.parametrize("clock", ["ntp", "estimated"])
def test_block_that_is_numbered_anew_is_not_fresh(hub: Any, gateway: Any, now_ms: int, clock: str) -> None:
    """A restored card sends what it holds in a new epoch, days later: the hub knows each block by its body."""
    block = gateway.block()
    hub.intake.take([gateway.catalogue(), gateway.seal("readings", block, clock=clock)], now_ms)
    hub.intake.take([Arrival("tick")], now_ms + 5 * SLACK_MS)
    hub.restart()
    renewed = gateway.renewed(8)
    arrivals = [renewed.catalogue(), renewed.seal("readings", block, clock=clock), renewed.seal("readings", block)]

    committed = hub.intake.take(arrivals, now_ms + 6 * SLACK_MS)

    assert [("catalogue", True), ("batch", False), ("batch", False)] == kinds(committed)


def test_block_of_which_another_life_sent_the_beginning_is_new_behind_it(hub: Any, gateway: Any, now_ms: int) -> None:
    """Two copies of an outbox went on from one tail; also a third, also after a restart, also in one group."""
    short, longer, other = (gateway.block(values, number=9) for values in ((1.0, 2.0), (1.0, 2.0, 3.0), (1.0, 4.0)))
    hub.intake.take([gateway.catalogue(), gateway.seal("readings", short)], now_ms)
    hub.restart()
    clone = gateway.renewed(8)
    arrivals = [clone.catalogue(), *(clone.seal("readings", block) for block in (longer, other, short))]

    committed = hub.intake.take(arrivals, now_ms)

    assert [(True, 0), (True, 2), (True, 1), (False, 0)] == [
        (entry.fresh, entry.known_rows) for entry in committed.entries
    ]


def test_beginning_of_a_known_block_is_not_fresh(hub: Any, gateway: Any, now_ms: int) -> None:
    """The life with more rows in its block came first."""
    longer, short = gateway.block((1.0, 2.0, 3.0), number=9), gateway.block((1.0, 2.0), number=9)

    committed = hub.intake.take(
        [gateway.catalogue(), gateway.seal("readings", longer), gateway.seal("readings", short)], now_ms
    )

    assert [("catalogue", True), ("batch", True), ("batch", False)] == kinds(committed)


def test_two_lives_of_one_gateway_are_noted_once(hub: Any, gateway: Any, now_ms: int) -> None:
    """A clone's batch is not taken in this epoch and answered with what is; its re-sends add no second note."""
    hub.intake.take([gateway.catalogue()], now_ms)
    first = gateway.previous
    clone = gateway.renewed(7)
    clone.seq, clone.number = 1, 50
    hub.intake.take([gateway.readings()], now_ms)
    second = gateway.previous
    alien = clone.readings()

    committed = hub.intake.take([alien, alien], now_ms)

    assert [] == hub.intake.take([alien], now_ms).entries
    assert ["fork"] == [entry.kind for entry in committed.entries]
    note = msgspec.json.decode(committed.entries[0].envelope, type=ForkNote)
    assert ForkNote(taken=False, committed=second.hex(), previous=first.hex()) == note
    assert (2, second) == (committed.positions["gw-east", 7].seq, committed.positions["gw-east", 7].hash)


def test_new_epoch_of_an_unknown_past_is_taken_and_noted(hub: Any, gateway: Any, now_ms: int) -> None:
    """A restored card begins anew from a hash that is not the hub's last: taken, and a person is told."""
    hub.intake.take([gateway.catalogue()], now_ms)

    committed = hub.intake.take([gateway.renewed(8).catalogue(previous=sha256(b"older"))], now_ms)

    assert ["fork", "catalogue"] == [entry.kind for entry in committed.entries]
    assert committed.positions["gw-east", 8].seq == 1


def test_older_epoch_that_continues_is_still_taken(hub: Any, gateway: Any, now_ms: int) -> None:
    """Two devices with one card each go on in an epoch of their own; what they list stays apart."""
    hub.intake.take([gateway.catalogue()], now_ms)
    clone = gateway.renewed(8)

    committed = hub.intake.take([clone.catalogue(), gateway.readings(), clone.readings()], now_ms)

    assert [("catalogue", True), ("batch", True), ("batch", True)] == kinds(committed)
    assert {2} == {position.seq for position in committed.positions.values()}


def test_envelope_of_nobody_is_not_acknowledged(hub: Any, gateway: Any, now_ms: int) -> None:
    """Not authentic: rejected with its bytes, no entry, no acknowledgement, no position."""
    stranger = gateway.renewed(9)
    stranger.key = SigningKey.generate()
    arrival = stranger.readings()

    committed = hub.intake.take([arrival, Arrival("batch", "gw-none", b"noise")], now_ms)

    assert ([], {}) == (committed.entries, committed.positions)
    assert [arrival.body, b"noise"] == [envelope for _, envelope in committed.rejected]
    assert {} == hub.intake.known


def test_group_that_cannot_be_committed_changes_nothing(hub: Any, gateway: Any, now_ms: int) -> None:
    """A full disk: no acknowledgement, and the same arrivals are taken once there is room."""
    hub.intake.take([gateway.catalogue()], now_ms)
    arrival = gateway.readings()
    file = next(iter(hub.journal._files.values()))
    pages = file.execute("PRAGMA page_count").fetchone()[0]
    file.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        hub.intake.take([Arrival("tick", body=bytes(1 << 16)), arrival], now_ms)
    file.execute("PRAGMA max_page_count = 1000000")

    assert hub.intake.known["gw-east"].at(7).seq == 1
    assert hub.intake.take([arrival], now_ms).positions["gw-east", 7].seq == 2


class Field:
    """Two lives of one gateway and a hub, driven step by step, with everything that was ever acknowledged."""

    def __init__(self, hub: Any) -> None:
        self.hub = hub
        self.lives = [hub.gateway]
        self.lives[0].catalogue()
        self.acknowledged: dict[int, list[int]] = {}

    def step(self, action: str, choice: int, now_ms: int) -> None:
        """Do one thing: seal or send again, begin a new epoch from all blocks held, fail or restart."""
        life = self.lives[choice % len(self.lives)]
        match action:
            case "seal":
                life.readings()
            case "send":
                self._send(life.sealed[choice % len(life.sealed) :][:3], now_ms)
            case "backwards":
                self._send(life.sealed[::-1], now_ms)
            case "new epoch":
                self._begin(life)
            case "restart":
                self.hub.restart()

    def _begin(self, life: Any) -> None:
        renewed = life.renewed(7 + len(self.lives))
        renewed.catalogue()
        for block in renewed.blocks:
            renewed.seal("readings", block)
        self.lives.append(renewed)

    def _send(self, arrivals: list[Arrival], now_ms: int) -> None:
        committed = self.hub.intake.take(arrivals, now_ms)
        on_disk = {(entry.epoch, entry.seq): sha256(entry.envelope) for entry in journalled(self.hub)}
        for (_, epoch), position in committed.positions.items():
            self.acknowledged.setdefault(epoch, []).append(position.seq)

            assert on_disk.get((epoch, position.seq), NO_HASH) == position.hash


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["seal", "seal", "send", "send", "backwards", "new epoch", "restart"]), st.integers(0, 9)
        ),
        min_size=3,
        max_size=20,
    )
)
def test_nothing_is_acknowledged_that_is_not_journalled(
    new_hub: Callable[[], Any], now_ms: int, steps: list[tuple[str, int]]
) -> None:
    """Sealed, sent again, cloned and restarted in any order: no false promise, no block fresh twice, no step back."""
    field = Field(new_hub())
    for action, choice in steps:
        field.step(action, choice, now_ms)
    entries = journalled(field.hub)
    field.hub.journal.close()

    fresh = Counter(entry.body_hash for entry in entries if entry.fresh and entry.body_hash)
    assert set(fresh.values()) <= {1}
    assert all(seqs == sorted(seqs) for seqs in field.acknowledged.values())
    assert {read_envelope(entry.envelope).seq == entry.seq for entry in entries if entry.kind == "batch"} <= {True}
