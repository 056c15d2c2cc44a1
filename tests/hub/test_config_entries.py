"""Rules and areas come from the journal, from their place in it on: the same journal gives the same leads."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import shapely

from hub.anomaly.rulebook import rule_texts, rules_of
from hub.anomaly.standard import standard_texts
from hub.catalogue import Catalogue
from hub.configured import Configured, read_configured, write_configured
from hub.ingest.entry import Entry
from hub.judge import Judge
from hub.model import MINUTE_MS, Area, Columns, Datastream, LeadOpening, Level
from hub.quality.settings import check_text

pytestmark = pytest.mark.component

NOON = int(1_420_776_000 / 60)
DEAF = {
    name: text.replace("threshold = 80\n", "threshold = 800\n").replace("threshold = 55\n", "threshold = 550\n")
    for name, text in rule_texts().items()
}

# Of a group of its own, in the middle of their order.
OURS = """
version = "1"
jurisdiction = "site"
[[rule]]
id = "ours"
kind = "lab_range"
property = "pm10"
unit = "ug/m3"
threshold = 10_000
average_min = 7
valid_min = 5
stations = ["lab"]
enter = 1
leave = 1
level = "attention"
source = "unverified"
confidence = "C"
"""


class Told:
    """A store and a registry in memory."""

    def __init__(self) -> None:
        self.leads: list[LeadOpening] = []
        self.levels: list[tuple[str, Level]] = []
        self.entry = 0

    def datastreams(self, new: Sequence[Datastream]) -> None:
        """Let pass."""

    def insert(self, columns: Columns, entry_id: int) -> None:  # noqa: ARG002  # the protocol's
        """Note the entry."""
        self.entry = entry_id

    def holds(self, columns: Columns) -> Any:
        """Return False for each."""
        return np.zeros(len(columns), np.bool_)

    def applied(self) -> int:
        """Return the last entry."""
        return self.entry

    def open_lead(self, opening: LeadOpening) -> int | None:
        """Note."""
        self.leads.append(opening)
        return None

    def open_ticket(self, opening: Any) -> int | None:  # noqa: ARG002  # the protocol's
        """Let pass."""
        return None

    def record_levels(self, changes: Any, judged_ms: int) -> None:  # noqa: ARG002  # the protocol's
        """Note."""
        self.levels += [(one.area, one.level) for one in changes]


def document(areas: Sequence[Area]) -> str:
    """Return areas as GeoJSON."""
    features = [
        {
            "type": "Feature",
            "geometry": shapely.geometry.mapping(area.polygon),
            "properties": {"id": area.id, "kind": area.kind, "name": area.name, "districts": area.districts},
        }
        for area in areas
    ]
    return msgspec.json.encode({"type": "FeatureCollection", "features": features}).decode()


def configure(book: Any, minute: int, **said: Any) -> None:
    """Write a config entry as of a minute after noon."""
    book.write("config", write_configured(Configured(**said)), (NOON + minute) * MINUTE_MS)


def judged(entries: Sequence[Entry], areas: Sequence[Area], directory: Path | None = None, **own: Any) -> Told:
    """Return what a judge says of entries."""
    told = Told()
    Judge(Catalogue(), areas, told, told, directory, **own).apply(entries)
    return told


def test_entry_is_read_as_it_was_written() -> None:
    """And one of an earlier hub, or of a later one, says what it says."""
    texts = {"areas": document([]), "rules": rule_texts(), "standards": standard_texts(), "checks": check_text()}
    said = Configured(grace_s=12.0, **texts)

    assert read_configured(write_configured(said)) == said
    assert read_configured(b'{"grace_s": 30.0, "what is to come": 1}') == Configured()


def test_rebuild_with_other_rules_gives_the_same(book: Any) -> None:
    """The journal's rules stand above those that the program has today."""
    configure(book, 49, rules=rule_texts(), standards=standard_texts())
    book.day(range(50, 80))
    then, today = (judged(book.entries, book.town.areas, rules=rules) for rules in (None, rules_of(DEAF)))

    assert [(lead.area, lead.cause.property) for lead in then.leads] == [("site", "pm10")]
    assert (today.leads, today.levels) == (then.leads, then.levels)


