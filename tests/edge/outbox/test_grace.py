"""What the hub has acknowledged costs next to no memory, and is there again when the hub goes back behind it."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from edge.outbox import Limits, Outbox
from edge.outbox.frame import FrameKind, encode_frame, scan
from edge.outbox.seals import Seal, Seals, seal_frame
from edge.outbox.segments import Segments
from edge.sender import Sender
from wire.batch import Ack, sha256
from wire.envelope import read_envelope
from wire.reading import Reading

if TYPE_CHECKING:
    from tests.edge.conftest import Lives

Make = Callable[[int], Reading]
BYTES_A_BLOCK = 72  # ten columns of 61 bytes, and what arrays keep in hand
SMALL = Limits(segment_bytes=4_000)


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
        sent = hand_over(outbox, reading, range(10))
        assert outbox.chain.envelope(3) == sent[2]  # and what comes into its segment behind this look is found, too
        sent += hand_over(outbox, reading, range(10, 100))
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
        outbox.chain.acknowledge(20)
        outbox._held.blocks.rot(21)  # so that all behind it have another hash than before
        outbox.chain.cut(21)
        gone = [outbox.chain.envelope(seq) for seq in range(21, 42)]
        sent[20:] = [outbox.chain.seal() or b"" for _ in range(21, 42)]
        outbox.chain.acknowledge(41)
        again = [outbox.chain.envelope(seq) for seq in range(1, 42)]
    with lives.open(tmp_path, limits=SMALL) as outbox:
        reopened = [outbox.chain.envelope(seq) for seq in range(1, 42)]

    assert [None] * 21 == gone
    assert read_envelope(sent[20]).kind == "void"
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

        content = bytearray((path := next(tmp_path.glob("*.log"))).read_bytes())
        seals = [frame for frame in scan(bytes(content)).frames if frame.kind == FrameKind.SEAL and frame.number == 2]
        content[seals[-1].start + 4] ^= 1
        path.write_bytes(content + bytes(1))
        outbox._held.seals._segments.sizes[1] += 1  # so that it is read anew
        lost = outbox.chain.envelope(2)

    assert unsealed is None
    assert again == [*sent, None]
    assert len(seals) == 2
    assert lost is None


def test_what_is_held_begins_at_the_same_seq_in_the_next_life(tmp_path: Path, lives: "Lives", reading: Make) -> None:
    """Once grace is over: the last block of a deleted segment may have its seal in the next one, which stays."""
    limits = Limits(segment_bytes=1_500, grace_ms=0)
    for number in range(100):
        with lives.open(tmp_path, limits=limits) as outbox:
            outbox.set_clock(1_700_000_000_000, "ntp")
            hand_over(outbox, reading, range(number, number + 1))
            outbox.trim()
            oldest = outbox.chain.oldest
        with lives.open(tmp_path, limits=limits) as outbox:
            assert outbox.chain.oldest == oldest
            assert outbox.chain.hash_at(oldest - 1) is not None
            assert outbox.chain.envelope(oldest - 1) is None

    assert oldest > 50


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


def test_seals_are_found_where_relief_has_put_them(tmp_path: Path) -> None:
    """A segment of which nothing but seals is left goes into the one before."""
    made = [Seal(7, seq, 1, bytes(32), "readings", 0, "ntp", seq, bytes(32)) for seq in range(1, 5)]
    frames = [seal_frame(seal) for seal in made]
    segments = Segments(tmp_path)
    seals = Seals(segments)
    seals.begin(7)
    for segment in (1, 2):
        segments.roll(b"".join(frames[2 * segment - 2 : 2 * segment]))
        for seal in made[2 * segment - 2 : 2 * segment]:
            seals.add(seal, segment)
    segments.roll(b"-")
    seals.leave(5)
    before = [seals.get(seq) for seq in range(1, 5)]
    segments.prepare(1, b"".join(frames))
    segments.replace(1, len(b"".join(frames)))
    segments.drop(2)
    seals.move(2, 1)
    after = [seals.get(seq) for seq in range(1, 5)]
    segments.close()

    assert made == before == after


def test_number_that_makes_no_sense_costs_no_more_than_some_voids(
    tmp_path: Path, lives: "Lives", reading: Make
) -> None:
    """A block that stands millions of numbers too high: an opening must end, and soon."""
    with lives.open(tmp_path) as outbox:
        hand_over(outbox, reading, range(3))
    with next(tmp_path.glob("*.log")).open("ab") as log:
        log.write(encode_frame(FrameKind.BLOCK, 20_000_000, bytes(40)))
    with lives.open(tmp_path) as outbox:
        assert outbox.chain.waiting < 20_000


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
