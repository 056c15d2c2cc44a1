"""What the interface says of why an area is not normal. UTC milliseconds, degrees WGS-84, canonical units."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from hub.model import DetectorKind
from hub.reasons import BackgroundKind, SettleKind

LevelName = Literal["normal", "attention", "red"]


class BasisAnswer(TypedDict):
    """What a rule rests on: whose it is, where its numbers stand, how sure that is, over what it averages.

    `source_zh` is the same in Chinese, "" where nobody has said so; leads of earlier versions have none.
    """

    kind: str
    version: str
    standard: str
    jurisdiction: str
    source: str
    source_zh: NotRequired[str]
    confidence: str
    average_min: int
    valid_min: int
    valid_hours: int


class CandidateAnswer(TypedDict):
    """Who may make an excess, null for a source outside of all areas, and how likely that is (0 to 1)."""

    area: str | None
    probability: float


class SettleAnswer(TypedDict):
    """The one observation that would say most: above `value` speaks for `area`, below for `other` (null: outside)."""

    kind: SettleKind
    longitude: float
    latitude: float
    area: str | None
    other: str | None
    value: float
    if_area: float
    if_other: float
    gain_bits: float
    words: str
    words_en: str


class PartAnswer(TypedDict):
    """One of the values of which a mean is formed."""

    start_ms: int
    minutes: int
    valid: int
    value: float | None


class NeighbourAnswer(TypedDict):
    """One of the values of which the background is the median."""

    datastream: str
    minute_ms: int
    value: float | None


class PastAnswer(TypedDict):
    """What was judged at a minute, or with the mean that began then."""

    minute_ms: int
    value: float | None
    background: float | None


class ExplanationAnswer(TypedDict):
    """How value, background and threshold came about; see `hub.reasons.Explanation`."""

    averaging: str
    parts: list[PartAnswer]
    background_of: BackgroundKind
    background_count: int
    neighbours: list[NeighbourAnswer]
    absolute: float | None
    relative: float
    margin: float
    enter: int
    leave: int
    delay_min: int
    passes: int
    within_min: int
    since_ms: int
    history: list[PastAnswer]
    wind_speed: float | None
    wind_direction: float | None


class Evidence(TypedDict):
    """Why an area is not normal: what was measured, where, against what; old evidence does not tell all of it."""

    minute_ms: int
    station: str
    datastream: str
    property: str
    detector: DetectorKind
    level: LevelName
    value: float | None
    background: float | None
    threshold: float | None
    rule: str
    longitude: float | None
    latitude: float | None
    alternatives: list[str]
    basis: NotRequired[BasisAnswer]
    candidates: NotRequired[list[CandidateAnswer]]
    settle: NotRequired[SettleAnswer | None]
    explanation: NotRequired[ExplanationAnswer | None]
