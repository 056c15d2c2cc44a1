"""A full outbox makes room for new readings, in a stated order, and counts what that costs."""

import os
import zlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from edge.errors import OutboxFull
from edge.outbox import Limits, Outbox
from edge.outbox.room import FLOOR_BYTES, allowed_bytes
from wire.batch import Payload, read_readings
from wire.envelope import read_envelope
from wire.reading import Reading

pytestmark = pytest.mark.component

if TYPE_CHECKING:
    from tests.edge.conftest import Lives

Make = Callable[[int], Reading]
SMALL = Limits(bytes=150_000, segment_bytes=9_000)
NOON_MS = 1_700_000_000_000


def noisy(number: int) -> Reading:
    """Return a reading, ten a second, that compresses badly."""
    return Reading("micro-1-pm", "pm2_5", number * 100, zlib.crc32(number.to_bytes(4)) % 1_000_000 / 1e3)


def fill(outbox: Outbox, count: int, start: int = 0) -> int:
    """Append readings in blocks of a hundred; return the number behind the last."""
    for first in range(start, start + count, 100):
        outbox.append([noisy(number) for number in range(first, first + 100)])
        outbox.write_block()
        outbox.sync()
    return start + count


def stands_for(payloads: list[Payload]) -> int:
    """Return how many readings of instruments payloads tell of."""
    total = 0
    for payload in payloads:
        if payload.kind == "readings":
            columns = read_readings(payload.body).columns
            total += sum(memoryview(columns.merged).cast("H")) if columns.merged else len(columns.flag)
    return total


def whole(payloads: list[Payload]) -> int:
    """Return how many readings payloads have one by one."""
    columns = [read_readings(payload.body).columns for payload in payloads if payload.kind == "readings"]
    return sum(list(memoryview(each.merged).cast("H")).count(1) if each.merged else len(each.flag) for each in columns)


def used(directory: Path) -> int:
    """Return the bytes of the log."""
    return sum(path.stat().st_size for path in directory.glob("*.log"))


def test_oldest_readings_are_thinned_first_and_the_newest_stay_whole(tmp_path: Path, lives: "Lives") -> None:
    """Nothing is dropped while thinning helps; what was merged is counted to the reading."""
    with lives.open(tmp_path, limits=SMALL) as outbox:
        outbox.set_clock(NOON_MS, "ntp")
        count = fill(outbox, 40_000)
        payloads = lives.sealed(outbox)
        tally = outbox.dropped, outbox.thinned
        newest = read_readings(payloads[-1].body).columns

    assert used(tmp_path) < SMALL.bytes
    assert tally[0] == 0
    assert tally[1] > 0
    assert stands_for(payloads) == count
    assert whole(payloads) == count - tally[1]
    assert not newest.merged
    assert [payload.seq for payload in payloads] == list(range(1, len(payloads) + 1))


def test_means_go_when_there_is_nothing_left_to_thin(tmp_path: Path, lives: "Lives") -> None:
    """Years without a line: the oldest minutes are dropped, new readings find room, and the account is complete."""
    limits = Limits(bytes=100_000, segment_bytes=5_000)
    with lives.open(tmp_path, limits=limits) as outbox:
        outbox.set_clock(NOON_MS, "ntp")
        count = fill(outbox, 30_000)
        tally = outbox.dropped, outbox.thinned
        payloads = lives.sealed(outbox)
    with lives.open(tmp_path, limits=limits) as outbox:
        again = outbox.dropped, outbox.thinned

    assert used(tmp_path) < limits.bytes
    assert tally[0] > 0
    assert stands_for(payloads) == count - tally[0]
    assert again == tally


def test_what_is_sealed_and_not_acknowledged_stays_as_it_is(tmp_path: Path, lives: "Lives") -> None:
    """The hub may have it, or ask for it: the same bytes again, however full it is."""
    with lives.open(tmp_path, limits=SMALL) as outbox:
        outbox.set_clock(NOON_MS, "ntp")
        count = fill(outbox, 1_000)
        lives.sealed(outbox)
        before = [outbox.chain.envelope(seq) for seq in range(1, 12)]
        fill(outbox, 40_000, count)
        after = [outbox.chain.envelope(seq) for seq in range(1, 12)]
    with lives.open(tmp_path, limits=SMALL) as outbox:
        reopened = [outbox.chain.envelope(seq) for seq in range(1, 12)]

    assert None not in before
    assert before == after == reopened


def test_block_that_was_ever_sealed_is_dropped_rather_than_thinned(tmp_path: Path, lives: "Lives") -> None:
    """The hub may have it whole from an earlier epoch: a mean beside it would say the same twice."""
    with lives.open(tmp_path, limits=SMALL) as outbox:
        outbox.set_clock(NOON_MS, "ntp")
        count = fill(outbox, 13_000)
        lives.sealed(outbox)
        outbox.start_epoch()
        count = fill(outbox, 10_000, count)
        payloads = lives.sealed(outbox)
        tally = outbox.dropped, outbox.thinned

    assert tally[1] > 0
    early = [payload for payload in payloads if payload.kind == "readings" and payload.t0 < NOON_MS + 1_300_000]
    assert len(early) > 50
    assert all(not read_readings(payload.body).columns.merged for payload in early)
    assert stands_for(payloads) == count - tally[0]


