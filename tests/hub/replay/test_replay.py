"""A stretch judged again: the same rules give every stored lead exactly, others a difference that is known."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from hub.anomaly.rulebook import rule_texts, rules_of
from hub.catalogue import Catalogue
from hub.configured import Configured, InForce, write_configured
from hub.errors import ReplayError
from hub.ingest.entry import Draft
from hub.ingest.journal import Journal
from hub.judge import MINUTES, Judge
from hub.memory import MEMORY, Memory
from hub.model import MINUTE_MS, Columns, Datastream, Level
from hub.quality.settings import check_text
from hub.registry import LevelChange, Registry
from hub.replay.account import account, differences, red_minutes
from hub.replay.parts import joined, worked
from hub.replay.rules import Changed, flaws_of
from hub.replay.stretch import DAY_MS, Judged, Place, Progress, Span, follow, judged_again, resumed, span_of
from hub.replay.telling import from_minutes
from hub.store.minutes import MinuteReader

pytestmark = pytest.mark.component
NOON = int(1_420_776_000 / 60)
DUST = ("site", "pm10")
LOCAL = rule_texts()["local_excess.toml"]
PM10_RED = 'id = "local-excess-pm10-red"\nkind = "local_excess"\nproperty = "pm10"\nunit = "ug/m3"\n'
HOSTS = 'stations = ["micro_station", "reference", "vehicle"]\n'
DEAF = LOCAL.replace(f"{PM10_RED}{HOSTS}threshold = 80\n", f"{PM10_RED}{HOSTS}threshold = 800\n")
KEEN = LOCAL.replace("threshold = 80\n", "threshold = 30\n").replace("threshold = 55\n", "threshold = 25\n")


class Shelf:
    """A store that keeps nothing but how far it is."""

    def __init__(self) -> None:
        self.entry = 0

    def datastreams(self, new: Sequence[Datastream]) -> None:
        """Let pass."""

    def insert(self, columns: Columns, entry_id: int) -> None:  # noqa: ARG002  # the protocol's
        """Note the entry."""
        self.entry = entry_id

    def holds(self, columns: Columns) -> Any:
        """Return False for each."""
        return [False] * len(columns)

    def applied(self) -> int:
        """Return the last entry."""
        return self.entry


class Hub:
    """A hub's directory: its journal, its judge, its registry."""

    def __init__(self, directory: Path, town: Any) -> None:
        self.directory = directory
        self.town = town
        self.shelf = Shelf()

    def judge(self, entries: Sequence[Any], restarts: Sequence[int] = ()) -> None:
        """Judge entries, with a restart before some of them; of the journal its end is enough."""
        self.journal(entries[-1:])
        with Registry.open(self.directory / "registry.sqlite") as registry:
            for last in (*restarts, len(entries)):
                judge = Judge(Catalogue(), self.town.areas, self.shelf, registry, self.directory / MEMORY)
                judge.apply([entry for entry in entries[:last] if entry.id > judge.after])

    def journal(self, entries: Sequence[Any]) -> None:
        """Write a journal."""
        shutil.rmtree(self.directory / "journal", ignore_errors=True)
        names = Draft.__dataclass_fields__
        with Journal(self.directory / "journal") as journal:
            for received_ms, group in groupby(entries, lambda entry: entry.received_ms):
                drafts = [Draft(**{name: getattr(entry, name) for name in names}) for entry in group]
                journal.append_many(drafts, received_ms)

    def again(self, new: dict[str, str] | None = None, **stretch: Any) -> Judged:
        """Return the last day judged again."""
        place = Place(self.directory, InForce(self.town.areas, None))
        span = span_of(place, stretch.get("days", 1), stretch.get("to_ms"))
        return judged_again(place, span, Changed(new or {}, rule_texts()), lambda _: None)

    @contextmanager
    def registry(self) -> Iterator[Registry]:
        """Give the registry."""
        with Registry.open(self.directory / "registry.sqlite") as registry:
            yield registry

    def stored(self, judged: Judged) -> Any:
        """Return what was opened and changed in a stretch."""
        span = judged.from_ms, judged.to_ms
        with self.registry() as registry:
            return registry.openings(*span), registry.levels_between(*span)


@pytest.fixture
def hub(town: Any) -> Iterator[Hub]:
    """Return a hub without a past, where a commit waits for no disk."""
    memory = Path("/dev/shm")  # noqa: S108  # a directory of its own within
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as directory:
        yield Hub(Path(directory), town)


def eventful(book: Any) -> list[Any]:
    """Return a journal with a dust, one for which the rules are deaf, and one that comes late."""
    clean = book.town.air
    dusts = (range(60, 68), range(77, 85), range(124, 131))
    book.town.air = lambda s, n, m: clean(s, n, 60 if any(m in dust for dust in dusts) else 0)
    book.write("config", write_configured(Configured(rules=rule_texts())), NOON * MINUTE_MS)
    book.day(range(55, 75))
    book.write("config", write_configured(Configured(rules=rule_texts() | {"local_excess.toml": DEAF})), _at(75))
    book.day(range(75, 90))
    book.write("config", write_configured(Configured(rules=rule_texts())), _at(90))
    book.day(range(90, 140), cut=range(122, 134))
    entries: list[Any] = book.entries
    return entries


