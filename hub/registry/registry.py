"""Opening is insert-or-ignore, guarded by constraints, so that a replay of the journal repeats nothing."""

import uuid
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from sqlalchemy import Connection, RowMapping, Table, func, insert, select, union_all, update

from hub.lead.evidence import evidence
from hub.model import AreaStatus, Cause, Freshness, LeadOpening, Level, TicketOpening
from hub.registry.engine import READ_ONLY, open_engine
from hub.registry.migrate import upgrade
from hub.registry.tables import EPISODE, LEAD, LEVEL_CHANGE, PUSH, TICKET
from hub.registry.values import DuePush, Episode, Lead, LevelChange, PushState, Ticket

# A late lead about something that began longer ago is for the duty officer, not for a phone.
LATE_PUSH_MS: Final = 2 * 3_600_000
_PUSHES: Final = uuid.UUID("5b0c3d0e-6f0a-4b35-9b1f-3a7c1c1f0d52")


class Registry:
    """Leads, tickets and level changes in a database; safe to call from any thread, never from the event loop itself.

    Attributes:
        receivers: names of those who get a push for each new lead.
    """

    def __init__(self, url: str, receivers: Sequence[str] = ()) -> None:
        """Open the database and bring it to the newest version.

        Args:
            url: as SQLAlchemy takes it, such as "sqlite:///registry.sqlite"; `open` makes it from a path.
            receivers: names of those who get a push for each new lead.
        """
        self.receivers = tuple(receivers)
        self._engine = open_engine(url)
        self._reader = self._engine.execution_options(**READ_ONLY)
        with self._engine.begin() as connection:
            upgrade(connection)

    @classmethod
    def open(cls, path: Path, receivers: Sequence[str] = ()) -> Self:
        """Open or create a registry in an SQLite file."""
        return cls(f"sqlite:///{path}", receivers)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def open_lead(self, opening: LeadOpening) -> int | None:
        """Open a lead with a push for each receiver, or attach the episode to the open lead of the same area and cause.

        Returns:
            The new lead's id; None when the episode was known or was attached.
        """
        with self._engine.begin() as connection:
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
            return lead_id

    def close_lead(self, lead_id: int, closed_ms: int) -> bool:
        """Close a lead; return whether it was open."""
        return self._close(LEAD, lead_id, closed_ms)

    def open_ticket(self, opening: TicketOpening) -> int | None:
        """Open a ticket unless one is open for its subject and kind, or this very one was closed; return its id."""
        with self._engine.begin() as connection:
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

    def record_levels(self, changes: Sequence[AreaStatus], judged_ms: int) -> None:
        """Keep how areas stand from now on; an area that was recorded for this time of judgement already is left alone.

        Args:
            changes: the new status of each area whose level or freshness changed.
            judged_ms: the judge's time at which the hub knew it.
        """
        if not changes:
            return
        with self._engine.begin() as connection:
            known = set(connection.scalars(select(LEVEL_CHANGE.c.area).where(LEVEL_CHANGE.c.judged_ms == judged_ms)))
            rows = [_level_row(status, judged_ms) for status in changes if status.area not in known]
            if rows:
                connection.execute(insert(LEVEL_CHANGE), rows)

    def leads(self, after_revision: int = 0) -> list[Lead]:
        """Return leads without their details, the latest opened first; only those changed after a revision."""
        query = select(LEAD).where(LEAD.c.revision > after_revision).order_by(LEAD.c.id.desc())
        with self._reader.begin() as connection:
            return [_lead(row) for row in connection.execute(query).mappings()]

    def lead(self, lead_id: int) -> Lead | None:
        """Return one lead with its episodes and pushes, None when there is no such lead."""
        with self._reader.begin() as connection:
            row = connection.execute(select(LEAD).where(LEAD.c.id == lead_id)).mappings().first()
            if row is None:
                return None
            episodes = select(EPISODE).where(EPISODE.c.lead_id == lead_id).order_by(EPISODE.c.start_ms)
            pushes = select(PUSH).where(PUSH.c.lead_id == lead_id).order_by(PUSH.c.receiver)
            return _lead(
                row,
                episodes=tuple(_episode(e) for e in connection.execute(episodes).mappings()),
                pushes=tuple(_push(p) for p in connection.execute(pushes).mappings()),
            )

    def tickets(self, after_revision: int = 0) -> list[Ticket]:
        """Return tickets, the latest opened first; only those changed after a revision."""
        query = select(TICKET).where(TICKET.c.revision > after_revision).order_by(TICKET.c.id.desc())
        with self._reader.begin() as connection:
            return [Ticket(**row) for row in connection.execute(query).mappings()]

    def level_changes(self, limit: int = 100_000) -> list[LevelChange]:
        """Return how areas changed, the latest `limit` of them, in the order in which the hub knew it."""
        query = select(LEVEL_CHANGE).order_by(LEVEL_CHANGE.c.id.desc()).limit(limit)
        with self._reader.begin() as connection:
            rows = list(connection.execute(query).mappings())
        return [_level_change(row) for row in reversed(rows)]

    def revision(self) -> int:
        """Return the revision of the latest change of any lead or ticket, 0 for none."""
        with self._reader.begin() as connection:
            return _next_revision(connection) - 1

    def due_pushes(self) -> list[DuePush]:
        """Return the pushes that nobody has confirmed yet, the oldest first."""
        lead = [column for column in LEAD.c if column.name not in {"id", "revision", "late", "closed_ms"}]
        query = (
            select(PUSH.c.id, PUSH.c.receiver, PUSH.c.lead_id.label("lead"), *lead)
            .join(LEAD, LEAD.c.id == PUSH.c.lead_id)
            .where(PUSH.c.delivered_ms.is_(None))
            .order_by(PUSH.c.created_ms, PUSH.c.id)
        )
        with self._reader.begin() as connection:
            return [DuePush(**_with_cause(row)) for row in connection.execute(query).mappings()]

    def mark_push(self, push_id: str, delivered_ms: int | None, problem: str = "") -> None:
        """Note an attempt: delivered at `delivered_ms`, or failed with a problem when that is None."""
        values = {"attempts": PUSH.c.attempts + 1, "delivered_ms": delivered_ms, "problem": problem}
        with self._engine.begin() as connection:
            connection.execute(update(PUSH).where(PUSH.c.id == push_id, PUSH.c.delivered_ms.is_(None)).values(values))

    def _close(self, table: Table, row_id: int, closed_ms: int) -> bool:
        with self._engine.begin() as connection:
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
    highest = union_all(
        select(func.coalesce(func.max(LEAD.c.revision), 0).label("revision")),
        select(func.coalesce(func.max(TICKET.c.revision), 0).label("revision")),
    ).subquery()
    return int(connection.scalar(select(func.max(highest.c.revision))) or 0) + 1


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


def _with_cause(row: RowMapping) -> dict[str, Any]:
    values = dict(row)
    return values | {"cause": Cause(values.pop("property"), values.pop("detector"))}


def _lead(row: RowMapping, episodes: tuple[Episode, ...] = (), pushes: tuple[PushState, ...] = ()) -> Lead:
    return Lead(**_with_cause(row), episodes=episodes, pushes=pushes)


def _episode(row: RowMapping) -> Episode:
    return Episode(
        row["start_ms"],
        row["opened_ms"],
        row["late"],
        tuple(row["evidence"]),
        row["explanation"],
        row["explanation_en"],
    )


def _push(row: RowMapping) -> PushState:
    return PushState(row["receiver"], row["created_ms"], row["attempts"], row["delivered_ms"], row["problem"])


def _level_change(row: RowMapping) -> LevelChange:
    return LevelChange(row["area"], Level(row["level"]), Freshness(row["freshness"]), row["since_ms"], row["judged_ms"])
