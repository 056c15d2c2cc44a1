"""The gateway's time: from NTP, from the hub, or not yet."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge.clock import GatewayClock, boot_id
from wire.clock import SystemClock
from wire.envelope import read_envelope
from wire.reading import Reading

if TYPE_CHECKING:
    from tests.edge.conftest import Lives


@dataclass
class HandClock:
    """A clock that is turned by hand; its own UTC is of 1970, like a board's without a battery."""

    now_ms: int = 5_000

    def utc_ms(self) -> int:
        """Return a time that cannot be right."""
        return self.now_ms + 100

    def monotonic_ms(self) -> int:
        """Return milliseconds since the boot."""
        return self.now_ms

    def offset_ms(self) -> int:
        """Return what lies between the two."""
        return 100

    def real_s(self, field_s: float) -> float:
        """Return the same number."""
        return field_s

    async def sleep(self, field_s: float) -> None:
        """Turn the clock instead of waiting."""
        self.now_ms += int(field_s * 1000)


def test_synchronised_clock_is_believed() -> None:
    """With NTP the machine's own time counts, whatever the hub says."""
    clock = GatewayClock(HandClock(), lambda: True)
    clock.on_hub_time(9_000_000)

    assert (clock.source, clock.offset_ms()) == ("ntp", 100)


def test_clock_that_nobody_has_set_says_so() -> None:
    """A board that booted in 1970 dates nothing."""
    clock = GatewayClock(HandClock(), lambda: False)

    assert (clock.source, clock.offset_ms()) == ("unset", None)


def test_hub_sets_the_clock_of_a_board_without_one() -> None:
    """The acknowledgement's time is good enough to date blocks, and goes on with the monotonic clock."""
    hand = HandClock()
    clock = GatewayClock(hand, lambda: False)
    clock.on_hub_time(1_000_005_000)
    hand.now_ms += 60_000

    assert (clock.source, clock.utc_ms()) == ("hub", 1_000_065_000)


def test_late_acknowledgement_does_not_set_the_clock_back() -> None:
    """Acknowledgements travel: the fastest of them is the best; a step of the hub's clock is followed."""
    hand = HandClock()
    clock = GatewayClock(hand, lambda: False)
    clock.on_hub_time(1_000_005_000)
    hand.now_ms += 500
    clock.on_hub_time(1_000_005_000)
    late = clock.offset_ms()
    clock.on_hub_time(900_000_000)

    assert late == 1_000_000_000
    assert clock.offset_ms() == 900_000_000 - 5_500


def test_time_of_an_earlier_process_is_taken_over() -> None:
    """A restart within one boot forgets nothing."""
    clock = GatewayClock(HandClock(), lambda: False)
    clock.resume(7)

    assert clock.offset_ms() == 7


def test_boot_has_one_name() -> None:
    """Processes of one boot share its name, which fits a block."""
    assert GatewayClock(SystemClock()).boot == boot_id()
    assert len(boot_id()) == 16


def test_kernel_is_asked_without_being_changed() -> None:
    """On a real machine the answer is one of the three."""
    assert GatewayClock(SystemClock()).source in {"ntp", "unset"}


@dataclass
class SteppedClock(HandClock):
    """A clock whose own UTC somebody steps."""

    own_offset_ms: int = 1_700_000_000_000

    def offset_ms(self) -> int:
        """Return what lies between UTC as it is shown and the monotonic time."""
        return self.own_offset_ms


@pytest.mark.parametrize("step_ms", [3_600_000, -3_600_000])
def test_a_step_of_an_hour_that_the_hub_does_not_know_of_is_not_believed(step_ms: int) -> None:
    """A wrong server, or daylight saving written into the clock: what both had agreed on goes on, and says so."""
    hand = SteppedClock()
    clock = GatewayClock(hand, lambda: True)
    right_ms = hand.own_offset_ms
    clock.on_hub_time(hand.now_ms + right_ms - 40)
    agreed = (clock.source, clock.offset_ms())
    hand.own_offset_ms += step_ms
    clock.on_hub_time(hand.now_ms + right_ms - 30)
    stepped = (clock.source, clock.offset_ms())
    hand.own_offset_ms -= step_ms

    assert ("ntp", right_ms) == agreed == (clock.source, clock.offset_ms())
    assert ("hub", right_ms) == stepped


def test_a_step_that_the_hub_makes_too_is_followed() -> None:
    """Both were wrong before: readings are dated by what both say now."""
    hand = SteppedClock()
    clock = GatewayClock(hand, lambda: True)
    clock.on_hub_time(hand.now_ms + hand.own_offset_ms)
    clock.offset_ms()
    hand.own_offset_ms += 3_600_000
    clock.on_hub_time(hand.now_ms + hand.own_offset_ms)

    assert ("ntp", hand.own_offset_ms) == (clock.source, clock.offset_ms())


def test_a_clock_set_by_hand_is_left_for_the_hubs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel no longer calls it synchronised, and no time zone or daylight saving has a say anywhere."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    hand, synchronised = SteppedClock(), [True]
    clock = GatewayClock(hand, lambda: synchronised[0])
    right_ms = hand.own_offset_ms
    clock.on_hub_time(hand.now_ms + right_ms)
    synchronised[0] = False
    hand.own_offset_ms -= 3_600_000

    assert ("hub", right_ms, hand.now_ms + right_ms) == (clock.source, clock.offset_ms(), clock.utc_ms())
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("step_ms", [3_600_000, -3_600_000])
def test_readings_keep_their_order_and_their_distance_over_a_step(
    tmp_path: Path, lives: "Lives", reading: Callable[[int], Reading], step_ms: int
) -> None:
    """What was dated keeps its date; what comes later is dated by the clock as it is then; nothing is refused."""
    noon_ms = 1_700_000_000_000
    with lives.open(tmp_path) as outbox:
        outbox.set_clock(noon_ms, "ntp")
        outbox.append([reading(0)])
        outbox.flush()
        before = lives.sealed(outbox)[-1]
        outbox.set_clock(noon_ms + step_ms, "ntp")
        outbox.append([reading(600)])
        outbox.flush()
        after = lives.sealed(outbox)[-1]
        again = read_envelope(outbox.chain.envelope(before.seq) or b"")

    assert step_ms + 600 == after.t0 - before.t0
    assert before == again
