"""Blocks get their date from what is known of their boot, then or later."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from wire.reading import Reading

if TYPE_CHECKING:
    from tests.edge.conftest import Lives

NOON_MS = 1_700_000_000_000


def test_nothing_is_sealed_before_the_time_is_known(
    tmp_path: Path, lives: "Lives", reading: Callable[[int], Reading]
) -> None:
    """A board that booted in 1970 keeps its blocks until the hub has told it the time, and dates them right then."""
    with lives.open(tmp_path) as outbox:
        outbox.append([reading(500)])
        outbox.flush()
        early = lives.sealed(outbox)
        outbox.set_clock(NOON_MS, "hub")
        _, block = lives.sealed(outbox)

    assert early == []
    assert (block.t0, block.clock) == (NOON_MS + 1500, "hub")


def test_block_of_an_earlier_boot_is_dated_by_its_own_clock(
    tmp_path: Path, lives: "Lives", reading: Callable[[int], Reading]
) -> None:
    """What was known of a boot outlives it: monotonic times of different boots do not mix."""
    with lives.open(tmp_path, b"an earlier boot.") as outbox:
        outbox.set_clock(NOON_MS, "ntp")
        outbox.append([reading(0)])
        outbox.flush()
    with lives.open(tmp_path, b"a later boot....") as outbox:
        outbox.set_clock(NOON_MS + 86_400_000, "ntp")
        block = lives.sealed(outbox)[-1]

    assert (block.t0, block.clock) == (NOON_MS + 1000, "ntp")


@pytest.mark.parametrize("boots", [1, 2])
def test_boot_that_never_knew_the_time_is_estimated_and_says_so(
    tmp_path: Path, lives: "Lives", reading: Callable[[int], Reading], boots: int
) -> None:
    """Its newest reading is put at the next boot's beginning: no later than it can have been, and marked."""
    for boot in range(boots):
        with lives.open(tmp_path, f"lost boot {boot}....".encode()[:16].ljust(16)) as outbox:
            outbox.append([reading(0), reading(9_000)])
    with lives.open(tmp_path, b"a later boot....") as outbox:
        outbox.set_clock(NOON_MS, "ntp")
        blocks = [payload for payload in lives.sealed(outbox) if payload.kind == "readings"]

    ends = [NOON_MS - 10_000 * later for later in range(boots)]
    assert [block.t0 for block in blocks] == [end - 9_000 for end in reversed(ends)]
    assert {block.clock for block in blocks} == {"estimated"}


def test_date_outside_the_calendar_does_not_stop_the_line(
    tmp_path: Path, lives: "Lives", reading: Callable[[int], Reading]
) -> None:
    """A date that no envelope can carry is bent into the calendar and marked."""
    with lives.open(tmp_path) as outbox:
        outbox.set_clock(-NOON_MS, "hub")
        outbox.append([reading(0)])
        outbox.flush()
        block = lives.sealed(outbox)[-1]

    assert (block.t0, block.clock) == (0, "estimated")
