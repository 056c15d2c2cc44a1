"""What the hub has acknowledged costs next to no memory, and is there again when the hub goes back behind it."""

import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from edge.outbox import Limits, Outbox
from edge.outbox.frame import FrameKind, scan
from edge.sender import Sender
from wire.batch import Ack, sha256
from wire.envelope import read_envelope
from wire.reading import Reading

if TYPE_CHECKING:
    from tests.edge.conftest import Lives

Make = Callable[[int], Reading]
BYTES_A_BLOCK = 72  # ten columns of 61 bytes, and what arrays keep in hand
SMALL = Limits(segment_bytes=4_000)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no call wait for the disk of this machine."""
    for name in ("fdatasync", "fsync"):
        monkeypatch.setattr(os, name, os.fstat)


def hand_over(outbox: Outbox, reading: Make, numbers: range) -> list[bytes]:
    """Take readings, a block each, and have the hub acknowledge every one at once; return the envelopes."""
    envelopes = []
    for number in numbers:
        outbox.append([reading(number)])
        outbox.write_block()
        while (envelope := outbox.chain.seal()) is not None:
            envelopes.append(envelope)
        outbox.sync()
        outbox.chain.acknowledge(outbox.chain.durable_seq)
    return envelopes


def traced() -> int:
    """Return the bytes that Python's allocator has given out since tracing began."""
    return tracemalloc.get_traced_memory()[0]


def test_acknowledged_block_costs_no_objects(tmp_path: Path, lives: "Lives", reading: Make) -> None:
    """A week of grace at a block each 5 s is 120 000 blocks: in a running life, and in one that opens on them."""
    many = 800
    outbox = lives.open(tmp_path)
    outbox.set_clock(0, "ntp")
    hand_over(outbox, reading, range(200))
    tracemalloc.start()
    hand_over(outbox, reading, range(200, 200 + many))
    grown = traced()
    outbox.close()
    del outbox
    before = traced()
    with lives.open(tmp_path) as outbox:
        opened = traced() - before
        held = outbox.chain.last_seq
    tracemalloc.stop()

    assert held == 201 + many
    assert grown / many < BYTES_A_BLOCK + 16  # and a little that does not grow: a cache, a dictionary's steps
    assert opened / held < BYTES_A_BLOCK + 16


def test_every_envelope_is_there_again(tmp_path: Path, lives: "Lives", reading: Make) -> None:
    """The same bytes and hashes as were sent, over many segments: in the same life, and in the next."""
    with lives.open(tmp_path, limits=SMALL) as outbox:
        outbox.set_clock(1_700_000_000_000, "ntp")
        sent = hand_over(outbox, reading, range(100))
        seqs = range(1, len(sent) + 1)
        again = [outbox.chain.envelope(seq) for seq in seqs]
    with lives.open(tmp_path, limits=SMALL) as outbox:
        reopened = [outbox.chain.envelope(seq) for seq in reversed(seqs)][::-1]
        hashes = [outbox.chain.hash_at(seq) for seq in seqs]
        beyond = outbox.chain.envelope(len(sent) + 1), outbox.chain.hash_at(len(sent) + 1)

    assert len(list(tmp_path.glob("*.log"))) > 5
    assert sent == again == reopened
    assert hashes == [sha256(envelope) for envelope in sent]
    assert beyond == (None, None)


def test_seals_that_were_taken_back_are_not_read_again(tmp_path: Path, lives: "Lives", reading: Make) -> None:
    """They still stand on the disk, in the segments of those that replace them and in others."""
    with lives.open(tmp_path, limits=SMALL) as outbox:
        outbox.set_clock(1_700_000_000_000, "ntp")
        sent = hand_over(outbox, reading, range(40))
        outbox.set_clock(1_700_000_900_000, "ntp")
        outbox.chain.acknowledge(20)
        outbox.chain.cut(21)
        gone = [outbox.chain.envelope(seq) for seq in range(21, 42)]
        sent[20:] = [outbox.chain.seal() or b"" for _ in range(21, 42)]
        outbox.chain.acknowledge(41)
        again = [outbox.chain.envelope(seq) for seq in range(1, 42)]
    with lives.open(tmp_path, limits=SMALL) as outbox:
        reopened = [outbox.chain.envelope(seq) for seq in range(1, 42)]

    assert [None] * 21 == gone
    assert sent == again == reopened


def test_nothing_of_an_earlier_epoch_is_taken_for_this_one(tmp_path: Path, lives: "Lives", reading: Make) -> None:
    """Numbers begin again at one, in the segment in which the last epoch ended."""
    with lives.open(tmp_path) as outbox:
        outbox.set_clock(1_700_000_000_000, "ntp")
        hand_over(outbox, reading, range(5))
        outbox.chain.envelope(1)
        outbox.start_epoch()
        unsealed = outbox.chain.envelope(1)
        sent = [outbox.chain.seal() or b"" for _ in range(3)]
        outbox.sync()
        outbox.chain.acknowledge(3)
        again = [outbox.chain.envelope(seq) for seq in range(1, 5)]

    assert unsealed is None
    assert again == [*sent, None]


def test_hub_that_goes_back_behind_a_rotten_seal_gets_everything_anew(
    tmp_path: Path, lives: "Lives", reading: Make
) -> None:
    """Nothing says any more what was sent there: a new epoch begins, in which every block is sent."""
    with lives.open(tmp_path) as outbox:
        outbox.set_clock(1_700_000_000_000, "ntp")
        sent = hand_over(outbox, reading, range(30))
        path = next(tmp_path.glob("*.log"))
        content = bytearray(path.read_bytes())
        for frame in scan(bytes(content)).frames:
            if frame.kind == FrameKind.SEAL and frame.number in {10, 11}:
                content[frame.end - 1] ^= 1
        path.write_bytes(content)
        sender, payloads = Sender(outbox, Random(1)), []
        epoch = outbox.chain.epoch
        sender.on_ack(Ack(epoch, 10, sha256(sent[9]), 0), 0.0)
        for second in range(10):
            payloads += [read_envelope(envelope) for envelope in sender.turn(float(second))]
            if outbox.chain.last_seq:
                digest = outbox.chain.hash_at(outbox.chain.last_seq) or b""
                sender.on_ack(Ack(outbox.chain.epoch, outbox.chain.last_seq, digest, 0), float(second))

    assert {payload.epoch for payload in payloads} == {outbox.chain.epoch} != {epoch}
    assert lives.numbers(payloads) == list(range(30))


def test_block_that_is_made_again_keeps_its_seal(tmp_path: Path, lives: "Lives", reading: Make) -> None:
    """A rotten block whose rows the tail still has is the one that was sent, with its date and number."""
    with lives.open(tmp_path) as outbox:
        outbox.set_clock(1_700_000_000_000, "ntp")
        sent = hand_over(outbox, reading, range(1))
        block = outbox._held.blocks[2]
    path = next(tmp_path.glob("*.log"))
    content = bytearray(path.read_bytes())
    content[block.place.offset + block.length - 1] ^= 1
    path.write_bytes(content)
    with lives.open(tmp_path) as outbox:
        again = outbox._held.blocks[2]
        envelopes = [outbox.chain.envelope(seq) for seq in (1, 2)]

    assert envelopes == sent
    assert (again.rotten, again.seq, again.t0, again.clock) == (False, 2, block.t0, "ntp")
    assert again.place > block.place
