"""Labels in the database: every one is kept, of one subject the latest counts."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import Connection, Table, and_, func, insert, select

from hub.lead.label import Label, Opened, Said, Subject, SubjectKind
from hub.registry.tables import EPISODE, LABEL, LEAD, TICKET

SUBJECTS: Final[dict[SubjectKind, Table]] = {"lead": LEAD, "ticket": TICKET}


def insert_label(connection: Connection, subject: Subject, said: Said) -> None:
    """Keep what was said."""
    values = {
        "subject_kind": subject.kind,
        "subject_id": subject.id,
        "outcome": said.outcome,
        "note": said.note,
        "said_by": said.by,
        "said_ms": said.at_ms,
    }
    connection.execute(insert(LABEL).values(values))


def labels(connection: Connection, subject: Subject | None = None) -> list[Label]:
    """Return the latest label of every subject, or all that were ever said of one; in the order of saying."""
    found = [*_of_leads(connection, subject), *_of_tickets(connection, subject)]
    return sorted(found, key=lambda label: label.id)


def opened(connection: Connection) -> list[Opened]:
    """Return every lead and ticket with what opened it and the outcome that counts."""
    said = {(label.subject_kind, label.subject_id): label.outcome for label in labels(connection)}
    leads = connection.execute(select(LEAD.c.id, LEAD.c.detector, LEAD.c.opened_ms, _first_evidence()))
    tickets = connection.execute(select(TICKET.c.id, TICKET.c.kind, TICKET.c.opened_ms))
    return [
        *(
            Opened("lead", (("detector", detector), ("rule", _rule(evidence))), opened_ms, said.get(("lead", key)))
            for key, detector, opened_ms, evidence in leads
        ),
        *(
            Opened("ticket", (("check", kind),), opened_ms, said.get(("ticket", key)))
            for key, kind, opened_ms in tickets
        ),
    ]


def _first_evidence() -> Any:
    """Return a lead's evidence: that of the episode that opened it."""
    first = and_(EPISODE.c.lead_id == LEAD.c.id, EPISODE.c.start_ms == LEAD.c.episode_start_ms)
    return select(EPISODE.c.evidence).where(first).scalar_subquery()


def _rule(evidence: Sequence[dict[str, Any]] | None) -> str:
    return str(evidence[0].get("rule", "")) if evidence else ""


def _wanted(kind: SubjectKind, subject: Subject | None) -> Any:
    if subject is not None:
        return and_(LABEL.c.subject_kind == kind, LABEL.c.subject_id == (subject.id if subject.kind == kind else -1))
    latest = select(func.max(LABEL.c.id)).where(LABEL.c.subject_kind == kind).group_by(LABEL.c.subject_id)
    return LABEL.c.id.in_(latest)


def _of_leads(connection: Connection, subject: Subject | None) -> list[Label]:
    about = (LEAD.c.area, LEAD.c.property, LEAD.c.detector, LEAD.c.episode_start_ms.label("since_ms"), LEAD.c.closed_ms)
    join = LABEL.join(LEAD, LABEL.c.subject_id == LEAD.c.id)
    query = select(LABEL, *about, _first_evidence().label("evidence")).select_from(join)
    rows = connection.execute(query.where(_wanted("lead", subject))).mappings()
    return [_label({**row, "subject": "", "kind": "", "rule": _rule(row["evidence"])}) for row in rows]


def _of_tickets(connection: Connection, subject: Subject | None) -> list[Label]:
    about = (TICKET.c.subject, TICKET.c.kind, TICKET.c.since_ms, TICKET.c.closed_ms)
    query = select(LABEL, *about).select_from(LABEL.join(TICKET, LABEL.c.subject_id == TICKET.c.id))
    nowhere = dict.fromkeys(("area", "property", "detector", "rule"), "")
    return [
        _label({**row, **nowhere}) for row in connection.execute(query.where(_wanted("ticket", subject))).mappings()
    ]


def _label(values: dict[str, Any]) -> Label:
    return Label(**{field.name: values[field.name] for field in fields(Label)})