def _at(minute: int) -> int:
    return (NOON + minute) * MINUTE_MS


def test_current_rules_give_every_stored_lead_exactly(book: Any, hub: Hub) -> None:
    """With late readings, restarts and rules that changed: the evidence to the last digit, and all levels."""
    entries = eventful(book)
    hub.judge(entries, restarts=[30, 60, 130])
    assert MinuteReader(hub.directory / MEMORY / MINUTES).covers(0)
    of_minutes = hub.again()
    openings, levels = hub.stored(of_minutes)
    shutil.rmtree(hub.directory / MEMORY / MINUTES)
    hub.journal(entries)
    of_journal = hub.again()

    assert [(one.area, one.episode.late) for one in openings] == [("site", False), ("site", True)]
    for judged in (of_minutes, of_journal):
        assert differences(judged, openings) == []
        assert [change for change in judged.changes if change.judged_ms] == levels


def test_the_past_is_judged_by_the_checks_of_then(book: Any, hub: Hub) -> None:
    """Two dusts; during the second every device was doubted, and before and after it the checks were the program's."""
    clean = book.town.air
    book.town.air = lambda s, n, m: clean(s, n, 60 if 60 <= m < 68 or 80 <= m < 88 else 0)
    doubtful = check_text().replace("share = 1.2, slack = 10.0", "share = 0.01, slack = 0.0")
    for minute, text in ((55, check_text()), (72, doubtful), (89, check_text())):
        book.write("config", write_configured(Configured(rules=rule_texts(), checks=text)), _at(minute))
        book.day(range(minute, minute + 17))
    hub.judge(book.entries, restarts=[30, len(book.entries) - 40, len(book.entries) - 30])
    of_minutes = hub.again()
    openings, levels = hub.stored(of_minutes)
    shutil.rmtree(hub.directory / MEMORY / MINUTES)
    hub.journal(book.entries)

    assert [one.episode.start_ms for one in openings] == [_at(60)]
    for judged in (of_minutes, hub.again()):
        assert differences(judged, openings) == []
        assert [change for change in judged.changes if change.judged_ms] == levels


def test_stretch_goes_on_from_a_weeks_state(book: Any, hub: Hub) -> None:
    """The panel is filled from the minutes before it; from there on all is as it was."""
    hub.judge(eventful(book))
    memory = Memory(hub.directory / MEMORY)
    kept = memory.week(memory.weeks()[0])
    assert kept is not None
    ticks = from_minutes(MinuteReader(hub.directory / MEMORY / MINUTES), 0)
    begun = resumed(Place(hub.directory, InForce(hub.town.areas, None)), kept, lambda said: said, ticks)
    assert begun is not None
    judged = Judged(int(kept["head"]) * MINUTE_MS, _at(1000))
    follow(begun, judged, 0, lambda _: None)
    openings, levels = hub.stored(judged)

    assert len(memory.weeks()) == 1
    assert differences(judged, openings) == []
    assert [change for change in judged.changes if change.judged_ms] == [one for one in levels if one in judged.changes]
    assert (judged.minutes, len(openings)) == (139 - int(kept["head"]) + NOON, 2)


def test_state_of_other_rules_is_not_gone_on_from(book: Any, hub: Hub) -> None:
    """Another program had other groups of rules: the replay begins elsewhere."""
    book.day(range(55, 62))
    hub.judge(book.entries)
    memory = Memory(hub.directory / MEMORY)
    kept = memory.week(memory.weeks()[0])
    assert kept is not None
    place, ticks = Place(hub.directory, InForce(hub.town.areas, ())), from_minutes(_minutes(hub), 0)

    assert resumed(place, kept, lambda said: said, ticks) is None


def _minutes(hub: Hub) -> MinuteReader:
    return MinuteReader(hub.directory / MEMORY / MINUTES)