def test_tally_outlives_the_segment_that_it_stands_in(tmp_path: Path, lives: "Lives") -> None:
    """Once the hub has what was thinned, the segment goes; what was counted there is said elsewhere before."""
    with lives.open(tmp_path, limits=SMALL._replace(grace_ms=0)) as outbox:
        outbox.set_clock(NOON_MS, "ntp")
        fill(outbox, 4_000)
        plan = outbox._log._relief.plan_thinning()
        assert plan is not None
        outbox._log._relief.build(plan)
        outbox._log._relief.commit(plan)
        thinned = outbox.thinned
        while outbox._log._segments.last < plan.segment + 6 and outbox.chain.waiting:
            outbox.chain.seal()
        outbox.chain.acknowledge(outbox.chain.last_seq)
        outbox.trim()
        outbox.sync()
        held = outbox._log._segments.sizes
    with lives.open(tmp_path, limits=SMALL) as outbox:
        assert (plan.segment in held, outbox.thinned) == (False, thinned)


def test_relief_that_is_prepared_is_given_up_when_a_block_is_sealed_meanwhile(tmp_path: Path, lives: "Lives") -> None:
    """A thread prepares; what it was made of may have been sent before it is put in place."""
    with lives.open(tmp_path, limits=SMALL) as outbox:
        outbox.set_clock(NOON_MS, "ntp")
        count = 0
        while outbox._log._plan is None:
            count = fill(outbox, 100, count)
        outbox.sync()
        sealed = [read_envelope(outbox.chain.seal() or b"") for _ in range(4)]
        count = fill(outbox, 100, count)
        thinned = outbox.thinned
        sealed += lives.sealed(outbox)

    assert thinned == 0
    assert stands_for(sealed) == count


def test_all_sealed_and_nobody_answers_is_refused_and_counted(tmp_path: Path, lives: "Lives") -> None:
    """The one case in which new readings find no room: a window that fills the card."""
    limits = Limits(bytes=80_000, segment_bytes=4_000)
    refused = 0
    with lives.open(tmp_path, limits=limits) as outbox:
        outbox.set_clock(NOON_MS, "ntp")
        for first in range(0, 30_000, 100):
            try:
                outbox.append([noisy(number) for number in range(first, first + 100)])
                outbox.write_block()
                lives.sealed(outbox)
            except OutboxFull:
                refused += 100
        dropped = outbox.dropped
        held = stands_for([*lives.sealed(outbox)]) + outbox.pending
    with lives.open(tmp_path, limits=limits) as outbox:
        again = outbox.dropped

    assert refused > 0
    assert 0 <= dropped <= refused
    assert again == dropped
    assert held <= 4096


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Play a disk of 1 GB of which so many bytes are free."""

    def play(free: int) -> None:
        stated = SimpleNamespace(f_blocks=1_000_000, f_bavail=free // 1000, f_frsize=1000)
        monkeypatch.setattr(os, "statvfs", lambda _: stated)

    return play


@pytest.mark.parametrize(
    ("free", "held", "allowed"),
    [
        (900_000_000, 0, 256 << 20),
        (150_000_000, 30_000_000, 80_000_000),
        (50_000_000, 30_000_000, 30_000_000),
        (50_000_000, 0, FLOOR_BYTES),
    ],
    ids=["room enough", "as much as leaves a tenth", "others fill the disk", "a little in any case"],
)
def test_last_tenth_of_the_disk_is_left_alone(
    tmp_path: Path, disk: Callable[[int], None], free: int, held: int, allowed: int
) -> None:
    """Logs and upgrades need it; the outbox is not emptied for what others fill."""
    disk(free)

    assert allowed_bytes(tmp_path, held, 256 << 20) == allowed


@pytest.mark.parametrize("turned", ["head", "body"])
def test_block_that_rots_while_it_waits_is_passed_over(tmp_path: Path, lives: "Lives", turned: str) -> None:
    """What cannot be thinned must not be tried for ever: it goes as a void, and room is made elsewhere."""
    with lives.open(tmp_path, limits=SMALL) as outbox:
        outbox.set_clock(NOON_MS, "ntp")
        count = fill(outbox, 6_000)
        block = outbox._held.blocks[20]
        path = tmp_path / f"{block.place.segment:010d}.log"
        content = bytearray(path.read_bytes())
        content[block.place.offset + (4 if turned == "head" else block.length - 1)] ^= 1
        path.write_bytes(content)
        count = fill(outbox, 20_000, count)
        payloads = lives.sealed(outbox)
        dropped, thinned = outbox.dropped, outbox.thinned

    assert thinned > 0
    assert [payload.kind for payload in payloads].count("void") == 1
    assert stands_for(payloads) == count - 100 - dropped
