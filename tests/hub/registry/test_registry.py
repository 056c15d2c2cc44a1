"""The registry: what is opened once stays opened once."""

import dataclasses
import math
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.exc import IntegrityError

from hub.errors import StoreError
from hub.lead.label import Said, Subject
from hub.model import Anomaly, AreaStatus, Cause, Freshness, LeadOpening, Level, TicketOpening
from hub.reasons import Candidate
from hub.registry import LevelChange, Registry
from hub.registry.migrate import migrations
from hub.registry.tables import TABLES

HOUR_MS = 3_600_000
DUST = Cause("pm10", "local_excess")
SEEN = Anomaly(
    minute_ms=HOUR_MS,
    station="micro-017",
    datastream="micro-017/micro-017-pm/pm10",
    area="site-3",
    cause=DUST,
    level=Level.RED,
    value=412.0,
    background=math.nan,
    threshold=150.0,
    rule="local_excess/1",
    longitude=116.5,
    latitude=39.8,
    candidates=(Candidate("site-01", 0.7), Candidate("road-1", 0.3)),
)
OPENING = LeadOpening(
    "site-3", DUST, HOUR_MS, HOUR_MS + 90_000, late=False, evidence=(SEEN,), explanation="扬尘", explanation_en="Dust"
)
TICKET = TicketOpening("micro-001/micro-001-pm/pm2_5", "flat_line", HOUR_MS, HOUR_MS + 90_000, "卡死", "Stuck")


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    """Return an empty registry with two receivers."""
    with Registry.open(tmp_path / "registry.sqlite", ("duty", "phone")) as opened:
        yield opened


def test_lead_opens_with_its_evidence_and_a_push_for_each_receiver(registry: Registry) -> None:
    """Lead, first episode and pushes are of one transaction."""
    lead_id = registry.open_lead(OPENING)

    assert lead_id is not None
    lead = registry.lead(lead_id)
    assert lead is not None
    assert [push.receiver for push in lead.pushes] == ["duty", "phone"]
    assert lead.episodes[0].evidence[0]["value"] == 412.0
    assert lead.episodes[0].evidence[0]["background"] is None


def test_same_episode_opens_nothing_twice(registry: Registry) -> None:
    """A replay of the journal opens no second lead and pushes nothing."""
    registry.open_lead(OPENING)

    assert registry.open_lead(OPENING) is None
    assert [len(registry.leads()), len(registry.due_pushes())] == [1, 2]


def test_closed_lead_is_not_opened_again_by_a_replay(registry: Registry) -> None:
    """A lead's identity holds for all time, not only while it is open."""
    lead_id = registry.open_lead(OPENING)
    assert lead_id is not None
    registry.close_lead(lead_id, 2 * HOUR_MS)

    assert registry.open_lead(OPENING) is None
    assert [lead.closed_ms for lead in registry.leads()] == [2 * HOUR_MS]


def test_next_episode_joins_the_open_lead(registry: Registry) -> None:
    """One matter for the inspector: the episode is attached, nobody is pushed again, and the page hears of it."""
    lead_id = registry.open_lead(OPENING)
    seen = registry.revision()

    assert registry.open_lead(dataclasses.replace(OPENING, episode_start_ms=3 * HOUR_MS)) is None
    lead = registry.lead(lead_id or 0)
    assert lead is not None
    assert [episode.start_ms for episode in lead.episodes] == [HOUR_MS, 3 * HOUR_MS]
    assert [len(registry.due_pushes()), [one.id for one in registry.leads(after_revision=seen)]] == [2, [lead_id]]


def test_episode_after_the_lead_was_closed_opens_another(registry: Registry) -> None:
    """At most one open lead for an area and cause: a closed one does not swallow what comes later."""
    first = registry.open_lead(OPENING)
    registry.close_lead(first or 0, 2 * HOUR_MS)

    second = registry.open_lead(dataclasses.replace(OPENING, episode_start_ms=3 * HOUR_MS))

    assert second not in {None, first}


@pytest.mark.parametrize(("late", "age_h", "pushes"), [(True, 3, 0), (True, 1, 2), (False, 3, 2)])
def test_only_a_late_lead_of_long_ago_is_not_pushed(registry: Registry, late: bool, age_h: int, pushes: int) -> None:  # noqa: FBT001
    """What comes hours late is for the duty officer, not for a phone."""
    registry.open_lead(dataclasses.replace(OPENING, late=late, opened_ms=HOUR_MS + age_h * HOUR_MS))

    assert [len(registry.leads()), len(registry.due_pushes())] == [1, pushes]


def test_database_itself_refuses_a_second_open_lead(registry: Registry, tmp_path: Path) -> None:
    """The promise is a constraint, not a habit of this program."""
    registry.open_lead(OPENING)
    other = sqlite3.connect(tmp_path / "registry.sqlite")

    with pytest.raises(sqlite3.IntegrityError):
        other.execute(
            "insert into lead (revision, area, property, detector, episode_start_ms, opened_ms, late, explanation,"
            " explanation_en) values (99, 'site-3', 'pm10', 'local_excess', 5, 5, 0, '', '')"
        )
    other.close()


def test_push_key_is_the_same_in_a_rebuilt_registry(registry: Registry, tmp_path: Path) -> None:
    """A registry that was lost and rebuilt from the journal sends keys that its receivers know."""
    registry.open_lead(OPENING)
    with Registry.open(tmp_path / "rebuilt.sqlite", ("duty", "phone")) as rebuilt:
        rebuilt.open_lead(OPENING)

        assert {push.id for push in rebuilt.due_pushes()} == {push.id for push in registry.due_pushes()}


