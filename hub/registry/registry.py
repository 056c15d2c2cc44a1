"""Opening is insert-or-ignore, guarded by constraints, so that a replay of the journal repeats nothing."""

import uuid
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from sqlalchemy import URL, Connection, Table, insert, select, update

from hub.bell import Bell
from hub.lead.evidence import evidence
from hub.lead.label import Said, Subject
from hub.model import AreaStatus, LeadOpening, TicketOpening
from hub.registry.engine import open_engine
from hub.registry.labels import SUBJECTS, insert_label
from hub.registry.migrate import upgrade
from hub.registry.reading import RegistryReader, latest_revision, transaction
from hub.registry.tables import EPISODE, LEAD, LEVEL_CHANGE, PUSH, TICKET

# A late lead about something that began longer ago is for the duty officer, not for a phone.
LATE_PUSH_MS: Final = 2 * 3_600_000
_PUSHES: Final = uuid.UUID("5b0c3d0e-6f0a-4b35-9b1f-3a7c1c1f0d52")


class Registry(RegistryReader):
    """Leads, tickets and level changes in a database; the writing half, to be called as the reading half.

    Attributes:
        receivers: names of those who get a push for each new lead.
    """

    def __init__(self, url: str | URL, receivers: Sequence[str] = ()) -> None:
        """Open the database and bring it to the newest version.

        Args:
            url: as SQLAlchemy takes it, such as "sqlite:///registry.sqlite"; `open` makes it from a path.
            receivers: names of those who get a push for each new lead.
        """
        self.receivers = tuple(receivers)
        self._engine = open_engine(url)
        self._bells: set[Bell] = set()
        super().__init__(self._engine)
        with transaction(self._engine) as connection:
            upgrade(connection)

    @classmethod
    def open(cls, path: Path, receivers: Sequence[str] = ()) -> Self:
        """Open or create a registry in an SQLite file."""
        return cls(URL.create("sqlite", database=str(path)), receivers)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def watch(self, bell: Bell) -> None:
        """Ring `bell` whenever there are new pushes."""
        self._bells.add(bell)

    def unwatch(self, bell: Bell) -> None:
        """Ring it no more."""
        self._bells.discard(bell)

    def open_lead(self, opening: LeadOpening) -> int | None:
        """Open a lead with a push for each receiver, or attach the episode to the open lead of the same area and cause.

        Returns:
            The new lead's id; None when the episode was known or was attached.
        """
        with transaction(self._engine) as connection:
            if _exists(connection, EPISODE, start_ms=opening.episode_start_ms, **_identity(opening)):
                return None
            lead_id = _open_lead_id(connection, opening)
            if lead_id is not None:
                _attach(connection, lead_id, opening)
                _touch(connection, LEAD, lead_id)
                return None
            lead_id = _insert_lead(connection, opening)
            _attach(connection, lead_id, opening)
            if not (opening.late and opening.opened_ms - opening.episode_start_ms > LATE_PUSH_MS):
                _insert_pushes(connection, lead_id, opening, self.receivers)
        for bell in tuple(self._bells):
            bell.ring()
        return lead_id

    def close_lead(self, lead_id: int, closed_ms: int) -> bool:
        """Close a lead; return whether it was open."""
        return self._close(LEAD, lead_id, closed_ms)

    def open_ticket(self, opening: TicketOpening) -> int | None:
        """Open a ticket unless one is open for its subject and kind, or this very one was closed; return its id."""
        with transaction(self._engine) as connection:
            who = {"subject": opening.subject, "kind": opening.kind}
            known = _exists(connection, TICKET, since_ms=opening.since_ms, **who)
            if known or _exists(connection, TICKET, closed_ms=None, **who):
                return None
            values = who | {
                "revision": _next_revision(connection),
                "since_ms": opening.since_ms,
                "opened_ms": opening.opened_ms,
                "explanation": opening.explanation,
                "explanation_en": opening.explanation_en,
            }
            return _inserted_id(connection, TICKET, values)

    def close_ticket(self, ticket_id: int, closed_ms: int) -> bool:
        """Close a ticket; return whether it was open."""
        return self._close(TICKET, ticket_id, closed_ms)

    def label(self, subject: Subject, said: Said, *, close: bool = False) -> bool:
        """Keep what a person says of a lead or ticket, beside what was said before; return whether there is such a one.

        Args:
            subject: the lead or ticket.
            said: its outcome.
            close: whether it is closed by the same act, unless it is closed already.
        """
        table = SUBJECTS[subject.kind]
        with transaction(self._engine) as connection:
            if not _exists(connection, table, id=subject.id):
                return False
            insert_label(connection, subject, said)
            if close and _exists(connection, table, id=subject.id, closed_ms=None):
                connection.execute(update(table).where(table.c.id == subject.id).values(closed_ms=said.at_ms))
            _touch(connection, table, subject.id)
            return True

    def record_levels(self, changes: Sequence[AreaStatus], judged_ms: int) -> None:
        """Keep how areas stand from now on; the same change of the same time of judgement is kept once.

        Args:
            changes: the new status of each area whose level or freshness changed.
            judged_ms: the judge's time at which the hub knew it.
        """
        if not changes:
            return
        with transaction(self._engine) as connection:
            said = select(LEVEL_CHANGE).where(LEVEL_CHANGE.c.judged_ms == judged_ms)
            known = [{**row, "id": None} for row in connection.execute(said).mappings()]
            rows = [_level_row(status, judged_ms) for status in changes]
            fresh = [row for row in rows if {**row, "id": None} not in known]
            if fresh:
                connection.execute(insert(LEVEL_CHANGE), fresh)

    def mark_push(self, push_id: str, delivered_ms: int | None, problem: str = "") -> None:
        """Note an attempt: delivered at `delivered_ms`, or failed with a problem when that is None."""
        values = {"attempts": PUSH.c.attempts + 1, "delivered_ms": delivered_ms, "problem": problem}
        with transaction(self._engine) as connection:
            connection.execute(update(PUSH).where(PUSH.c.id == push_id, PUSH.c.delivered_ms.is_(None)).values(values))

    def _close(self, table: Table, row_id: int, closed_ms: int) -> bool:
        with transaction(self._engine) as connection:
            if not _exists(connection, table, id=row_id, closed_ms=None):
                return False
            connection.execute(update(table).where(table.c.id == row_id).values(closed_ms=closed_ms))
            _touch(connection, table, row_id)
            return True


