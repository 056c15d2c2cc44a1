"""How areas stand: levels by cause with hysteresis in time, and how fresh what they rest on is."""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.model import MINUTE_MS, DetectorKind, Freshness, Level
from hub.network import PROPERTY_NAMES, Cover, Network

Levels = NDArray[np.uint8]
Ints = NDArray[np.int64]

# One slot for the exceedance of each property, one for the local excess of whatever stands out most.
EXCESS_SLOT: Final = len(PROPERTY_NAMES)
SLOTS: Final = EXCESS_SLOT + 1
NEVER_MS: Final = np.iinfo(np.int64).min // 2

# A level is kept this long after the last minute that supported it.
HOLD_MS: Final = np.full(SLOTS, 10 * MINUTE_MS)
HOLD_MS[EXCESS_SLOT] = 20 * MINUTE_MS
# Fresh: a value within three periods of its stream, at least this long; stale: within a day.
FRESH_MS: Final = 10 * MINUTE_MS
STALE_MS: Final = 24 * 60 * MINUTE_MS


class AreaState(NamedTuple):
    """What is remembered of each of A areas.

    Attributes:
        level: uint8[A, SLOTS].
        start_ms: int64[A, SLOTS], when the excess began that holds the level; 0 at NORMAL.
        supported_ms: int64[A, SLOTS], the last minute that supported the level.
        property: int64[A, SLOTS], what it is about: in the slot of local excess what stood out most when it became red.
        shown: uint8[A], the highest of its levels.
        fresh: uint8[A], `Freshness`.
        since_ms: int64[A], since when `shown` is what it is.
        red_ms: int64[A], the last minute at which a local excess was red.
    """

    level: Levels
    start_ms: Ints
    supported_ms: Ints
    property: Ints
    shown: Levels
    fresh: Levels
    since_ms: Ints
    red_ms: Ints

    @classmethod
    def start(cls, areas: int) -> "AreaState":
        """Return the state of areas of which nothing is known."""
        slots = (areas, SLOTS)
        about = np.tile(np.append(np.arange(EXCESS_SLOT), -1), (areas, 1))
        return cls(
            np.zeros(slots, np.uint8),
            np.zeros(slots, np.int64),
            np.full(slots, NEVER_MS),
            about,
            np.zeros(areas, np.uint8),
            np.full(areas, Freshness.NO_DATA, np.uint8),
            np.zeros(areas, np.int64),
            np.full(areas, NEVER_MS),
        )


class Support(NamedTuple):
    """What this minute says of the areas.

    Attributes:
        level: uint8[A, SLOTS], the highest level that a stream asks for.
        start_ms: int64[A, SLOTS], the earliest start of what asks for it.
        property: int64[A], what stands out most in the slot of local excess, -1 for nothing.
    """

    level: Levels
    start_ms: Ints
    property: Ints

    @classmethod
    def none(cls, areas: int) -> "Support":
        """Return a support to write into."""
        latest = np.iinfo(np.int64).max
        return cls(np.zeros((areas, SLOTS), np.uint8), np.full((areas, SLOTS), latest), np.full(areas, -1))


def stepped(state: AreaState, support: Support, fresh: Levels, minute_ms: int) -> tuple[AreaState, NDArray[np.bool_]]:
    """Return the state after a minute, and bool[A, SLOTS]: where a level has just become red."""
    cells = np.flatnonzero(support.level | state.level)
    if not cells.size:
        return state._replace(fresh=fresh), np.zeros(state.level.shape, np.bool_)
    area, slot = np.divmod(cells, SLOTS)
    asks, stood, supported_ms = (part.reshape(-1)[cells] for part in (support.level, state.level, state.supported_ms))
    kept = (asks < stood) & (minute_ms - supported_ms < HOLD_MS[slot])
    level = np.where(kept, stood, asks)
    risen = level > stood
    names = risen & (slot == EXCESS_SLOT)
    start_ms = np.where(risen, support.start_ms[area, slot], np.where(level == 0, 0, state.start_ms[area, slot]))
    supported_ms = np.where(~kept & (level > 0), minute_ms, supported_ms)
    about = np.where(names, support.property[area], state.property[area, slot])
    levels = _changed(state.level, cells, level)
    shown = levels.max(axis=1, initial=0)
    after = AreaState(
        levels,
        _changed(state.start_ms, cells, start_ms),
        _changed(state.supported_ms, cells, supported_ms),
        _changed(state.property, cells, about),
        shown,
        fresh,
        np.where(shown != state.shown, minute_ms, state.since_ms),
        np.where(levels[:, EXCESS_SLOT] == Level.RED, minute_ms, state.red_ms),
    )
    reddened = (level == Level.RED) & (stood < Level.RED)
    return after, _changed(np.zeros(levels.shape, np.bool_), cells, reddened)


def _changed(whole: NDArray[Any], cells: NDArray[np.intp], part: NDArray[Any]) -> NDArray[Any]:
    """Return an array of areas and slots with other values in some cells."""
    result = whole.copy()
    result.reshape(-1)[cells] = part
    return result


def freshness(network: Network, newest_minute: Ints, state: AreaState, minute_ms: int) -> Levels:
    """Return uint8[A]: how fresh the newest value is that speaks for each area; a passing vehicle's counts, too."""
    cover, slack_ms = network.cover, _slack_ms(network)
    heard_ms = np.where(newest_minute < 0, NEVER_MS, newest_minute * MINUTE_MS)
    supported = state.supported_ms.max(axis=1, initial=NEVER_MS)
    until = _latest(heard_ms + slack_ms, cover, len(supported))
    is_fresh = (until >= minute_ms) | (minute_ms - supported <= FRESH_MS)
    if is_fresh.all():
        return np.full(len(supported), Freshness.FRESH, np.uint8)
    heard = np.maximum(_latest(heard_ms, cover, len(supported)), supported)
    old = np.where(minute_ms - heard <= STALE_MS, np.uint8(Freshness.STALE), np.uint8(Freshness.NO_DATA))
    return np.where(is_fresh, np.uint8(Freshness.FRESH), old)


def _latest(time_ms: Ints, cover: Cover, areas: int) -> Ints:
    """Return int64[A]: the latest time of the streams that speak for each area."""
    latest = np.full(areas, NEVER_MS)
    if len(cover.area):
        latest[cover.area] = np.maximum.reduceat(time_ms.take(cover.row), cover.start)
    return latest


def speaking(network: Network, newest_minute: Ints, minute: int) -> NDArray[np.bool_]:
    """Return bool[n]: whose newest value still speaks: silence keeps nobody unusual."""
    return np.asarray((minute - newest_minute) * MINUTE_MS <= _slack_ms(network))


def _slack_ms(network: Network) -> Ints:
    """Return int64[n]: for how long the newest value of each stream is fresh."""
    return np.maximum(3 * network.period_ms, FRESH_MS)


def detector_of(slot: int) -> DetectorKind:
    """Return the kind of detector that a slot belongs to."""
    return "local_excess" if slot == EXCESS_SLOT else "exceedance"
