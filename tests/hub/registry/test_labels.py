"""Labels: what people found of leads and tickets, kept for ever; the latest counts."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.errors import StoreError
from hub.lead.label import Said, Subject
from hub.model import Anomaly, Cause, LeadOpening, Level, TicketOpening
from hub.registry import Registry
from hub.registry.reading import reading

# 2026-04-30 23:30 in Beijing.
APRIL_MS = 1_777_563_000_000
HOUR_MS = 3_600_000
DUST = Cause("pm10", "local_excess")
SEEN = Anomaly(APRIL_MS, "m1", "m1/d/pm10", "site", DUST, Level.RED, 412.0, 80.0, 150.0, "local-pm10@3", 116.5, 39.8)
LEAD = LeadOpening("site", DUST, APRIL_MS, APRIL_MS, late=False, evidence=(SEEN,), explanation="", explanation_en="")
TICKET = TicketOpening("m1-d", "flat_line", APRIL_MS, APRIL_MS, "", "")


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    """Return a registry with two leads, of April and May, and a ticket."""
    with Registry.open(tmp_path / "registry.sqlite") as opened:
        opened.open_lead(LEAD)
        opened.close_lead(1, APRIL_MS + 1)
        opened.open_lead(dataclasses.replace(LEAD, episode_start_ms=APRIL_MS + HOUR_MS, opened_ms=APRIL_MS + HOUR_MS))
        opened.open_ticket(TICKET)
        yield opened


def said(outcome: str, at_ms: int = APRIL_MS + 2) -> Said:
    """Return what the duty officer says."""
    return Said(outcome, "seen", "duty", at_ms)  # type: ignore[arg-type]  # one of the outcomes


def test_label_says_what_it_is_about(registry: Registry) -> None:
    """Whoever calibrates need not look anything up."""
    registry.label(Subject("lead", 1), said("confirmed"))
    registry.label(Subject("ticket", 1), said("sensor_fault"))
    lead, ticket = registry.labels()

    assert (lead.area, lead.property, lead.detector, lead.rule) == ("site", "pm10", "local_excess", "local-pm10@3")
    assert (lead.since_ms, lead.closed_ms, lead.note, lead.said_by) == (APRIL_MS, APRIL_MS + 1, "seen", "duty")
    assert (ticket.subject, ticket.kind, ticket.since_ms, ticket.closed_ms) == ("m1-d", "flat_line", APRIL_MS, None)


def test_latest_label_counts_and_all_are_kept(registry: Registry) -> None:
    """A correction is a further row; what was said before stays to be seen."""
    for outcome in ("false", "regional", "confirmed"):
        registry.label(Subject("lead", 2), said(outcome))

    assert [label.outcome for label in registry.labels()] == ["confirmed"]
    assert [label.outcome for label in registry.labels(Subject("lead", 2))] == ["false", "regional", "confirmed"]


def test_label_with_close_is_one_act(registry: Registry) -> None:
    """The lead closes at the time of the label; one that is closed already keeps its time."""
    seen = registry.revision()
    registry.label(Subject("lead", 2), said("regional"), close=True)
    registry.label(Subject("lead", 1), said("regional", APRIL_MS + 9), close=True)

    assert [lead.closed_ms for lead in registry.leads(after_revision=seen)] == [APRIL_MS + 2, APRIL_MS + 1]


def test_label_of_what_is_not_there_is_not_kept(registry: Registry) -> None:
    """Neither a lead of that number, nor a label."""
    assert not registry.label(Subject("lead", 77), said("false"))
    assert registry.labels() == []


def test_lead_and_ticket_of_one_number_are_two(registry: Registry) -> None:
    """The kind of the subject belongs to its name."""
    registry.label(Subject("ticket", 1), said("false"))

    assert registry.labels(Subject("lead", 1)) == []
    assert [label.subject_kind for label in registry.labels()] == ["ticket"]


def test_precision_is_counted_by_detector_rule_check_and_month(registry: Registry) -> None:
    """Midnight is Beijing's: the second lead is of May."""
    registry.label(Subject("lead", 1), said("confirmed"))
    registry.label(Subject("lead", 2), said("sensor_fault"))
    registry.label(Subject("ticket", 1), said("sensor_fault"))
    rows = {(row.origin, row.name, row.month): row for row in registry.precision()}

    assert sorted(rows) == [
        ("check", "flat_line", ""),
        ("check", "flat_line", "2026-04"),
        ("detector", "local_excess", ""),
        ("detector", "local_excess", "2026-04"),
        ("detector", "local_excess", "2026-05"),
        ("rule", "local-pm10@3", ""),
        ("rule", "local-pm10@3", "2026-04"),
        ("rule", "local-pm10@3", "2026-05"),
    ]
    assert [rows["detector", "local_excess", month].precision for month in ("", "2026-04", "2026-05")] == [0.5, 1, 0]
    assert (rows["check", "flat_line", ""].precision, rows["check", "flat_line", ""].few) == (1, True)


def test_another_process_reads_without_writing(registry: Registry, tmp_path: Path) -> None:
    """Calibration runs beside the hub."""
    registry.label(Subject("ticket", 1), said("confirmed"))
    with reading(tmp_path / "registry.sqlite") as reader:
        assert [label.kind for label in reader.labels()] == ["flat_line"]
    with pytest.raises(StoreError), reading(tmp_path / "none.sqlite"):
        pass