def test_rules_hold_from_their_place_on(book: Any) -> None:
    """The dust of 13:00 is a lead by the first rules; deaf ones then see nothing of a second dust."""
    dust = book.town.air
    book.town.air = lambda s, n, m: dust(s, n, m - 100 if m > 150 else m)
    configure(book, 49, rules=rule_texts())
    book.day(range(50, 140))
    before = len(book.entries)
    configure(book, 140, rules=DEAF)
    book.day(range(140, 180))
    deaf = judged(book.entries, book.town.areas)
    kept = [entry for entry in book.entries if entry.id != before + 1]

    assert [lead.episode_start_ms // MINUTE_MS - NOON for lead in deaf.leads] == [60]
    assert [lead.episode_start_ms // MINUTE_MS - NOON for lead in judged(kept, book.town.areas).leads] == [60, 160]


def test_what_runs_goes_on_across_a_change(book: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The dust began under the old rules: the same area stays red since the same minute, and no second lead opens."""
    configure(book, 49, rules=rule_texts())
    book.day(range(50, 75))
    configure(book, 75, rules=rule_texts() | {"site/more.toml": OURS})
    book.day(range(75, 90))
    told = judged(book.entries, book.town.areas)

    assert [lead.episode_start_ms // MINUTE_MS - NOON for lead in told.leads] == [60]
    assert [level for area, level in told.levels if area == "site" and level != Level.NORMAL] == [Level.RED]
    assert caplog.messages == []


def test_areas_come_and_go(book: Any) -> None:
    """One that stays keeps its level by its id, wherever it stands in the list; one that is gone is shown no more."""
    areas = book.town.areas
    configure(book, 49, areas=document(areas))
    book.day(range(50, 75))
    configure(book, 75, areas=document([*reversed(areas[:1]), areas[2]]))
    book.day(range(75, 76))
    told = Told()
    snapshot = Judge(Catalogue(), areas, told, told).apply(book.entries)

    assert list(snapshot.statuses) == ["site", "laboratory"]
    assert (snapshot.statuses["site"].level, len(told.leads)) == (Level.RED, 1)


def test_restart_after_a_change_goes_on(book: Any, tmp_path: Path) -> None:
    """The memory on disk is of the journal's rules and areas, whatever the program's own are."""
    configure(book, 49, rules=rule_texts(), areas=document(book.town.areas))
    book.day(range(50, 65))
    configure(book, 65, rules=DEAF, areas=document(book.town.areas[::-1]))
    book.day(range(65, 125))
    whole = judged(book.entries, ())
    told = Told()
    Judge(Catalogue(), (), told, told, tmp_path).apply(book.entries)
    again = Judge(Catalogue(), (), told, told, tmp_path)

    assert again.after == max(entry.id for entry in book.entries if entry.seq == (NOON + 119) * MINUTE_MS)
    again.apply([entry for entry in book.entries if entry.id > again.after])
    assert told.leads == whole.leads
    assert [lead.area for lead in whole.leads] == ["site"]


DOUBTFUL = check_text().replace("share = 1.2, slack = 10.0", "share = 0.01, slack = 0.0")


def test_checks_hold_from_their_place_on(book: Any) -> None:
    """While they doubt every device a dust is no lead; a second one is, by the program's own."""
    dust = book.town.air
    book.town.air = lambda s, n, m: dust(s, n, m - 20 if m > 75 else 60 if 60 <= m < 68 else 0)
    configure(book, 49, checks=DOUBTFUL)
    book.day(range(50, 72))
    before = len(book.entries)
    configure(book, 72, checks=check_text())
    book.day(range(72, 95))
    kept = [entry for entry in book.entries if entry.id != before + 1]

    assert [lead.episode_start_ms // MINUTE_MS - NOON for lead in judged(book.entries, book.town.areas).leads] == [80]
    assert judged(kept, book.town.areas).leads == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("version = ", "checks.toml: [checks]: Invalid value"),
        ('version = "1"\n[flatline]', "checks.toml: [checks]: Object contains unknown field `flatline`"),
        (check_text().replace("share = 1.2, slack = 10.0", "share = 0.0, slack = 10.0"), "share must be above zero"),
        (check_text().replace("off = 30.0", "off = -1.0"), "[oxidant]: off must be above zero"),
    ],
)
def test_checks_that_cannot_be_read_leave_the_programs_own(
    book: Any, caplog: pytest.LogCaptureFixture, text: str, why: str
) -> None:
    """Neither what is no table nor a number that a check refuses stops the judge; the log says what is wrong."""
    configure(book, 49, checks=text)
    book.day(range(50, 66))
    with caplog.at_level(logging.WARNING):
        told = judged(book.entries, book.town.areas)

    assert [lead.area for lead in told.leads] == ["site"]
    assert [why in line and "the program's own holds" in line for line in caplog.messages] == [True]


def test_rules_that_cannot_be_read_leave_the_programs_own(book: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Written by another version: the judge goes on, and the log says so."""
    configure(book, 49, rules={"a.toml": "[[rule]]\nfrom_the_future = 1"}, areas='{"features": [{}]}')
    book.day(range(50, 80))
    with caplog.at_level(logging.WARNING):
        told = judged(book.entries, book.town.areas)

    assert [lead.area for lead in told.leads] == ["site"]
    assert sum("the program's own holds" in line for line in caplog.messages) == 2
