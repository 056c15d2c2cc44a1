"""The sender's timing, on a good line and a bad one."""

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from edge.outbox import Outbox
from edge.sender import WINDOW_BATCHES, Sender
from wire.batch import NO_HASH, Ack
from wire.envelope import read_envelope
from wire.reading import Reading

if TYPE_CHECKING:
    from tests.edge.conftest import Lives


@pytest.fixture
def outbox(tmp_path: Path, lives: "Lives", reading: Callable[[int], Reading]) -> Iterator[Outbox]:
    """An outbox with a catalogue and forty blocks."""
    with lives.open(tmp_path) as opened:
        opened.set_clock(0, "ntp")
        for number in range(40):
            opened.append([reading(number)])
            opened.write_block()
        yield opened


@pytest.fixture
def sender(outbox: Outbox) -> Sender:
    """A sender with a time-out of 5 s."""
    return Sender(outbox, Random(1), 5.0)


def _seqs(envelopes: object) -> list[int]:
    assert isinstance(envelopes, list)
    return [read_envelope(envelope).seq for envelope in envelopes]


def _ack(outbox: Outbox, seq: int) -> Ack:
    digest = outbox.chain.hash_at(seq) if seq else NO_HASH
    assert digest is not None
    return Ack(outbox.chain.epoch, seq, digest, 0)


def test_window_bounds_what_is_on_its_way(outbox: Outbox, sender: Sender) -> None:
    """Sixteen batches at first, and as many more as are acknowledged."""
    first = _seqs(sender.turn(0.0))
    sender.on_ack(_ack(outbox, 3), 0.1)

    assert first == list(range(1, WINDOW_BATCHES + 1))
    assert _seqs(sender.turn(0.1)) == [17, 18, 19]


def test_batches_are_sent_again_once_per_time_out_ever_slower(outbox: Outbox, sender: Sender) -> None:
    """Silence: again after 5 s, 10 s, 20 s, a quarter more at most."""
    sender.turn(0.0)
    again = [second for second in range(1, 46) if sender.turn(float(second))]

    assert len(again) == 3
    assert 5 <= again[0] <= 7
    assert 10 <= again[1] - again[0] <= 13
    assert 20 <= again[2] - again[1] <= 26


def test_repeated_acknowledgements_send_nothing_again(outbox: Outbox, sender: Sender) -> None:
    """However often the hub says the same, a batch goes out once per time-out at most."""
    sender.turn(0.0)
    sent = []
    for tenth in range(1, 100):
        sender.on_ack(_ack(outbox, 2), tenth / 10)
        sent += _seqs(list(sender.turn(tenth / 10)))

    assert sent.count(5) <= 2


def test_late_acknowledgement_that_was_overtaken_moves_nothing_back(outbox: Outbox, sender: Sender) -> None:
    """An older position that arrives behind a newer one is forgotten when the newer is heard again."""
    sender.turn(0.0)
    sender.on_ack(_ack(outbox, 9), 0.1)
    sender.on_ack(_ack(outbox, 4), 0.2)
    sender.on_ack(_ack(outbox, 9), 0.2)

    assert _seqs(sender.turn(0.2)) == list(range(17, 26))
    assert outbox.chain.acked == 9


def test_hub_restored_from_a_backup_gets_what_it_lacks(outbox: Outbox, sender: Sender) -> None:
    """Grace: the same envelopes again, from where the hub says that it is."""
    first = list(sender.turn(0.0))
    sender.on_ack(_ack(outbox, 16), 0.1)
    sender.on_ack(_ack(outbox, 4), 60.0)

    assert list(sender.turn(60.0)) == first[4:] + [outbox.chain.envelope(seq) for seq in range(17, 21)]


def test_acknowledgement_beyond_what_was_sealed_begins_a_new_epoch(outbox: Outbox, sender: Sender) -> None:
    """This card is an older copy: everything again, behind a catalogue."""
    sender.turn(0.0)
    epoch = outbox.chain.epoch
    sender.on_ack(Ack(epoch, 99, bytes([1] * 32), 0), 0.1)
    payloads = [read_envelope(envelope) for envelope in sender.turn(0.1)]

    assert outbox.chain.epoch != epoch
    assert [payload.seq for payload in payloads] == list(range(1, WINDOW_BATCHES + 1))
    assert payloads[0].kind == "catalogue"
    assert payloads[0].previous != NO_HASH


def test_hub_is_given_one_time_out_to_speak_first(outbox: Outbox, sender: Sender) -> None:
    """After connecting nothing is sealed or sent until the hub has said what it has, or stays silent."""
    sender.on_connect(0.0)
    before = sender.turn(1.0)
    sender.on_ack(_ack(outbox, 0), 1.0)

    assert not before
    assert len(sender.turn(1.0)) == WINDOW_BATCHES


def test_answers_about_other_epochs_only_begin_a_new_one(outbox: Outbox, sender: Sender) -> None:
    """A hub that lives, yet never speaks of this epoch, is given a chain that it can take from its beginning."""
    sender.turn(0.0)
    epoch = outbox.chain.epoch
    for second in range(0, 60, 2):
        sender.on_ack(Ack(7, 3, bytes(32), 0), float(second))
        sender.turn(float(second))

    assert outbox.chain.epoch != epoch


def test_rotten_block_is_sent_as_a_void_and_the_chain_goes_on(
    tmp_path: Path, lives: "Lives", outbox: Outbox, sender: Sender
) -> None:
    """What cannot be read any more is said by a signed void; everything else arrives."""
    path = next(tmp_path.glob("*.log"))
    content = bytearray(path.read_bytes())
    block = outbox._held.blocks[5]
    content[block.place.offset + block.length - 1] ^= 1
    path.write_bytes(content)
    payloads = []
    for second in range(10):
        batch = [read_envelope(envelope) for envelope in sender.turn(float(second))]
        payloads += batch
        sender.on_ack(_ack(outbox, outbox.chain.last_seq), float(second))

    assert [payload.seq for payload in payloads if payload.kind == "void"] == [5]
    assert lives.numbers(payloads) == [number for number in range(40) if number != 3]