def test_deaf_rules_lose_the_lead_and_keen_ones_find_more(book: Any, hub: Hub) -> None:
    """What is gone, what is new, who is affected, and for how many minutes an area would have been red."""
    air = book.town.air
    haze = range(52, 66)
    book.town.air = lambda s, n, m: air(s, n, m - 15) + (32.0 if (s, n) == ("m22", "pm10") and m in haze else 0.0)
    book.day(range(50, 90))
    hub.judge(book.entries)
    deaf, keen = (hub.again({"local_excess.toml": text}) for text in (DEAF, KEEN))
    then = hub.stored(deaf)
    lost, found = (account(judged, then, ["local_excess.toml"], 1.0) for judged in (deaf, keen))

    assert [(one["area"], one["property"], one["lead"]) for one in lost["gone"]] == [(*DUST, 1)]
    assert (lost["new"], lost["same"]) == ([], [])
    assert [(one["area"], one["lead"]) for one in found["new"]] == [("laboratory", None)]
    assert [(one["area"], one["lead"]) for one in found["same"]] == [("site", 1)]
    assert (found["totals"]["enterprises_affected"], lost["totals"]["enterprises_affected"]) == (1, 0)
    red = {one["area"]: (one["red_min_then"], one["red_min_new"]) for one in found["areas"]}
    assert red["laboratory"][0] == 0 < red["laboratory"][1]
    assert lost["areas"][0]["red_min_then"] > 10
    assert lost["areas"][0]["red_min_new"] == 0


def test_stretch_may_end_in_the_past(book: Any, hub: Hub) -> None:
    """What came after it is left out on both sides."""
    book.day(range(55, 75))
    hub.judge(book.entries)
    early, late = hub.again(to_ms=_at(60)), hub.again(to_ms=_at(70))

    assert (early.to_ms, early.from_ms) == (_at(60), _at(60) - DAY_MS)
    assert [len(hub.stored(judged)[0]) for judged in (early, late)] == [0, 1]
    assert [differences(judged, hub.stored(judged)[0]) for judged in (early, late)] == [[], []]


def test_parts_that_are_judged_at_once_make_the_whole(book: Any, hub: Hub) -> None:
    """Cut while the excess lasts and is not red yet: no lead twice, none lost, each change of an area once."""
    book.day(range(55, 72))
    hub.judge(book.entries)
    place, keen = (
        Place(hub.directory, InForce(hub.town.areas, None)),
        Changed({"local_excess.toml": KEEN}, rule_texts()),
    )
    span, cut = span_of(place, 1, None), _at(62)
    told: list[Progress] = []
    parts = [Span(span.from_ms, cut, cut), span._replace(from_ms=cut)]
    whole = judged_again(place, span, keen, lambda _: None)
    of_parts = joined(worked(place, parts, keen, told.append))

    assert {one.opened_ms < cut for one in whole.openings} == {False}
    assert {change.judged_ms < cut for change in whole.changes} == {True, False}
    assert (whole.from_ms, whole.to_ms, whole.openings) == (of_parts.from_ms, of_parts.to_ms, of_parts.openings)
    assert whole.changes == of_parts.changes
    assert [area.id for area in whole.areas] == [area.id for area in of_parts.areas]


def test_a_part_that_cannot_be_judged_ends_the_replay(hub: Hub) -> None:
    """With the reason, not with silence."""
    (hub.directory / "journal").mkdir()
    (hub.directory / "journal" / "journal-2026-05-17.sqlite").write_bytes(b"no database" * 100)
    place, span = Place(hub.directory, InForce(hub.town.areas, None)), Span(_at(0), _at(60), _at(60))

    with pytest.raises(ReplayError, match="not a database"):
        worked(place, [span], Changed({}, {}), lambda _: None)


def test_a_difference_is_named(book: Any, hub: Hub) -> None:
    """Whoever verifies sees which lead, and what of it."""
    book.day(range(55, 70))
    hub.judge(book.entries)
    openings, _ = hub.stored(hub.again())
    deaf = hub.again({"local_excess.toml": DEAF})

    assert [line.split(":")[0] for line in differences(deaf, openings)] == ["not opened again"]
    assert [line.split(":")[0] for line in differences(hub.again(), [])] == ["not stored"]


def test_rules_are_checked_among_those_in_force() -> None:
    """A flaw that was there before is not the new rules'; one that they bring is named."""
    now = Configured(rules=rule_texts())
    doubled = rule_texts()["lab_ranges.toml"]

    assert flaws_of({"local_excess.toml": DEAF}, now, []) == ()
    assert {flaw.about for flaw in flaws_of({"more.toml": doubled}, now, [])} >= {"id"}
    assert rules_of(rule_texts())


def test_red_minutes_are_those_of_the_air() -> None:
    """Since when an area stands so, cut to the stretch; what changes only in freshness changes nothing."""
    told = [
        LevelChange("a", Level.RED, 0, 1 * MINUTE_MS, 0),  # type: ignore[arg-type]  # a number is enough
        LevelChange("a", Level.RED, 1, 1 * MINUTE_MS, 0),  # type: ignore[arg-type]  # same
        LevelChange("a", Level.NORMAL, 1, 5 * MINUTE_MS, 0),  # type: ignore[arg-type]  # same
        LevelChange("b", Level.RED, 0, 8 * MINUTE_MS, 0),  # type: ignore[arg-type]  # same
    ]

    assert red_minutes(told, 2 * MINUTE_MS, 10 * MINUTE_MS) == {"a": 3, "b": 2}
