"""Judges a stretch of the past again: the same steps, told from what is on disk; nothing is written."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from hub.calibrations import THRESHOLDS, Calibrations
from hub.catalogue import Catalogue
from hub.configured import InForce
from hub.ingest.days import JournalReader
from hub.judge import MINUTES
from hub.judgement import Judgement
from hub.lead.outcome import Outcome
from hub.memory import MEMORY, Arrays, Memory
from hub.model import MINUTE_MS, Area, LeadOpening
from hub.panel import KEPT_MIN
from hub.registry import LevelChange
from hub.replay.telling import Change, Listener, Told, from_journal, from_minutes
from hub.store.minutes import MinuteReader

DAY_MS: Final = 86_400_000
# A week's state has no hourly ones before it, and what the second pass would have found from those is forgotten with
# the episodes of a day: so long before the stretch it must lie.
SETTLING_MS: Final = 26 * 3_600_000
# The panel, and whatever a pause of the hub has left standing in its ring.
FILLING_MS: Final = 2 * KEPT_MIN * MINUTE_MS
# Judged minutes between two reports of progress.
REPORT_MIN: Final = 720
_EVER_MS: Final = 1 << 62


class Place(NamedTuple):
    """A hub's directory, its zone, and the rules it would judge by where the journal does not say."""

    directory: Path
    own: InForce


class Progress(NamedTuple):
    """How far a replay is, in minutes since 1970: where it has come, where it began, where it ends."""

    at: int
    begin: int
    end: int


@dataclass
class Judged:
    """What a stretch gives when it is judged again.

    Attributes:
        from_ms, to_ms: what was opened and changed with from <= time of judgement < to is in it.
        openings: in the order in which they open; of one (area, cause, start) the first.
        changes: how areas changed, and before them how each stood.
        areas: of the zone at the end.
        minutes: how many were judged, with those before the stretch.
    """

    from_ms: int
    to_ms: int
    openings: list[LeadOpening] = field(default_factory=list)
    changes: list[LevelChange] = field(default_factory=list)
    areas: tuple[Area, ...] = ()
    minutes: int = 0


class Begun(NamedTuple):
    """A judgement at the end of the tick `entry`, and the ticks from the one behind it on."""

    listener: Listener
    ticks: Iterator[Told]


class Span(NamedTuple):
    """A stretch of time, UTC milliseconds.

    Attributes:
        from_ms, to_ms: from <= time < to.
        tip_ms: the end, or the newest tick before it.
    """

    from_ms: int
    to_ms: int
    tip_ms: int


def span_of(place: Place, days: float, to_ms: int | None) -> Span:
    """Return the stretch of so many days up to a time; None for the newest tick.

    Raises:
        JournalError: the journal cannot be read.
    """
    with JournalReader(place.directory / "journal") as journal:
        newest_ms = journal.tip().received_ms
    tip_ms = newest_ms if to_ms is None else to_ms
    return Span(round(tip_ms - days * DAY_MS), _EVER_MS if to_ms is None else to_ms, min(tip_ms, newest_ms))


def judged_again(place: Place, span: Span, change: Change, report: Callable[[Progress], None]) -> Judged:
    """Return what follows from a stretch of the journal.

    The state before the stretch is exact: that of a week's end, or that which the journal's beginning leads to.

    Args:
        place: of the hub, which may be running.
        span: the stretch.
        change: what config entries say is said so instead.
        report: told how far it is.

    Raises:
        JournalError: what is on disk cannot be used.
    """
    found = Judged(span.from_ms, span.to_ms)
    with JournalReader(place.directory / "journal") as journal:
        begun = _begin(place, found, change, journal)
        follow(begun, found, span.tip_ms, report)
    return found


def follow(begun: Begun, found: Judged, tip_ms: int, report: Callable[[Progress], None]) -> None:
    """Judge tick by tick until the stretch ends, or the ticks do; what follows is added to `found`."""
    judgement, begin, received_ms = begun.listener.judgement, begun.listener.judgement.head, 0
    found.changes += [
        LevelChange(s.area, s.level, s.freshness, s.since_ms, 0) for s in judgement.snapshot().statuses.values()
    ]
    for told in begun.ticks:
        begin = max(begin, 0) or told.last
        told.tell(begun.listener)
        received_ms = told.received_ms
        for outcome in judgement.close(told.last, received_ms):
            found.minutes += 1
            _note(outcome, received_ms, found)
        if not told.last % REPORT_MIN:
            report(Progress(told.last, begin, tip_ms // MINUTE_MS))
        if told.last * MINUTE_MS >= found.to_ms:
            break
    found.to_ms = min(found.to_ms, received_ms + 1)
    found.areas = judgement.bindings.network.areas


def _note(outcome: Outcome, received_ms: int, found: Judged) -> None:
    for lead in outcome.leads:
        if found.from_ms <= lead.opened_ms < found.to_ms:
            found.openings.append(lead)
    found.changes.extend(
        LevelChange(one.area, one.level, one.freshness, one.since_ms, received_ms) for one in outcome.changes
    )


def _begin(place: Place, found: Judged, change: Change, journal: JournalReader) -> Begun:
    minutes = MinuteReader(place.directory / MEMORY / MINUTES)
    memory = Memory(place.directory / MEMORY)
    for entry in reversed(memory.weeks()):
        kept = memory.week(entry)
        if kept is None or int(kept["head"]) * MINUTE_MS > found.from_ms - SETTLING_MS:
            continue
        from_ms = int(kept["head"]) * MINUTE_MS - FILLING_MS
        if minutes.covers(from_ms) and (begun := resumed(place, kept, change, from_minutes(minutes, from_ms))):
            return begun
    ticks = from_minutes(minutes, 0) if minutes.covers(0) else from_journal(journal)
    listener = _listener(place, change)
    listener.configure(listener.judgement.said)
    return Begun(listener, ticks)


def resumed(place: Place, kept: Arrays, change: Change, ticks: Iterator[Told]) -> Begun | None:
    """Return a judgement as it was at a week's end, told the days before it; None when this program's is another."""
    then = _listener(place, lambda said: said)
    judgement, entry = then.judgement, int(kept["entry"])
    for told in ticks:
        told.tell(then)
        judgement.pass_over(told.last)
        if told.entry >= entry:
            break
    if kept["form"].tobytes() != judgement.form():
        return None
    hour = {path.removeprefix("state."): array for path, array in kept.items() if path.startswith("state.")}
    judgement.restore(kept, {judgement.head: hour})
    listener = then._replace(change=change)
    listener.configure(judgement.said)
    return Begun(listener, ticks)


def _listener(place: Place, change: Change) -> Listener:
    judgement = Judgement(Catalogue(), place.own.areas, place.own.rules)
    return Listener(judgement, change, Calibrations(place.directory / THRESHOLDS))
