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
        lag_min: minutes after its end at which it was closed.
    """

    panel: Panel
    newest: Newest
    fresh: Series
    near_plume: NDArray[np.bool_]
    minute: int
    listening: bool
    lag_min: int

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
        sums_seen, ends_seen, slow_seen: int64[n], minute of the newest value that each round saw.
        spike, rate_of_change, bottom, clipping, attenuated, oxidant, meetings, gap: states of the checks.
        spike_flag, rate_flag, bottom_flag, clipping_flag, attenuated_flag: uint8[n], what each said last.
        place_flag: uint8[places], what `oxidant` said last.
        oxidant_flag: uint8[n], the same of its streams.
        missing: bool[n], silent for some periods.
        lying: bool[n], whose values take no part.
    """

    heard_min: NDArray[np.int64]
    sums_seen: Ints
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
    lying: NDArray[np.bool_]

    @property
    def worst(self) -> Flags:
        """uint8[n]: the worst of the flags; one spike is past when it is known."""
        flags = self.rate_flag, self.bottom_flag, self.clipping_flag, self.attenuated_flag, self.oxidant_flag
        often = np.where(self.spike_flag == Flag.FAIL, self.spike_flag, np.uint8(Flag.GOOD))
        return np.asarray(np.maximum.reduce([*flags, often, self.meetings.flag]), np.uint8)


def _lying(state: Rounds) -> Rounds:
    """Return the state with who lies: a doubt that the air itself can raise is no lie, a failure is."""
    found = np.zeros(len(state.missing), np.bool_)
    for flag in (state.bottom_flag, state.clipping_flag, state.attenuated_flag, state.meetings.flag):
        found |= flag >= _SUSPECT
    for flag in (state.spike_flag, state.rate_flag, state.oxidant_flag):
        found |= flag >= _FAIL
    return state._replace(lying=found)


def start(checks: Checks, n: int) -> Rounds:
    """Return the state before the first round of n streams."""
    unknown, never = np.full(n, Flag.UNKNOWN, np.uint8), np.full(n, NEVER)
    places = len(checks.places)
    return Rounds(
        heard_min=np.array(0),
        sums_seen=never,
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
        lying=np.zeros(n, np.bool_),
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
        return _lying(_sums(checks, seen, _silence(checks, seen, state)))
    if state.missing.any():
        state = state._replace(missing=state.missing & (seen.newest.minute + seen.newest.bad <= state.gap.last))
    if at == ENDS_AT:
        return _lying(_ends(checks, seen, state))
    if at == SLOW_AT:
        return _lying(_slow(checks, seen, doubted, state))
    return _lying(_steps(checks, seen, state)) if at == STEPS_AT else state


def _silence(checks: Checks, seen: Seen, state: Rounds) -> Rounds:
    # Who says nothing but what cannot be is not silent.
    said = seen.newest.minute + seen.newest.bad
    gap = checks.gap(said, seen.minute, int(state.heard_min), state.gap)
    return state._replace(heard_min=np.array(0), gap=gap, missing=checks.gap.missing(gap, seen.lag_min))


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
    lying = doubted & (state.meetings.flag < Flag.SUSPECT)
    meetings = rendezvous.met(checks.rendezvous, checks.trees, seen.panel, seen.minute, lying, state.meetings)
    return state._replace(meetings=meetings)


def _sums(checks: Checks, seen: Seen, state: Rounds) -> Rounds:
    """Judge what adds up at a place."""
    if not len(checks.places):
        return state
    series = seen.series(state.sums_seen)
    total, others = checks.places.sums(series.value[:, 0])[0], checks.places.sums(seen.near)[0]
    when = seen.newest.minute[checks.places.rows[:, 0]][:, None] * MINUTE_MS
    flags, oxidant = checks.oxidant(Series(when, total[:, None], others[:, None]), state.oxidant)
    place_flag = latest(state.place_flag, flags)
    rows = checks.places.blamed(place_flag, seen.newest.value, seen.near)
    return state._replace(sums_seen=seen.newest.minute, oxidant=oxidant, place_flag=place_flag, oxidant_flag=rows)


def _steps(checks: Checks, seen: Seen, state: Rounds) -> Rounds:
    """Judge every minute of the last five."""
    rows = checks.stepped
    if not rows.size:
        return state
    n = len(seen.near)
    minutes, value, _, _ = seen.panel.tail(rows, seen.minute, ROUND_MIN)
    values = np.full((len(minutes), n), np.nan)
    values[:, rows] = value.T
    shape = values.T.shape
    series = Series(np.broadcast_to(minutes * MINUTE_MS, shape), values.T, np.broadcast_to(np.nan, shape))
    if checks.spikes:
        flags, spike = checks.spike(series, state.spike)
        state = state._replace(spike=spike, spike_flag=latest(state.spike_flag, flags))
    if checks.rates:
        flags, rate = checks.rate_of_change(series, state.rate_of_change)
        state = state._replace(rate_of_change=rate, rate_flag=latest(state.rate_flag, flags))
    return state


def latest(before: Flags, now: Flags) -> Flags:
    """Return uint8[n]: the last flag of each row of `now` that is one of a value, else that of `before`."""
    for k in range(now.shape[1]):
        before = np.where(now[:, k] == _MISSING, before, now[:, k])
    return before
