"""The order in which a repeating feed's payloads are taken."""

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.drivers.mqtt.codec import Unusable
from edge.drivers.mqtt.order import MAX_WAITING, Order, Parcel


def parcel(sn: int, time_ms: int | None = None) -> Parcel:
    """Return a payload that was measured a second after the one with the number before."""
    return Parcel(sn, Unusable(sn, ""), sn * 1000 if time_ms is None else time_ms)


def settled(*numbers: int) -> Order:
    """Return an order that has taken and confirmed these."""
    order = Order(1e9)
    for sn in (*numbers, numbers[0]):
        order.arrive(parcel(sn), 0)
    order.confirm()
    return order


def test_nothing_is_taken_until_a_number_comes_again() -> None:
    """Older payloads may have been sent while nobody listened: they come first in the second round."""
    order = Order(1e9)
    rounds = [6, 7, 5, 6]

    taken = [[one.sn for one in order.arrive(parcel(sn), 0)] for sn in rounds]

    assert taken == [[], [], [], [5, 6, 7]]
    assert order.confirm() == 7


def test_number_that_was_acknowledged_meanwhile_stops_nothing() -> None:
    """An acknowledgement under way from before may have let go of the number that came first."""
    order = Order(1e9)

    assert [len(order.arrive(parcel(sn), 0)) for sn in (5, 37, 38, 37)] == [0, 0, 0, 3]


def test_open_order_acknowledges_nothing() -> None:
    """An acknowledgement would cover what was never received."""
    order = Order(1e9)
    order.arrive(parcel(6), 0)

    assert order.confirm() is None


def test_settled_order_takes_what_follows_and_repeats_nothing() -> None:
    """What comes twice is taken once, and its acknowledgement repeated."""
    order = settled(5)

    assert [len(order.arrive(parcel(sn), 0)) for sn in (6, 6, 5, 7)] == [1, 0, 0, 1]
    assert order.confirm() == 7


def test_first_of_all_numbers_is_taken_at_once() -> None:
    """Nothing can be missing before 1."""
    order = Order(1e9)

    assert [len(order.arrive(parcel(sn), 0)) for sn in (1, 2)] == [1, 1]


def test_hole_opens_the_order_again() -> None:
    """A broker that lost 7 does not make the vehicle forget it."""
    order = settled(5, 6)

    taken = [[one.sn for one in order.arrive(parcel(sn), 0)] for sn in (8, 9)]
    assert order.confirm() is None
    taken += [[one.sn for one in order.arrive(parcel(sn), 0)] for sn in (7, 8)]

    assert taken == [[], [], [], [7, 8, 9]]


def test_hole_that_stays_is_gone_for_ever() -> None:
    """A vehicle whose memory was full does not stop its feed."""
    order = settled(5, 6)

    assert [len(order.arrive(parcel(sn), 0)) for sn in (8, 9, 8)] == [0, 0, 2]
    assert order.confirm() == 9


def test_vehicle_that_lost_its_memory_is_followed() -> None:
    """Low numbers with later times are new readings, not old ones."""
    order = settled(100, 101)

    assert len(order.arrive(parcel(1, 200_000), 0)) == 1
    assert order.confirm() == 1


def test_what_was_not_confirmed_is_taken_again_after_a_new_connection() -> None:
    """Readings that were handed over but never stored must not count as received."""
    order = settled(5)
    assert len(order.arrive(parcel(6), 0)) == 1
    order.connect()

    assert [one.sn for sn in (6, 6) for one in order.arrive(parcel(sn), 0)] == [6]


def test_feed_that_never_sends_again_is_taken_after_a_while() -> None:
    """Patience ends with time, or when too much waits."""
    order = Order(30.0)

    assert order.arrive(parcel(2), 0) == []
    assert order.arrive(parcel(3), 29.9) == []
    assert len(order.arrive(parcel(4), 30.0)) == 3


def test_waiting_is_bounded() -> None:
    """A flood does not fill the memory."""
    order = Order(1e9)

    taken = [len(order.arrive(parcel(sn), 0)) for sn in range(2, MAX_WAITING + 3)]

    assert taken[-1] == MAX_WAITING + 1


class Vehicle:
    """A vehicle as the feed's page has it: a window of what is not acknowledged, each sent again after its own time."""

    def __init__(self, window: int, again_ms: int, step: int) -> None:
        self.window, self.again_ms, self.step = window, again_ms, step
        self.kept: dict[int, int | None] = {}
        self.made = 0

    def measure(self) -> None:
        """Keep one more."""
        self.made += 1
        self.kept[self.made * self.step] = None

    def due(self, now_ms: int) -> list[int]:
        """Return what is sent now, oldest first."""
        window = list(self.kept)[: self.window]
        out = [sn for sn in window if self.kept[sn] is None or now_ms - self.kept[sn] >= self.again_ms]
        self.kept |= dict.fromkeys(out, now_ms)
        return out

    def acknowledge(self, sn: int) -> None:
        """Let go."""
        self.kept = {one: sent for one, sent in self.kept.items() if one > sn}


def after(what: str, order: Order | None) -> Order | None:
    """Return the gateway's order after it left, came with an empty memory, or connected anew."""
    if what == "connect" and order is not None:
        order.connect()
    return {"leave": None, "come": Order(1e9)}.get(what, order)


@settings(max_examples=60)
@given(
    steps=st.lists(
        st.tuples(
            st.integers(1, 900),
            st.sampled_from(["measure", "measure", "measure", "quiet", "leave", "come", "connect", "deaf"]),
        ),
        max_size=60,
    ),
    step=st.sampled_from([1, 1, 3]),
)
def test_nothing_is_lost_whenever_the_gateway_comes_and_goes(steps: list[tuple[int, str]], step: int) -> None:
    """All that was measured is stored in the end, through absences, restarts and lost acknowledgements."""
    vehicle, stored = Vehicle(8, 2_000, step), list[int]()
    order: Order | None = None
    now_ms = under_way = 0
    for wait_ms, what in [*steps, (1, "come"), *[(700, "quiet")] * 60]:
        now_ms += wait_ms
        order = after(what, order)
        if what == "measure":
            vehicle.measure()
        for sn in vehicle.due(now_ms):
            if order is not None:
                stored += [one.sn for one in order.arrive(parcel(sn), now_ms)]
        vehicle.acknowledge(under_way)
        if what != "deaf" and order is not None:
            # It arrives a step later, when the gateway may be another one already.
            under_way = order.confirm() or under_way

    assert vehicle.kept == {}
    assert sorted(set(stored)) == [sn * step for sn in range(1, vehicle.made + 1)]
