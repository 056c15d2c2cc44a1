"""The rules: what value asks what level of an area, from when to when, and who says so."""

import tomllib
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from typing import Annotated, Final, Literal

import msgspec

from hub.errors import ConfigError
from wire.properties import PROPERTIES

RuleKind = Literal["limit", "aqi_level", "local_threshold", "noise_zone", "lab_range", "local_excess"]
Positive = Annotated[int, msgspec.Meta(ge=1)]

# China has one time zone, without daylight saving: the standards' days and nights are Beijing's.
BEIJING: Final = timedelta(hours=8)
NIGHT_FROM_H, NIGHT_TO_H = 22, 6


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One threshold.

    Attributes:
        id: never used again for another meaning.
        kind: limit (a GB limit for this averaging time exists), aqi_level, local_threshold, noise_zone, lab_range or
            local_excess.
        property, unit: what it is about, in the property's canonical unit.
        stations: the kinds of station that it applies to.
        areas: the kinds of area in which the station must stand, "none" for outside of all; empty for anywhere.
        threshold: in `unit`; for local_excess the least excess.
        night_threshold: instead of `threshold` from 22:00 to 06:00, None for the same.
        below: whether values below the threshold count instead of values above.
        relative: for local_excess: the excess must also pass this share of the background.
        margin: how far the value must come back before the rule is left; local_excess is left at 70 % of the threshold.
        average_min: averaging period in minutes.
        valid_min: minutes of it that must have values.
        enter, leave: values in a row that enter and leave.
        delay_min: minutes that pass from the first of them before it is entered.
        level: what it asks of the area.
        valid_from, valid_to: first and last day (Asia/Shanghai) of the readings that it judges.
        source: where every number stands.
        confidence: A the primary text was read, B two independent sources, C one secondary source or a default of ours.
    """

    id: str
    kind: RuleKind
    property: str
    unit: str
    stations: tuple[Literal["reference", "micro_station", "lab", "vehicle"], ...]
    areas: tuple[Literal["enterprise", "road", "construction_site", "lab_building", "none"], ...] = ()
    threshold: float
    night_threshold: float | None = None
    below: bool = False
    relative: float = 0.0
    margin: float = 0.0
    average_min: Positive = 1
    valid_min: Positive = 1
    enter: Positive
    leave: Positive
    delay_min: int = 0
    level: Literal["attention", "red"]
    valid_from: date = date.min
    valid_to: date = date.max
    source: str
    confidence: Literal["A", "B", "C"]


class Rulebook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of rules."""

    version: str
    rule: tuple[Rule, ...]


def read_rules(name: str, text: str) -> tuple[Rule, ...]:
    """Return the rules of one TOML text, each id followed by the version of its file.

    Raises:
        ConfigError: not TOML, an unknown key, an unknown property, or a unit that is not the property's own.
    """
    try:
        book = msgspec.convert(tomllib.loads(text), Rulebook)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(name, "rule", "", str(error)) from error
    for rule in book.rule:
        _check(name, rule)
    return tuple(msgspec.structs.replace(rule, id=f"{rule.id}@{book.version}") for rule in book.rule)


def _check(name: str, rule: Rule) -> None:
    prop = PROPERTIES.get(rule.property)
    if prop is None:
        raise ConfigError(name, "rule", "property", f"{rule.id}: {rule.property!r} is not in the catalogue")
    if rule.unit != prop.unit:
        raise ConfigError(
            name, "rule", "unit", f"{rule.id}: {rule.unit!r}, but {rule.property} is judged in {prop.unit!r}"
        )
    if rule.kind == "limit" and rule.property in {"pm2_5", "pm10"} and rule.average_min < 1440:
        raise ConfigError(name, "rule", "kind", f"{rule.id}: GB 3095 has no limit for {rule.property} below a day")
    if rule.confidence == "C" and "unverified" not in rule.source:
        raise ConfigError(name, "rule", "source", f"{rule.id}: confidence C must say 'unverified'")


def default_rules() -> tuple[Rule, ...]:
    """Return the rules that come with the program."""
    files = resources.files("hub.anomaly.rules").iterdir()
    texts = {file.name: file.read_text("utf-8") for file in files if file.name.endswith(".toml")}
    return tuple(rule for name in sorted(texts) for rule in read_rules(name, texts[name]))


def in_force(rules: Iterable[Rule], day: date) -> tuple[Rule, ...]:
    """Return the rules that judge readings of a day in Beijing."""
    return tuple(rule for rule in rules if rule.valid_from <= day <= rule.valid_to)


def beijing_day(minute: int) -> date:
    """Return the day in Beijing of a minute since 1970."""
    return _beijing(minute).date()


def is_night(minute: int) -> bool:
    """Return whether a minute since 1970 is in the night of the noise standards."""
    hour = _beijing(minute).hour
    return hour >= NIGHT_FROM_H or hour < NIGHT_TO_H


def _beijing(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC).replace(tzinfo=None) + BEIJING
