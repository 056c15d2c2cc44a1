"""What a rule is: as it stands in a file, and as the judge takes it."""

from datetime import date
from typing import Annotated, Final, Literal, get_args

import msgspec

from hub.anomaly.standard import Confidence
from hub.model import AreaKind, Basis

RuleKind = Literal["limit", "aqi_level", "local_threshold", "noise_zone", "lab_range", "local_excess", "onset"]
Hosts = Literal["reference", "micro_station", "lab", "vehicle"]
Place = Literal["enterprise", "road", "construction_site", "lab_building", "none"]
Positive = Annotated[int, msgspec.Meta(ge=1)]
Count = Annotated[int, msgspec.Meta(ge=0)]

# Every kind of place that a station can stand in; "none" is outside of all areas.
PLACES: Final[tuple[Place, ...]] = get_args(Place)
assert set(PLACES) == {*get_args(AreaKind), "none"}


class Applied(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is said of a rule whether its threshold is its own or a standard's.

    Attributes:
        id: never used again for another meaning.
        kind: limit (a standard's, for this averaging time), aqi_level, local_threshold, noise_zone, lab_range,
            local_excess or onset.
        property: what it is about.
        stations: the kinds of station that it applies to.
        areas: the kinds of area in which the station must stand, "none" for outside of all; empty for anywhere.
        at_areas, at_stations: ids of the areas or stations that it is about; empty for all. The most particular rules
            about a station, kind, property and side stand in place of all more general ones.
        below: whether values below the threshold count instead of values above.
        relative: for local_excess and onset: the excess must also pass this share of the background.
        score: for onset: standard deviations of the station's own that the cumulative sum must pass.
        passes, within_min: for local_excess of vehicles: short peaks at one place that make it, within so many minutes;
            0 for any run of values.
        margin: how far the value must come back before the rule is left; local_excess is left at 70 % of the threshold,
            an onset at half of it.
        average_min: averaging period in minutes.
        valid_hours: 0 for a running mean of the minutes; otherwise the mean is that of whole clock hours, and so many
            of them must exist.
        natural_day: whether those hours must all lie within one day (Asia/Shanghai).
        enter, leave: values in a row that enter and leave.
        delay_min: minutes that pass from the first of them before it is entered.
        level: what it asks of the area.
        valid_from, valid_to: first and last day (Asia/Shanghai) of the readings that it judges.
    """

    id: str
    kind: RuleKind
    property: str
    stations: tuple[Hosts, ...]
    areas: tuple[Place, ...] = ()
    at_areas: tuple[str, ...] = ()
    at_stations: tuple[str, ...] = ()
    below: bool = False
    relative: float = 0.0
    score: float = 0.0
    passes: Count = 0
    within_min: Count = 0
    margin: float = 0.0
    average_min: Positive = 1
    valid_hours: Count = 0
    natural_day: bool = False
    enter: Positive
    leave: Positive
    delay_min: Count = 0
    level: Literal["attention", "red"]
    valid_from: date = date.min
    valid_to: date = date.max


class Rule(Applied, frozen=True, kw_only=True):
    """One threshold, as the judge takes it: in the property's canonical unit.

    Attributes:
        id: with "@" and the version of its file.
        threshold: for local_excess and onset the least excess.
        night_threshold: instead of `threshold` from 22:00 to 06:00, None for the same.
        valid_min: minutes of the averaging period, or of each of its hours, that must have values.
        standard: the number of the standard whose limit it is, "" for none.
        jurisdiction: who has set it: CN for all of China, "project" for a default of this program.
        source, source_zh: where every number stands; in Chinese "" where nobody has said so.
        confidence: A the primary text was read, B two independent sources, C one secondary source or a default of ours.
    """

    unit: str
    threshold: float
    night_threshold: float | None = None
    valid_min: Positive = 1
    standard: str = ""
    jurisdiction: str
    source: str
    source_zh: str = ""
    confidence: Confidence


class Written(Applied, frozen=True, kw_only=True):
    """One rule of a file: with a threshold of its own, or with the standard whose limit it applies.

    Attributes:
        unit: of threshold and margin, any that the property can be stated in; the standard's when it is left out.
        valid_min: needed for every mean that no standard has conditions for.
        standard: its number.
        grade, averaging: of a limit of the air.
        iaqi: the index whose breakpoint is the threshold; `averaging` says of which mean.
        zone_class: of a noise standard.
        decision: by which an authority has switched on a limit that needs it.
        source, source_zh: for a standard's limit, what is said beyond it.
    """

    unit: str = ""
    threshold: float | None = None
    night_threshold: float | None = None
    valid_min: Count = 0
    standard: str = ""
    grade: int = 0
    averaging: str = ""
    iaqi: int = 0
    zone_class: str = ""
    decision: str = ""
    jurisdiction: str = ""
    source: str = ""
    source_zh: str = ""
    confidence: Confidence | None = None


class Rulebook(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One file of rules; jurisdiction is that of rules that name neither a standard nor their own."""

    version: str
    jurisdiction: str = ""
    rule: tuple[Written, ...]


def particular(rule: Rule) -> int:
    """Return how particular a rule is about its place: 3 stations, 2 areas, 1 kinds of area, 0 anywhere."""
    return 3 if rule.at_stations else 2 if rule.at_areas else 1 if rule.areas else 0


def family(rule: Rule) -> tuple[str, str, bool]:
    """Return what a more particular rule takes the place of: all of its kind, property and side."""
    return rule.kind, rule.property, rule.below


def basis(rule: Rule) -> Basis:
    """Return what a rule says of itself to those who see what it found."""
    return Basis(
        kind=rule.kind,
        version=rule.id.partition("@")[2],
        standard=rule.standard,
        jurisdiction=rule.jurisdiction,
        source=rule.source,
        confidence=rule.confidence,
        average_min=rule.average_min,
        valid_min=rule.valid_min,
        valid_hours=rule.valid_hours,
        source_zh=rule.source_zh,
    )
