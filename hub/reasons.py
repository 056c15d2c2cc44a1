"""Why an anomaly is one, as frozen values: everything with which a person can recompute it. UTC ms, canonical units."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

SettleKind = Literal["downwind", "between", "reading"]
BackgroundKind = Literal["", "neighbours", "region", "own_hour"]


class Candidate(NamedTuple):
    """An area that may make an excess, None for a source outside of all areas, and how likely that is (0 to 1)."""

    area: str | None
    probability: float


@dataclass(frozen=True, slots=True)
class Settle:
    """The one observation that would say most about whose an excess is.

    Attributes:
        kind: a pass downwind of `area`, between `area` and `other`, or a reading at a place.
        area: what a higher value speaks for, None for a source outside of all areas.
        other: what a lower value speaks for.
        value: the value between the two, as an instrument there shows it.
        if_area, if_other: what it would probably show.
        gain_bits: how much less uncertain the answer is expected to leave us, of at most 1.
        words, words_en: what to do, for a person; "" until names are known.
    """

    kind: SettleKind
    longitude: float
    latitude: float
    area: str | None
    other: str | None
    value: float
    if_area: float
    if_other: float
    gain_bits: float
    words: str = ""
    words_en: str = ""


class Part(NamedTuple):
    """One of the values of which a mean is formed: of `minutes` from `start_ms` on, of which `valid` have a value."""

    start_ms: int
    minutes: int
    valid: int
    value: float


class Neighbour(NamedTuple):
    """What a series that makes the background said last; of a vehicle's own hour, what it said itself."""

    datastream: str
    minute_ms: int
    value: float


class Past(NamedTuple):
    """What was judged at a minute; NaN where nothing was."""

    minute_ms: int
    value: float
    background: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a value, its background and its threshold came about.

    Attributes:
        averaging: arithmetic, energy (decibels) or vector.
        parts: of the mean, oldest first, and of the means before it in `history`; empty when the value is one minute's.
        background_of: whose median the background is: of neighbours, of the whole region, of a vehicle's own last hour;
            "" for an onset, whose background is what is usual at that station, and where none is needed.
        background_count: of how many values.
        neighbours: at most 8 of them, in the middle: their median is that of all.
        absolute, relative: the threshold is the larger of absolute and relative x background (0 for a fixed limit).
        margin: how far the value must come back to leave, in the unit of the value.
        enter, leave: values in a row that enter and leave; delay_min: minutes that must pass from the first.
        passes, within_min: short peaks of vehicles at one place that it takes, within so many minutes; 0 for others.
        since_ms: when the first value of the run was measured, 0 for a series that only agrees with one in a run.
        history: the last values, oldest first; minutes, or means that were judged.
        wind_speed, wind_direction: m/s, and degrees from where it comes; NaN when unknown.
    """

    averaging: str
    parts: tuple[Part, ...] = ()
    background_of: BackgroundKind = ""
    background_count: int = 0
    neighbours: tuple[Neighbour, ...] = ()
    absolute: float = float("nan")
    relative: float = 0.0
    margin: float = 0.0
    enter: int = 1
    leave: int = 1
    delay_min: int = 0
    passes: int = 0
    within_min: int = 0
    since_ms: int = 0
    history: tuple[Past, ...] = ()
    wind_speed: float = float("nan")
    wind_direction: float = float("nan")
