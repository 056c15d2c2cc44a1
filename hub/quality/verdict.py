"""All checks on the newest values of all streams: who lies now."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.bindings import Bindings
from hub.quality import rounds
from hub.quality.check import Flags, Floats, Ints, Series
from hub.quality.consistency import ConsistencyState
from hub.quality.faults.cause import Cause
from hub.quality.flat_line import FlatState
from hub.quality.gain import GainState
from hub.quality.rounds import Rounds, Seen, latest
from wire.reading import Flag

# As numbers of the arrays' own type: an enumeration's cost microseconds to compare with.
_SUSPECT, _NO_FAULT = np.uint8(Flag.SUSPECT), np.uint8(Cause.NONE)
# Around an excess of another station a gain is not learnt: the edge of a plume is no fault.
PLUME_M: Final = 5_000.0


class Quality(NamedTuple):
    """What the checks remember.

    Attributes:
        flat, gain, pairs: states of those that judge every minute.
        rounds: of those that judge every five.
        flat_flag, gain_flag: uint8[n], what each said of the newest value; UNKNOWN before the first.
        pair_flag: uint8[pairs], the same of the consistency of two properties.
        consistency_flag: uint8[n], the same of their streams.
        told: uint8[n], the kind of fault that a ticket was opened about and that lasts, 0 for none; see `complaint`.
        told_min: int64[n], the last minute in which something of the stream's cell failed, 0 for never.
        told_silent: uint8[n], whether that was said of a silent stream, by its device or by its gateway.
        standing: uint8[n] of `Cause`, the fault that the hourly checks have announced and that lasts.
    """

    flat: FlatState
    gain: GainState
    pairs: ConsistencyState
    rounds: Rounds
    flat_flag: Flags
    gain_flag: Flags
    pair_flag: Flags
    consistency_flag: Flags
    told: Flags
    told_min: Ints
    told_silent: Flags
    standing: Flags

    @property
    def flag(self) -> Flags:
        """What is said of the newest value: the worst of all checks, MISSING when it is of too long ago."""
        worst = np.maximum(self._minutely, self.rounds.worst)
        return np.where(self.rounds.missing, np.uint8(Flag.MISSING), worst)

    @property
    def doubted(self) -> NDArray[np.bool_]:
        """bool[n]: whose values take no part."""
        found: NDArray[np.bool_] = self.rounds.lying | (self.standing != _NO_FAULT)
        for flag in (self.flat_flag, self.gain_flag, self.consistency_flag):
            found |= flag >= _SUSPECT
        return found

    @property
    def _minutely(self) -> Flags:
        lasting = np.where(self.standing != Cause.NONE, np.uint8(Flag.SUSPECT), np.uint8(Flag.GOOD))
        return np.asarray(np.maximum.reduce([self.flat_flag, self.gain_flag, self.consistency_flag, lasting]), np.uint8)


def start(bindings: Bindings) -> Quality:
    """Return the state before the first value."""
    n, checks = len(bindings.network), bindings.checks
    unknown, pairs = np.full(n, Flag.UNKNOWN, np.uint8), len(checks.pairs)
    return Quality(
        bindings.flat_line.start(n),
        bindings.gain.start(n),
        checks.consistency.start(pairs),
        rounds.start(checks, n),
        unknown,
        unknown,
        np.full(pairs, Flag.UNKNOWN, np.uint8),
        unknown,
        np.zeros(n, np.uint8),
        np.zeros(n, np.int64),
        np.zeros(n, np.uint8),
        np.zeros(n, np.uint8),
    )


def liars(bindings: Bindings, quality: Quality) -> NDArray[np.bool_]:
    """Return bool[n]: doubted streams and what shares their cell: no part in backgrounds and detectors."""
    doubted, cell = quality.doubted, bindings.network.cell
    if not doubted.any():
        return doubted
    found = np.zeros(len(doubted), np.bool_)
    found[cell[doubted]] = True  # a cell bears the number of its first stream
    return found[cell]


def checked(bindings: Bindings, seen: Seen, quality: Quality) -> Quality:
    """Return what the checks say after the newest values.

    Args:
        bindings: with the checks' parameters.
        seen: what they look at.
        quality: what they said before.
    """
    fresh = seen.fresh
    flat_flag, flat = bindings.flat_line(fresh, quality.flat)
    # One fault, one ticket: a value that repeats says nothing about the gain.
    repeating = bindings.flat_line.repeating(flat)
    calm = np.where((seen.near_plume | repeating)[:, None], np.nan, fresh.background)
    gain_flag, gain = bindings.gain(fresh._replace(background=calm), quality.gain)
    after = quality._replace(
        flat=flat,
        gain=gain,
        flat_flag=latest(quality.flat_flag, flat_flag),
        gain_flag=latest(quality.gain_flag, gain_flag),
    )
    if len(bindings.checks.pairs):
        after = _compared(bindings, seen, after)
    return after._replace(rounds=rounds.made(bindings.checks, seen, after.doubted, quality.rounds))


def _compared(bindings: Bindings, seen: Seen, quality: Quality) -> Quality:
    """Hold the properties of one place against each other."""
    pairs = bindings.checks.pairs
    part, whole = pairs.sums(seen.fresh.value[:, 0])
    when = seen.fresh.time_ms[pairs.rows[:, :1], 0]
    flags, state = bindings.checks.consistency(Series(when, part[:, None], whole[:, None]), quality.pairs)
    # Without the whole nothing was judged: what was said before stands.
    flags[np.isnan(whole), 0] = Flag.MISSING
    pair_flag = latest(quality.pair_flag, flags)
    blamed = pairs.blamed(pair_flag, seen.newest.value, seen.near)
    return quality._replace(pairs=state, pair_flag=pair_flag, consistency_flag=blamed)


def near_plumes(bindings: Bindings, hot: NDArray[np.intp], east_m: Floats, north_m: Floats) -> NDArray[np.bool_]:
    """Return bool[n]: streams whose gain is judged, within PLUME_M of a hot row of another station."""
    network, near = bindings.network, np.zeros(len(bindings.network), np.bool_)
    rows = np.flatnonzero(~np.isnan(bindings.gain.floor))
    away = np.hypot(network.east_m[rows, None] - east_m[hot], network.north_m[rows, None] - north_m[hot])
    other = network.station[rows, None] != network.station[hot]
    near[rows] = ((away <= PLUME_M) & other).any(axis=1)
    return near
