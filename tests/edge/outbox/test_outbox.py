"""The outbox in ordinary life: appending, blocks, catalogue, room."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge.catalogue import Inventory, Series
from edge.errors import OutboxError
from edge.outbox import Limits
from edge.outbox.outbox import BLOCK_ROWS, SPAN_MS
from wire.batch import CatalogueDevice, CatalogueStation, read_catalogue, read_readings
from wire.reading import Flag, Reading

if TYPE_CHECKING:
    from tests.edge.conftest import Lives


def test_reading_comes_out_as_it_went_in(tmp_path: Path, lives: "Lives") -> None:
    """Index, time, value, flag and position of a reading are those that were appended."""
    taken = Reading("micro-1-pm", "pm10", 5000, 17.25, Flag.SUSPECT, 116.5, 39.75)
    with lives.open(tmp_path) as outbox:
        outbox.set_clock(1_000_000, "ntp")
        outbox.append([Reading("micro-1-pm", "pm2_5", 4000, 1.0), taken])
        outbox.flush()
        catalogue, block = lives.sealed(outbox)

    columns = read_readings(block.body).columns
    stream = memoryview(columns.stream).cast("H")[1]
    assert (block.t0, block.clock) == (1_004_000, "ntp")
    assert memoryview(columns.offset_ms).cast("I")[1] == 1000
    assert memoryview(columns.value).cast("d")[1] == 17.25
    assert columns.flag[1] == Flag.SUSPECT
    assert memoryview(columns.longitude).cast("d")[1] == 116.5
    assert read_catalogue(catalogue.body).datastreams[stream].property == "pm10"


def test_positions_are_left_out_where_nothing_moves(tmp_path: Path, lives: "Lives") -> None:
    """A block of fixed stations carries no position columns."""
    with lives.open(tmp_path) as outbox:
        outbox.set_clock(0, "ntp")
        outbox.append([Reading("micro-1-pm", "pm2_5", 1, 1.0)])
        outbox.flush()
        block = lives.sealed(outbox)[-1]

    assert read_readings(block.body).columns.longitude == b""


def test_unknown_datastream_is_refused_by_name(tmp_path: Path, lives: "Lives") -> None:
    """A reading that the catalogue cannot describe is an error, not a silent guess."""
    with lives.open(tmp_path) as outbox, pytest.raises(OutboxError, match="micro-1-pm/o3"):
        outbox.append([Reading("micro-1-pm", "o3", 1, 1.0)])


def test_answer_whose_times_span_weeks_is_kept_whole(tmp_path: Path, lives: "Lives") -> None:
    """Offsets are 32 bits wide: what does not fit goes into blocks of its own."""
    times = [0, SPAN_MS + 5, -SPAN_MS, 7]
    with lives.open(tmp_path) as outbox:
        outbox.append([Reading("micro-1-pm", "pm2_5", at, float(i)) for i, at in enumerate(times)])

    assert lives.held(tmp_path) == [0, 1, 2, 3]


def test_blocks_stay_small_enough_to_send(tmp_path: Path, lives: "Lives", reading: Callable[[int], Reading]) -> None:
    """However long nobody flushes, no block grows beyond BLOCK_ROWS."""
    with lives.open(tmp_path) as outbox:
        outbox.set_clock(0, "ntp")
        for start in range(0, 3 * BLOCK_ROWS, 64):
            outbox.append([reading(number) for number in range(start, start + 64)])
        outbox.flush()
        blocks = [payload for payload in lives.sealed(outbox) if payload.kind == "readings"]

    assert [BLOCK_ROWS] * 3 == [len(read_readings(block.body).columns.flag) for block in blocks]
    assert lives.numbers(blocks) == list(range(3 * BLOCK_ROWS))


def test_second_agent_is_turned_away(tmp_path: Path, lives: "Lives") -> None:
    """Two agents on one outbox would number apart: the second is refused."""
    with lives.open(tmp_path), pytest.raises(OutboxError, match="another agent"):
        lives.open(tmp_path)


def test_two_bodies_of_one_outbox_are_never_the_same(tmp_path: Path, lives: "Lives") -> None:
    """The hub knows blocks by their body: equal readings still make different ones."""
    with lives.open(tmp_path) as outbox:
        outbox.set_clock(0, "ntp")
        for _ in range(3):
            outbox.append([Reading("micro-1-pm", "pm2_5", 1, 1.0)])
            outbox.flush()
        bodies = [payload.body for payload in lives.sealed(outbox)]

    assert len(bodies) == len(set(bodies))


def test_acknowledged_blocks_make_room_when_space_is_short(
    tmp_path: Path, lives: "Lives", reading: Callable[[int], Reading]
) -> None:
    """Grace goes first: a full outbox gives up what the hub has before it refuses anything."""
    limits = Limits(bytes=150_000, segment_bytes=16_000)
    with lives.open(tmp_path, limits=limits) as outbox:
        outbox.set_clock(0, "ntp")
        for number in range(120):
            outbox.append([reading(number * 100 + i) for i in range(100)])
            outbox.flush()
            lives.sealed(outbox)
            outbox.chain.acknowledge(outbox.chain.last_seq)
        used = sum(path.stat().st_size for path in tmp_path.glob("*.log"))

    assert used < 150_000
    assert lives.held(tmp_path)[-1] == 11_999


def test_grace_ends_by_the_time_of_the_readings(
    tmp_path: Path, lives: "Lives", reading: Callable[[int], Reading]
) -> None:
    """What the hub has stays for the grace after it was taken, and goes then."""
    limits = Limits(grace_ms=10_000, segment_bytes=2_000)
    with lives.open(tmp_path, limits=limits) as outbox:
        outbox.set_clock(0, "ntp")
        for second in range(60):
            outbox.append([reading(second * 1000)])
            outbox.flush()
            lives.sealed(outbox)
            outbox.chain.acknowledge(outbox.chain.last_seq)
        oldest = outbox.chain.oldest

    held = lives.held(tmp_path)
    assert oldest > 1
    assert held[-1] == 59_000
    assert 30_000 < held[0] <= 49_000


def test_new_inventory_is_described_before_its_readings(tmp_path: Path, lives: "Lives", inventory: Inventory) -> None:
    """An agent that reads its configuration anew goes on in the same outbox: what was appended before stays first."""
    wider = inventory._replace(series=(*inventory.series, Series("micro-1-pm", "pm1", "ug/m3", 60.0)))
    with lives.open(tmp_path) as outbox:
        outbox.set_clock(0, "ntp")
        outbox.append([Reading("micro-1-pm", "pm2_5", 1, 1.0)])
        outbox.describe(wider)
        outbox.append([Reading("micro-1-pm", "pm1", 2, 2.0)])
        outbox.describe(wider)
        payloads = lives.sealed(outbox)

    assert [payload.kind for payload in payloads] == ["catalogue", "readings", "catalogue", "readings"]
    assert lives.numbers(payloads) == [1, 2]
    assert lives.held(tmp_path) == [1, 2]


def test_moved_device_leaves_the_inventory_as_it_was(tmp_path: Path, lives: "Lives", inventory: Inventory) -> None:
    """Refused as a whole: readings go on under the catalogue that held before."""
    moved = inventory._replace(
        stations=(*inventory.stations, CatalogueStation("micro-2", "micro_station", "二号", 116.6, 39.8)),
        devices=(CatalogueDevice("micro-1-pm", "micro-2", "pms"),),
    )
    with lives.open(tmp_path) as outbox:
        with pytest.raises(OutboxError, match="micro-1-pm"):
            outbox.describe(moved)
        outbox.append([Reading("micro-1-pm", "pm2_5", 1, 1.0)])

    assert lives.held(tmp_path) == [1]


def test_oldest_block_that_waits_is_dated(tmp_path: Path, lives: "Lives") -> None:
    """Sealed or not, the oldest that the hub has not acknowledged says since when it waits."""
    with lives.open(tmp_path) as outbox:
        assert outbox.oldest_unacknowledged_ms is None

        outbox.set_clock(1_000_000, "ntp")
        for number in (1, 2):
            outbox.append([Reading("micro-1-pm", "pm2_5", number * 5000, float(number))])
            outbox.write_block()
        waiting = outbox.oldest_unacknowledged_ms
        lives.sealed(outbox)
        outbox.chain.acknowledge(2)

        assert (waiting, outbox.oldest_unacknowledged_ms) == (1_000_000, 1_010_000)
        outbox.chain.acknowledge(3)
        assert outbox.oldest_unacknowledged_ms is None


def test_how_devices_answered_is_no_time_of_theirs(tmp_path: Path, lives: "Lives", inventory: Inventory) -> None:
    """A feed's readings are told from repeats by their times; the gateway's own about the feed do not count."""
    watched = inventory._replace(series=(*inventory.series, Series("micro-1-pm", "success_rate", "%", 600.0)))
    with lives.open(tmp_path) as outbox:
        outbox.describe(watched)
        outbox.set_clock(0, "ntp")
        outbox.append([Reading("micro-1-pm", "success_rate", 1000, 100.0), Reading("micro-1-pm", "pm10", 2000, 1.0)])
        outbox.write_block()

        assert list(outbox.held_times(frozenset({"micro-1-pm"}), 10)) == [("micro-1-pm", 2000)]


def test_backlog_is_few_large_blocks(tmp_path: Path, lives: "Lives", reading: Callable[[int], Reading]) -> None:
    """While a block waits that nobody takes, readings stay in the tail, synchronised there, until they fill one."""
    many = 3 * BLOCK_ROWS
    with lives.open(tmp_path) as outbox:
        for number in range(many):
            outbox.append([reading(number)])
            if number % 10 == 0:
                outbox.gather()
                outbox.sync()
        waiting = outbox.chain.waiting

    assert waiting <= 5
    assert lives.held(tmp_path) == list(range(many))


def test_block_is_made_at_each_flush_while_somebody_takes_them(
    tmp_path: Path, lives: "Lives", reading: Callable[[int], Reading]
) -> None:
    """A reading is on its way one flush after it was taken."""
    with lives.open(tmp_path) as outbox:
        outbox.set_clock(0, "ntp")
        lives.sealed(outbox)
        for number in range(5):
            outbox.append([reading(number)])
            outbox.gather()
            assert lives.numbers(lives.sealed(outbox)) == [number]


def test_readings_keep_their_block_s_number_when_the_block_before_is_lost(
    tmp_path: Path, lives: "Lives", reading: Callable[[int], Reading]
) -> None:
    """A copy of the card may have sent them under that name: under another the hub would take them twice."""
    with lives.open(tmp_path) as outbox:
        outbox.set_clock(0, "ntp")
        outbox.append([reading(1)])
        outbox.flush()
        place = outbox._held.blocks[2].place
    with lives.open(tmp_path) as outbox:
        outbox.append([reading(2)])
    twin = tmp_path.with_name("twin")
    shutil.copytree(tmp_path, twin)
    path = next(tmp_path.glob("*.log"))
    content = bytearray(path.read_bytes())
    content[place.offset + 4] ^= 1  # in the head of the frame: nothing says any more what stood there
    path.write_bytes(content)
    (tmp_path / "tail-0.rows").unlink()  # it had the rows of that block
    names = []
    for directory in (tmp_path, twin):
        with lives.open(directory) as outbox:
            outbox.set_clock(0, "ntp")
            outbox.start_epoch()
            blocks = [read_readings(each.body) for each in lives.sealed(outbox) if each.kind == "readings"]
            names.append({(block.boot, block.number): block.columns for block in blocks})

    assert len(names[1]) == 2
    assert list(names[0].items()) == list(names[1].items())[1:]
