"""The gateway's time: from NTP, from the hub, or not yet."""

from dataclasses import dataclass

from edge.clock import GatewayClock, boot_id
from wire.clock import SystemClock


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
