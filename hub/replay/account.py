"""A replay beside what was: which areas were red for how long, which leads opened, who is affected. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from typing_extensions import TypedDict

from hub.lead.evidence import evidence
from hub.lead.lifecycle import SAME_MS
from hub.model import MINUTE_MS, Area, Cause, Level
from hub.registry import LevelChange, StoredOpening
from hub.replay.stretch import Judged

LIMIT: Final = 10_000


class OpeningAnswer(TypedDict):
    """An episode that opens: of which area and cause, since when, when it was known, by which rule and numbers.

    `lead` is the stored lead that it opened or joined, null for one that was not.
    """

    lead: int | None
    area: str
    property: str
    detector: str
    start_ms: int
    opened_ms: int
    late: bool
    rule: str
    value: float | None
    threshold: float | None
    explanation: str
    explanation_en: str


class AreaAnswer(TypedDict):
    """An area that was red, or would have been: for how many minutes of the stretch, with how many leads."""

    area: str
    kind: str
    name: str
    name_en: str
    red_min_then: int
    red_min_new: int
    leads_then: int
    leads_new: int


class TotalsAnswer(TypedDict):
    """Sums; an area counts as affected when its leads or its red minutes differ."""

    leads_then: int
    leads_new: int
    same: int
    gone: int
    new: int
    red_min_then: int
    red_min_new: int
    areas_affected: int
    enterprises_affected: int


class AccountAnswer(TypedDict):
    """What was, beside what would have been; lists have 10,000 entries at most, totals count all."""

    from_ms: int
    to_ms: int
    rules: list[str]
    minutes: int
    seconds: float
    totals: TotalsAnswer
    areas: list[AreaAnswer]
    gone: list[OpeningAnswer]
    new: list[OpeningAnswer]
    same: list[OpeningAnswer]


class Opening(NamedTuple):
    """An episode, stored or judged again, in one form."""

    lead: int | None
    area: str
    cause: Cause
    start_ms: int
    opened_ms: int
    late: bool
    evidence: tuple[dict[str, Any], ...]
    explanation: str
    explanation_en: str

    @property
    def key(self) -> tuple[str, Cause, int]:
        """What makes it the same for all time."""
        return self.area, self.cause, self.start_ms


class Pairs(NamedTuple):
    """Openings then and now, paired: of one area and cause, starting within SAME_MS of each other."""

    same: list[tuple[Opening, Opening]]
    gone: list[Opening]
    new: list[Opening]


def stored(openings: Iterable[StoredOpening]) -> list[Opening]:
    """Return what was opened."""
    return [
        Opening(
            one.lead,
            one.area,
            one.cause,
            one.episode.start_ms,
            one.episode.opened_ms,
            one.episode.late,
            one.episode.evidence,
            one.episode.explanation,
            one.episode.explanation_en,
        )
        for one in openings
    ]


def again(judged: Judged) -> list[Opening]:
    """Return what is opened when it is judged again, each episode once, as the registry would keep it."""
    found: dict[tuple[str, Cause, int], Opening] = {}
    for one in judged.openings:
        shown = tuple(evidence(anomaly) for anomaly in one.evidence)
        times = one.episode_start_ms, one.opened_ms, one.late
        opening = Opening(None, one.area, one.cause, *times, shown, one.explanation, one.explanation_en)
        found.setdefault(opening.key, opening)
    return list(found.values())


def paired(then: Sequence[Opening], now: Sequence[Opening]) -> Pairs:
    """Return which openings are the same, the nearest in time first; each is in one pair at most."""
    among: dict[tuple[str, Cause], list[Opening]] = {}
    for one in now:
        among.setdefault((one.area, one.cause), []).append(one)
    pairs = Pairs([], [], [])
    for one in then:
        left = among.get((one.area, one.cause), [])
        near = min(left, key=lambda other: abs(other.start_ms - one.start_ms), default=None)
        if near is None or abs(near.start_ms - one.start_ms) > SAME_MS:
            pairs.gone.append(one)
            continue
        left.remove(near)
        pairs.same.append((one, near))
    pairs.new.extend(one for left in among.values() for one in left)
    return pairs


def red_minutes(changes: Iterable[LevelChange], from_ms: int, to_ms: int) -> dict[str, int]:
    """Return for how many minutes each area was red within a stretch, in the time of the air.

    Args:
        changes: in the order in which they were known; of each area the last before the stretch is among them.
        from_ms: of the stretch.
        to_ms: its end, beyond the last minute.
    """
    red: dict[str, int] = {}
    since: dict[str, tuple[Level, int]] = {}
    for change in changes:
        level, start_ms = since.get(change.area, (Level.NORMAL, 0))
        if change.level != level:
            _add(red, change.area, level, (max(start_ms, from_ms), min(change.since_ms, to_ms)))
            since[change.area] = change.level, change.since_ms
    for area, (level, start_ms) in since.items():
        _add(red, area, level, (max(start_ms, from_ms), to_ms))
    return red


def _add(red: dict[str, int], area: str, level: Level, span_ms: tuple[int, int]) -> None:
    if level == Level.RED and span_ms[1] > span_ms[0]:
        red[area] = red.get(area, 0) + (span_ms[1] - span_ms[0]) // MINUTE_MS


def account(
    judged: Judged, then: tuple[Sequence[StoredOpening], Sequence[LevelChange]], rules: Sequence[str], seconds: float
) -> AccountAnswer:
    """Return a replay beside what was.

    Args:
        judged: again.
        then: what opened and how areas changed, of the same stretch.
        rules: names of the files that were replaced or added.
        seconds: that the replay took.
    """
    pairs = paired(stored(then[0]), again(judged))
    span = judged.from_ms, judged.to_ms
    red = red_minutes(then[1], *span), red_minutes(judged.changes, *span)
    areas = _areas(pairs, red, {area.id: area for area in judged.areas})
    affected = [one for one in areas if _differs(one, pairs)]
    return {
        "from_ms": judged.from_ms,
        "to_ms": judged.to_ms,
        "rules": list(rules),
        "minutes": judged.minutes,
        "seconds": round(seconds, 1),
        "totals": {
            "leads_then": len(pairs.same) + len(pairs.gone),
            "leads_new": len(pairs.same) + len(pairs.new),
            "same": len(pairs.same),
            "gone": len(pairs.gone),
            "new": len(pairs.new),
            "red_min_then": sum(red[0].values()),
            "red_min_new": sum(red[1].values()),
            "areas_affected": len(affected),
            "enterprises_affected": sum(one["kind"] == "enterprise" for one in affected),
        },
        "areas": areas,
        "gone": [_answer(one) for one in pairs.gone[:LIMIT]],
        "new": [_answer(one) for one in pairs.new[:LIMIT]],
        "same": [_answer(one) for one, _ in pairs.same[:LIMIT]],
    }


def differences(judged: Judged, then: Sequence[StoredOpening]) -> list[str]:
    """Return a line for every opening that is stored but not judged again exactly so, or the other way about."""
    before, now = {one.key: one for one in stored(then)}, {one.key: one for one in again(judged)}
    lines = [f"not opened again: {_named(before[key])}" for key in before if key not in now]
    lines += [f"not stored: {_named(now[key])}" for key in now if key not in before]
    for key, one in before.items():
        if key in now and one != now[key]._replace(lead=one.lead):
            lines.append(f"otherwise: {_named(one)}: {_otherwise(one, now[key])}")
    return lines


def _otherwise(one: Opening, other: Opening) -> str:
    names = [name for name in Opening._fields if name != "lead" and getattr(one, name) != getattr(other, name)]
    return "; ".join(f"{name} {getattr(one, name)!r} now {getattr(other, name)!r}" for name in names)


def _named(one: Opening) -> str:
    return f"{one.area} {one.cause.property} {one.cause.detector} {one.start_ms}"


def _areas(
    pairs: Pairs, red: tuple[Mapping[str, int], Mapping[str, int]], known: Mapping[str, Area]
) -> list[AreaAnswer]:
    then = [one.area for one in (*(pair[0] for pair in pairs.same), *pairs.gone)]
    new = [one.area for one in (*(pair[1] for pair in pairs.same), *pairs.new)]
    answers: list[AreaAnswer] = []
    for area in sorted({*then, *new, *red[0], *red[1]}):
        of_zone = known.get(area)
        answers.append(
            {
                "area": area,
                "kind": of_zone.kind if of_zone else "",
                "name": of_zone.name if of_zone else area,
                "name_en": of_zone.name_en if of_zone else area,
                "red_min_then": red[0].get(area, 0),
                "red_min_new": red[1].get(area, 0),
                "leads_then": then.count(area),
                "leads_new": new.count(area),
            }
        )
    return answers


def _differs(one: AreaAnswer, pairs: Pairs) -> bool:
    moved = any(opening.area == one["area"] for opening in (*pairs.gone, *pairs.new))
    return moved or one["red_min_then"] != one["red_min_new"]


def _answer(one: Opening) -> OpeningAnswer:
    strongest: Mapping[str, Any] = one.evidence[0] if one.evidence else {}
    return {
        "lead": one.lead,
        "area": one.area,
        "property": one.cause.property,
        "detector": one.cause.detector,
        "start_ms": one.start_ms,
        "opened_ms": one.opened_ms,
        "late": one.late,
        "rule": strongest.get("rule", ""),
        "value": strongest.get("value"),
        "threshold": strongest.get("threshold"),
        "explanation": one.explanation,
        "explanation_en": one.explanation_en,
    }