def test_delivered_push_is_due_no_more(registry: Registry) -> None:
    """A failed attempt leaves it due and says why; a delivered one ends it for good."""
    lead_id = registry.open_lead(OPENING)
    push = registry.due_pushes()[0]
    registry.mark_push(push.id, None, "HTTP 503")
    registry.mark_push(push.id, 2 * HOUR_MS)
    registry.mark_push(push.id, None, "too late to matter")

    assert push.id not in {due.id for due in registry.due_pushes()}
    lead = registry.lead(lead_id or 0)
    assert lead is not None
    state = next(one for one in lead.pushes if one.receiver == push.receiver)
    assert (state.attempts, state.delivered_ms, state.problem) == (2, 2 * HOUR_MS, "")


def test_ticket_is_open_once_for_a_subject_and_kind(registry: Registry) -> None:
    """A fault that goes on is one ticket, whenever it is said again."""
    registry.open_ticket(TICKET)

    assert registry.open_ticket(dataclasses.replace(TICKET, since_ms=2 * HOUR_MS)) is None
    assert len(registry.tickets()) == 1


def test_closed_ticket_is_not_opened_again_by_a_replay(registry: Registry) -> None:
    """The same fault said again after a person closed it stays closed; a new one opens."""
    ticket_id = registry.open_ticket(TICKET)
    assert registry.close_ticket(ticket_id or 0, 2 * HOUR_MS)
    assert not registry.close_ticket(ticket_id or 0, 3 * HOUR_MS)

    assert registry.open_ticket(TICKET) is None
    assert registry.open_ticket(dataclasses.replace(TICKET, since_ms=5 * HOUR_MS)) is not None


def test_level_changes_are_kept_once(registry: Registry) -> None:
    """A replay tells the same changes at the same times of judgement."""
    red = AreaStatus("site-3", Level.RED, Freshness.FRESH, HOUR_MS)
    calm = AreaStatus("road-1", Level.NORMAL, Freshness.STALE, 0)
    registry.record_levels([red], 2 * HOUR_MS)
    registry.record_levels([red, calm], 2 * HOUR_MS)
    registry.record_levels([], 3 * HOUR_MS)

    assert registry.level_changes() == [
        LevelChange("site-3", Level.RED, Freshness.FRESH, HOUR_MS, 2 * HOUR_MS),
        LevelChange("road-1", Level.NORMAL, Freshness.STALE, 0, 2 * HOUR_MS),
    ]


def test_changes_of_one_area_at_one_time_of_judgement_are_all_kept(registry: Registry) -> None:
    """After a pause the judge closes many minutes at once."""
    red, calm = (
        AreaStatus("site-3", level, Freshness.FRESH, since) for level, since in ((Level.RED, 1), (Level.NORMAL, 2))
    )
    for change in (red, calm, red, calm):
        registry.record_levels([change], HOUR_MS)

    assert [change.level for change in registry.level_changes()] == [Level.RED, Level.NORMAL]


def test_broken_database_is_told_from_a_wrong_question(registry: Registry, tmp_path: Path) -> None:
    """What the surroundings do is a StoreError, so that the judge tries again and passes over nothing."""
    other = sqlite3.connect(tmp_path / "registry.sqlite")
    other.execute("drop table level_change")
    other.close()

    with pytest.raises(StoreError):
        registry.level_changes()
    with pytest.raises(StoreError):
        registry.record_levels([AreaStatus("site-3", Level.RED, Freshness.FRESH, 1)], 2)


def test_two_threads_that_open_the_same_open_it_once(registry: Registry) -> None:
    """Writers take the lock at their beginning: none acts on what another is about to change."""
    given: list[int | None] = []
    threads = [threading.Thread(target=lambda: given.append(registry.open_lead(OPENING))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(given, key=str) == [1, None, None, None]


def test_unknown_lead_is_none(registry: Registry) -> None:
    """There is no such lead: neither an error nor an empty one."""
    assert registry.lead(12) is None


def test_reopened_registry_goes_on(tmp_path: Path) -> None:
    """The second start finds the newest version and what was kept."""
    with Registry.open(tmp_path / "a%20b?.sqlite") as first:
        first.open_lead(OPENING)
    with Registry.open(tmp_path / "a%20b?.sqlite") as second:
        assert len(second.leads()) == 1


def test_migrations_make_the_tables_that_the_program_uses(registry: Registry, tmp_path: Path) -> None:
    """The newest migration and tables.py say the same, and the way back is open too."""
    engine = create_engine(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    with engine.begin() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), TABLES)
        command.downgrade(migrations(connection), "base")
        command.upgrade(migrations(connection), "head")
    engine.dispose()

    assert differences == []


def test_push_without_its_lead_cannot_be(registry: Registry) -> None:
    """Foreign keys are on: SQLite leaves them off unless it is told."""
    with registry._engine.begin() as connection, pytest.raises(IntegrityError):
        connection.exec_driver_sql("insert into push values ('x', 77, 'duty', 0, 0, null, '')")


def test_registry_of_the_first_version_is_brought_to_the_newest(tmp_path: Path) -> None:
    """What it held is still there, and labels can be given."""
    path = tmp_path / "registry.sqlite"
    with Registry.open(path) as first:
        first.open_lead(OPENING)
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        command.downgrade(migrations(connection), "0001")
    engine.dispose()
    with Registry.open(path) as second:
        assert second.label(Subject("lead", 1), Said("confirmed", "", "duty", 2 * HOUR_MS))
        assert [lead.id for lead in second.leads()] == [1]
