"""The checks that make a round every five minutes: each in a minute of its own, so that no minute is long."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.model import MINUTE_MS
from hub.panel import NEVER, Newest, Panel
from hub.quality import rendezvous
from hub.quality.attenuated import AttenuatedState
from hub.quality.bottom import BottomState
from hub.quality.bound import Checks
from hub.quality.check import Flags, Floats, Ints, Series
from hub.quality.clipping import ClippingState
from hub.quality.gap import GapState
from hub.quality.oxidant import OxidantState
from hub.quality.rate_of_change import RateState
from hub.quality.spike import SpikeState
from wire.reading import Flag

_SUSPECT, _FAIL, _MISSING = (np.uint8(flag) for flag in (Flag.SUSPECT, Flag.FAIL, Flag.MISSING))
ROUND_MIN: Final = 5
# The minute of five in which each looks round.
SILENCE_AT: Final = 1
ENDS_AT: Final = 2
SLOW_AT: Final = 3
STEPS_AT: Final = 4


class Seen(NamedTuple):
    """What the checks look at in a minute.

    Attributes:
        panel, newest: of n streams.
        fresh: n streams, one time: the newest values, NaN where there is nothing new, and what the neighbours have.
        near_plume: bool[n], where the gain is not to be learnt.
        minute: since 1970.
        listening: whether the hub was up to hear it.
    """

    panel: Panel
    newest: Newest
    fresh: Series
    near_plume: NDArray[np.bool_]
    minute: int
    listening: bool

    @property
    def near(self) -> Floats:
        """float64[n], what the neighbours have, NaN where too few speak."""
        return self.fresh.background[:, 0]

    def series(self, since: Ints) -> Series:
        """Return the newest values, one time; NaN for those that are no newer than the minutes `since`."""
        value = np.where(self.newest.minute > since, self.newest.value, np.nan)
        return self.fresh._replace(value=value[:, None])


class Rounds(NamedTuple):
    """What the rounds remember.

    Attributes:
        heard_min: int64[], minutes in which the hub listened since the last look for silence.
        ends_seen, slow_seen: int64[n], minute of the newest value that each round saw.
        spike, rate_of_change, bottom, clipping, attenuated, oxidant, meetings, gap: states of the checks.
        spike_flag, rate_flag, bottom_flag, clipping_flag, attenuated_flag: uint8[n], what each said last.
        place_flag: uint8[places], what `oxidant` said last.
        oxidant_flag: uint8[n], the same of its streams.
        missing: bool[n], silent for some periods.
    """

    heard_min: NDArray[np.int64]
    ends_seen: Ints
    slow_seen: Ints
    spike: SpikeState
    rate_of_change: RateState
    bottom: BottomState
    clipping: ClippingState
    attenuated: AttenuatedState
    oxidant: OxidantState
    meetings: rendezvous.Meetings
    gap: GapState
    spike_flag: Flags
    rate_flag: Flags
    bottom_flag: Flags
    clipping_flag: Flags
    attenuated_flag: Flags
    place_flag: Flags
    oxidant_flag: Flags
    missing: NDArray[np.bool_]

    @property
    def worst(self) -> Flags:
        """uint8[n]: the worst of the flags; one spike is past when it is known."""
        flags = self.rate_flag, self.bottom_flag, self.clipping_flag, self.attenuated_flag, self.oxidant_flag
        often = np.where(self.spike_flag == Flag.FAIL, self.spike_flag, np.uint8(Flag.GOOD))
        return np.asarray(np.maximum.reduce([*flags, often, self.meetings.flag]), np.uint8)

    @property
    def lies(self) -> NDArray[np.bool_]:
        """bool[n]: whose values take no part; a doubt that the air itself can raise is none, a failure is."""
        found = np.zeros(len(self.missing), np.bool_)
        for flag in (self.bottom_flag, self.clipping_flag, self.attenuated_flag, self.meetings.flag):
            found |= flag >= _SUSPECT
        for flag in (self.spike_flag, self.rate_flag, self.oxidant_flag):
            found |= flag >= _FAIL
        return found


def start(checks: Checks, n: int) -> Rounds:
    """Return the state before the first round of n streams."""
    unknown, never = np.full(n, Flag.UNKNOWN, np.uint8), np.full(n, NEVER)
    places = len(checks.places)
    return Rounds(
        heard_min=np.array(0),
        ends_seen=never,
        slow_seen=never,
        spike=checks.spike.start(n),
        rate_of_change=checks.rate_of_change.start(n),
        bottom=checks.bottom.start(n),
        clipping=checks.clipping.start(n),
        attenuated=checks.attenuated.start(n),
        oxidant=checks.oxidant.start(places),
        meetings=checks.rendezvous.start(),
        gap=checks.gap.start(n),
        spike_flag=unknown,
        rate_flag=unknown,
        bottom_flag=unknown,
        clipping_flag=unknown,
        attenuated_flag=unknown,
        place_flag=np.full(places, Flag.UNKNOWN, np.uint8),
        oxidant_flag=unknown,
        missing=np.zeros(n, np.bool_),
    )


def made(checks: Checks, seen: Seen, doubted: NDArray[np.bool_], state: Rounds) -> Rounds:
    """Return the state after a minute.

    Args:
        checks: of the network.
        seen: in this minute.
        doubted: bool[n], who lies by what is judged every minute.
        state: before.
    """
    state = state._replace(heard_min=state.heard_min + seen.listening)
    at = seen.minute % ROUND_MIN
    if at == SILENCE_AT:
        return _silence(checks, seen, state)
    if at == ENDS_AT:
        return _ends(checks, seen, state)
    if at == SLOW_AT:
        return _slow(checks, seen, doubted, state)
    return _steps(checks, seen, state) if at == STEPS_AT else state


def _silence(checks: Checks, seen: Seen, state: Rounds) -> Rounds:
    gap = checks.gap(seen.newest.minute, int(state.heard_min), state.gap)
    return state._replace(heard_min=np.array(0), gap=gap, missing=checks.gap.missing(gap))


def _ends(checks: Checks, seen: Seen, state: Rounds) -> Rounds:
    """Judge both ends of the scale."""
    series = seen.series(state.ends_seen)
    bottom_flag, bottom = checks.bottom(series, state.bottom)
    clipping_flag, clipping = checks.clipping(series, state.clipping)
    return state._replace(
        ends_seen=seen.newest.minute,
        bottom=bottom,
        bottom_flag=latest(state.bottom_flag, bottom_flag),
        clipping=clipping,
        clipping_flag=latest(state.clipping_flag, clipping_flag),
    )


def _slow(checks: Checks, seen: Seen, doubted: NDArray[np.bool_], state: Rounds) -> Rounds:
    """Judge what shows in hours, and who met whom."""
    series = seen.series(state.slow_seen)
    flags, attenuated = checks.attenuated(series, state.attenuated)
    state = state._replace(
        slow_seen=seen.newest.minute, attenuated=attenuated, attenuated_flag=latest(state.attenuated_flag, flags)
    )
    if len(checks.places):
        state = _summed(checks, seen, series, state)
    lying = doubted | state.lies & (state.meetings.flag < Flag.SUSPECT)
    meetings = rendezvous.met(checks.rendezvous, checks.trees, seen.panel, seen.minute, lying, state.meetings)
    return state._replace(meetings=meetings)


def _summed(checks: Checks, seen: Seen, series: Series, state: Rounds) -> Rounds:
    total, others = checks.places.sums(series.value[:, 0])[0], checks.places.sums(seen.near)[0]
    when = seen.newest.minute[checks.places.rows[:, 0]][:, None] * MINUTE_MS
    flags, oxidant = checks.oxidant(Series(when, total[:, None], others[:, None]), state.oxidant)
    place_flag = latest(state.place_flag, flags)
    rows = checks.places.blamed(place_flag, seen.newest.value, seen.near)
    return state._replace(oxidant=oxidant, place_flag=place_flag, oxidant_flag=rows)


def _steps(checks: Checks, seen: Seen, state: Rounds) -> Rounds:
    """Judge every minute of the last five."""
    rows = checks.stepped
    if not rows.size:
        return state
    n = len(seen.near)
    minutes, value, _, _ = seen.panel.tail(rows, seen.minute, ROUND_MIN)
    values = np.full((n, len(minutes)), np.nan)
    values[rows] = value
    series = Series(np.broadcast_to(minutes * MINUTE_MS, values.shape), values, np.broadcast_to(np.nan, values.shape))
    spikes, spike = checks.spike(series, state.spike)
    fast, rate_of_change = checks.rate_of_change(series, state.rate_of_change)
    return state._replace(
        spike=spike,
        spike_flag=latest(state.spike_flag, spikes),
        rate_of_change=rate_of_change,
        rate_flag=latest(state.rate_flag, fast),
    )


def latest(before: Flags, now: Flags) -> Flags:
    """Return uint8[n]: the last flag of each row of `now` that is one of a value, else that of `before`."""
    for k in range(now.shape[1]):
        before = np.where(now[:, k] == _MISSING, before, now[:, k])
    return before
