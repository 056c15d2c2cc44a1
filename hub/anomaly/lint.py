"""What is wrong with rules although each can be read: holes, overlaps, means that cannot be, missing sources."""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date, timedelta
from itertools import combinations, pairwise
from math import isfinite
from typing import Any, Final, NamedTuple

from hub.anomaly.rule import PLACES, Rule, family, particular
from hub.anomaly.standard import AirStandard, NoSuchLimit, Standards, default_standards
from wire.properties import PROPERTIES, UnitMismatchError, to_canonical

# The panel holds a day.
LONGEST_MIN: Final = 1440
NIGHT_MIN: Final = 480
_NEEDS_STANDARD: Final = frozenset({"limit", "aqi_level", "noise_zone"})
_AVERAGING: Final = {60: "1h", 480: "daily_max_8h", 1440: "day"}


class Flaw(NamedTuple):
    """One finding: the rule's id, what of it, and what is wrong in a sentence."""

    rule: str
    about: str
    reason: str


def lint(
    rules: Sequence[Rule], standards: Standards | None = None, areas: Collection[str] | None = None
) -> tuple[Flaw, ...]:
    """Return what is wrong with rules, in their order: nothing for a set that is total, without overlap, and cited.

    Args:
        rules: all that would judge together.
        standards: whose conditions for means hold; those that come with the program unless given.
        areas: ids of the zone's areas, None when they are not known.
    """
    known = default_standards() if standards is None else standards
    single = (Flaw(rule.id, *flaw) for rule in rules for flaw in (*_alone(rule), *_against(rule, known)))
    nowhere = () if areas is None else _nowhere(rules, areas)
    return (*single, *nowhere, *_same_ids(rules), *_overlaps(rules), *_holes(rules), *_steps(rules))


def _alone(rule: Rule) -> Iterator[tuple[str, str]]:
    """Yield (about, reason) of what one rule shows by itself."""
    yield from _property(rule)
    yield from _source(rule)
    yield from _mean(rule)
    yield from _kind(rule)
    if not rule.stations:
        yield "stations", "applies to no kind of station"
    if bool(rule.at_areas) + bool(rule.at_stations) + bool(rule.areas) > 1:
        yield "areas", "areas, at_areas and at_stations are three ways to say where: use one"
    if rule.valid_from > rule.valid_to:
        yield "valid_to", f"ends on {rule.valid_to}, before it begins on {rule.valid_from}"
    if not isfinite(rule.threshold) or rule.margin < 0:
        yield "threshold", "threshold must be a number, margin not negative"
    if rule.kind == "noise_zone" and rule.night_threshold is None:
        yield "night_threshold", "a noise zone has a limit of its own for the night"


def _property(rule: Rule) -> Iterator[tuple[str, str]]:
    known = PROPERTIES.get(rule.property)
    if known is None:
        yield "property", f"{rule.property!r} is not in the catalogue"
        return
    if known.subject == "gateway":
        yield "property", f"{rule.property} is a gateway's own health: it is shown, not judged"
    if known.averaging == "vector" and rule.average_min > 1:
        yield "average_min", f"{rule.property} is a direction: its mean says nothing about a threshold"
    try:
        to_canonical(rule.property, rule.unit)
    except UnitMismatchError as error:
        yield "unit", str(error)


def _source(rule: Rule) -> Iterator[tuple[str, str]]:
    if not rule.source.strip():
        yield "source", "says nowhere where its numbers stand"
    if not rule.jurisdiction:
        yield "jurisdiction", "says nowhere who has set it: CN, a province's code, project, or site"
    if rule.confidence == "C" and "unverified" not in rule.source:
        yield "confidence", "confidence C must say 'unverified' in its source"
    if rule.kind in _NEEDS_STANDARD and not rule.standard:
        yield "standard", f"a rule of kind {rule.kind!r} names its standard"