def _identity(opening: LeadOpening) -> dict[str, Any]:
    return {"area": opening.area, "property": opening.cause.property, "detector": opening.cause.detector}


def _exists(connection: Connection, table: Table, **values: object) -> bool:
    where = [table.c[name].is_(None) if value is None else table.c[name] == value for name, value in values.items()]
    return connection.execute(select(table.c.id).where(*where)).first() is not None


def _next_revision(connection: Connection) -> int:
    return latest_revision(connection) + 1


def _touch(connection: Connection, table: Table, row_id: int) -> None:
    connection.execute(update(table).where(table.c.id == row_id).values(revision=_next_revision(connection)))


def _inserted_id(connection: Connection, table: Table, values: dict[str, Any]) -> int:
    key = connection.execute(insert(table).values(values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def _open_lead_id(connection: Connection, opening: LeadOpening) -> int | None:
    where = [LEAD.c[name] == value for name, value in _identity(opening).items()]
    return connection.scalar(select(LEAD.c.id).where(LEAD.c.closed_ms.is_(None), *where))


def _insert_lead(connection: Connection, opening: LeadOpening) -> int:
    values = _identity(opening) | {
        "revision": _next_revision(connection),
        "episode_start_ms": opening.episode_start_ms,
        "opened_ms": opening.opened_ms,
        "late": opening.late,
        "explanation": opening.explanation,
        "explanation_en": opening.explanation_en,
    }
    return _inserted_id(connection, LEAD, values)


def _attach(connection: Connection, lead_id: int, opening: LeadOpening) -> None:
    values = _identity(opening) | {
        "lead_id": lead_id,
        "start_ms": opening.episode_start_ms,
        "opened_ms": opening.opened_ms,
        "late": opening.late,
        "evidence": [evidence(anomaly) for anomaly in opening.evidence],
        "explanation": opening.explanation,
        "explanation_en": opening.explanation_en,
    }
    connection.execute(insert(EPISODE).values(values))


def _insert_pushes(connection: Connection, lead_id: int, opening: LeadOpening, receivers: Sequence[str]) -> None:
    who = "/".join([opening.area, *opening.cause, str(opening.episode_start_ms)])
    rows = [
        {
            # Named after what it says: a registry that was rebuilt sends the same key, and the receiver knows it.
            "id": str(uuid.uuid5(_PUSHES, f"{who}/{receiver}")),
            "lead_id": lead_id,
            "receiver": receiver,
            "created_ms": opening.opened_ms,
            "attempts": 0,
            "problem": "",
        }
        for receiver in receivers
    ]
    if rows:
        connection.execute(insert(PUSH), rows)


def _level_row(status: AreaStatus, judged_ms: int) -> dict[str, Any]:
    return {
        "area": status.area,
        "level": int(status.level),
        "freshness": int(status.freshness),
        "since_ms": status.since_ms,
        "judged_ms": judged_ms,
    }