def _mean(rule: Rule) -> Iterator[tuple[str, str]]:
    within = 60 if rule.valid_hours else rule.average_min
    if rule.average_min > LONGEST_MIN:
        yield "average_min", f"{rule.average_min} min: the hub judges the last {LONGEST_MIN} min"
    if rule.valid_min > within:
        yield "valid_min", f"{rule.valid_min} of {within} min can never be"
    if rule.valid_hours and (rule.average_min % 60 or rule.valid_hours > rule.average_min // 60):
        yield "valid_hours", f"{rule.valid_hours} h of {rule.average_min} min can never be"
    if rule.natural_day and not rule.valid_hours:
        yield "natural_day", "needs valid_hours: a day is made of hours"
    if rule.night_threshold is not None and rule.average_min > NIGHT_MIN:
        yield "average_min", f"{rule.average_min} min never lie within one night of {NIGHT_MIN} min"
    if rule.kind in ("limit", "aqi_level") and rule.property in ("pm2_5", "pm10") and rule.valid_min == 1:
        yield "valid_min", "one minute makes no hour of particulates"


def _kind(rule: Rule) -> Iterator[tuple[str, str]]:
    """Yield what does not belong to the rule's kind."""
    if (rule.kind == "onset") != (rule.score > 0):
        yield "score", "an onset, and nothing else, has a score above zero: standard deviations"
    if rule.kind == "onset" and (rule.average_min % 5 or rule.below):
        yield "average_min", "an onset is a rise of means of 5 min, or of a multiple"
    if rule.passes and (rule.kind != "local_excess" or rule.stations != ("vehicle",) or not rule.within_min):
        yield "passes", "passes within_min are those of vehicles, with a local_excess"


def _against(rule: Rule, standards: Standards) -> Iterator[tuple[str, str]]:
    """Yield what a limit leaves out of its standard's conditions."""
    standard = standards.get(rule.standard)
    if rule.standard and standard is None:
        yield "standard", f"there is no table of {rule.standard!r}"
    if rule.kind != "limit" or not isinstance(standard, AirStandard):
        return
    try:
        needs = standard.needs(rule.property, _AVERAGING.get(rule.average_min, f"{rule.average_min} min"))
    except NoSuchLimit as error:
        yield "average_min", str(error)
        return
    if rule.valid_min < needs.minutes or rule.valid_hours < needs.hours:
        yield "valid_min", f"{standard.standard} asks for {needs.minutes} min of an hour, {needs.hours} hours"


def _nowhere(rules: Sequence[Rule], areas: Collection[str]) -> Iterator[Flaw]:
    for rule in rules:
        for unknown in sorted(set(rule.at_areas) - set(areas)):
            yield Flaw(rule.id, "at_areas", f"there is no area {unknown!r} in the zone")


def _same_ids(rules: Sequence[Rule]) -> Iterator[Flaw]:
    seen: set[str] = set()
    for rule in rules:
        name = rule.id.partition("@")[0]
        if name in seen:
            yield Flaw(rule.id, "id", "the id is used twice")
        seen.add(name)


def _slot(rule: Rule) -> tuple[str, bool, str, int, bool, int]:
    """Return the question that a rule answers: about what, over what time, for which level."""
    return rule.property, rule.below, rule.level, rule.average_min, rule.natural_day, rule.passes


def _groups(rules: Sequence[Rule], key: Callable[[Rule], Any]) -> list[list[Rule]]:
    groups: dict[Any, list[Rule]] = {}
    for rule in rules:
        groups.setdefault(key(rule), []).append(rule)
    return list(groups.values())


def _overlaps(rules: Sequence[Rule]) -> Iterator[Flaw]:
    """Yield pairs of one kind that answer one question at one place on one day: which of them holds is not said."""
    for group in _groups(rules, lambda rule: (family(rule), _slot(rule), particular(rule))):
        for one, other in combinations(group, 2):
            first, last = max(one.valid_from, other.valid_from), min(one.valid_to, other.valid_to)
            where = [set(a) & set(b) for a, b in ((one.stations, other.stations), *_places(one, other))]
            if first <= last and all(where):
                places = ", ".join(str(name) for names in where for name in sorted(names))
                yield Flaw(one.id, "overlap", f"{other.id} says the same from {first} to {last} for {places}")


def _places(one: Rule, other: Rule) -> list[tuple[Sequence[str], Sequence[str]]]:
    """Return what the two say about where, of the same way of saying it."""
    match particular(one):
        case 3:
            return [(one.at_stations, other.at_stations)]
        case 2:
            return [(one.at_areas, other.at_areas)]
        case 1:
            return [(one.areas, other.areas)]
    return []


def _holes(rules: Sequence[Rule]) -> Iterator[Flaw]:
    """Yield places and days on which a question that is answered elsewhere, or was before, has no answer."""
    for group in _groups([rule for rule in rules if particular(rule) <= 1], _slot):
        begin = min(rule.valid_from for rule in group)
        for host in sorted({host for rule in group for host in rule.stations}):
            for place in PLACES:
                here = [rule for rule in group if host in rule.stations and (not rule.areas or place in rule.areas)]
                for first, last in _uncovered(here, begin):
                    reason = f"nothing says it for {host} in {place} from {first} to {last}"
                    yield Flaw(group[0].id, "hole", reason)


def _uncovered(rules: Sequence[Rule], begin: date) -> Iterator[tuple[date, date]]:
    """Yield the spans of days from `begin` on that no rule covers."""
    day = timedelta(days=1)
    covered = begin  # the first day that is not known to be covered; the last one when all are
    for rule in sorted(rules, key=lambda rule: rule.valid_from):
        if rule.valid_from > covered:
            yield covered, rule.valid_from - day
        if rule.valid_to == date.max:
            return
        covered = max(covered, rule.valid_to + day)
    yield covered, date.max


def _steps(rules: Sequence[Rule]) -> Iterator[Flaw]:
    """Yield red levels that are entered before attention: of one kind, property, place and time."""

    def place(rule: Rule) -> object:
        where = rule.stations, rule.areas, rule.at_areas, rule.at_stations
        return family(rule), rule.average_min, rule.valid_from, where

    for group in _groups(rules, place):
        order = sorted(group, key=lambda rule: rule.level == "red")
        for low, high in pairwise(order):
            sign = -1 if low.below else 1
            if low.level != high.level and sign * high.threshold < sign * low.threshold:
                yield Flaw(high.id, "level", f"red at {high.threshold:g}, before attention at {low.threshold:g}")


def report(rules: Sequence[Rule], flaws: Sequence[Flaw]) -> list[str]:
    """Return the lines that a person reads: each flaw, and at the end how many rules stand on what."""
    lines = [f"{flaw.rule}: {flaw.about}: {flaw.reason}" for flaw in flaws]
    marks = {mark: sum(rule.confidence == mark for rule in rules) for mark in "ABC"}
    counted = ", ".join(f"{count} {mark}" for mark, count in marks.items() if count)
    lines.append(f"{len(rules)} rules ({counted or 'none'}): {f'{len(flaws)} flaws' if flaws else 'no flaw'}")
    return lines
