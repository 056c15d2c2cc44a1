"""The reading half of the registry: a snapshot of the database each time, no lock."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, RowMapping, and_, func, or_, select, union_all
from sqlalchemy.exc import OperationalError

from hub.errors import StoreError
from hub.lead.label import Label, Precision, Subject, precisions
from hub.model import Cause, Freshness, Level
from hub.registry import labels
from hub.registry.engine import READ_ONLY, open_engine
from hub.registry.tables import EPISODE, LEAD, LEVEL_CHANGE, PUSH, TICKET
from hub.registry.values import DuePush, Episode, Lead, LevelChange, PushState, StoredOpening, Ticket


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Begin, and commit at the end.

    Raises:
        StoreError: the database is locked for long, full, or cannot be read: not the fault of what was asked.
    """
    try:
        with engine.begin() as connection:
            yield connection
    except OperationalError as error:
        raise StoreError(f"registry: {error.orig}") from error


class RegistryReader:
    """What people and the map look at; safe to call from any thread, never from the event loop itself."""

    def __init__(self, engine: Engine) -> None:
        self._reader = engine.execution_options(**READ_ONLY)

    def leads(self, after_revision: int = 0) -> list[Lead]:
        """Return leads without their details, the latest opened first; only those changed after a revision."""
        query = select(LEAD).where(LEAD.c.revision > after_revision).order_by(LEAD.c.id.desc())
        with transaction(self._reader) as connection:
            return [_lead(row) for row in connection.execute(query).mappings()]

    def lead(self, lead_id: int) -> Lead | None:
        """Return one lead with its episodes and pushes, None when there is no such lead."""
        with transaction(self._reader) as connection:
            row = connection.execute(select(LEAD).where(LEAD.c.id == lead_id)).mappings().first()
            if row is None:
                return None
            episodes = select(EPISODE).where(EPISODE.c.lead_id == lead_id).order_by(EPISODE.c.start_ms)
            pushes = select(PUSH).where(PUSH.c.lead_id == lead_id).order_by(PUSH.c.receiver)
            return _lead(
                row,
                episodes=tuple(_episode(e) for e in connection.execute(episodes).mappings()),
                pushes=tuple(_push(p) for p in connection.execute(pushes).mappings()),
                label=next(reversed(labels.labels(connection, Subject("lead", lead_id))), None),
            )

    def tickets(self, after_revision: int = 0) -> list[Ticket]:
        """Return tickets, the latest opened first; only those changed after a revision."""
        query = select(TICKET).where(TICKET.c.revision > after_revision).order_by(TICKET.c.id.desc())
        with transaction(self._reader) as connection:
            rows = list(connection.execute(query).mappings())
            known = labels.labels(connection) if rows else []
        said = {one.subject_id: one for one in known if one.subject_kind == "ticket"}
        return [Ticket(**row, label=said.get(row["id"])) for row in rows]

    def level_changes(self, limit: int = 100_000) -> list[LevelChange]:
        """Return how areas changed, the latest `limit` of them, in the order in which the hub knew it."""
        query = select(LEVEL_CHANGE).order_by(LEVEL_CHANGE.c.id.desc()).limit(limit)
        with transaction(self._reader) as connection:
            rows = list(connection.execute(query).mappings())
        return [_level_change(row) for row in reversed(rows)]

    def labels(self, subject: Subject | None = None) -> list[Label]:
        """Return the label that counts of every lead and ticket, or all that were ever said of one; as they came."""
        with transaction(self._reader) as connection:
            return labels.labels(connection, subject)

    def precision(self) -> tuple[Precision, ...]:
        """Return how often each detector, rule and check was right, over all time and by month."""
        with transaction(self._reader) as connection:
            return precisions(labels.opened(connection))

    def revision(self) -> int:
        """Return the revision of the latest change of any lead or ticket, 0 for none."""
        with transaction(self._reader) as connection:
            return latest_revision(connection)

    def openings(self, from_ms: int, to_ms: int) -> list[StoredOpening]:
        """Return the episodes that were opened with from <= opened_ms < to, as they opened."""
        within = (EPISODE.c.opened_ms >= from_ms, EPISODE.c.opened_ms < to_ms)
        query = select(EPISODE).where(*within).order_by(EPISODE.c.opened_ms, EPISODE.c.id)
        with transaction(self._reader) as connection:
            rows = list(connection.execute(query).mappings())
        return [_opening(row) for row in rows]

    def levels_between(self, from_ms: int, to_ms: int) -> list[LevelChange]:
        """Return how areas changed with from <= judged_ms < to, and before them the last change of each area."""
        last = (
            select(func.max(LEVEL_CHANGE.c.id)).where(LEVEL_CHANGE.c.judged_ms < from_ms).group_by(LEVEL_CHANGE.c.area)
        )
        within = and_(LEVEL_CHANGE.c.judged_ms >= from_ms, LEVEL_CHANGE.c.judged_ms < to_ms)
        query = select(LEVEL_CHANGE).where(or_(within, LEVEL_CHANGE.c.id.in_(last))).order_by(LEVEL_CHANGE.c.id)
        with transaction(self._reader) as connection:
            return [_level_change(row) for row in connection.execute(query).mappings()]

    def due_pushes(self) -> list[DuePush]:
        """Return the pushes that nobody has confirmed yet, the oldest first."""
        lead = [column for column in LEAD.c if column.name not in {"id", "revision", "late", "closed_ms"}]
        query = (
            select(PUSH.c.id, PUSH.c.receiver, PUSH.c.lead_id.label("lead"), *lead)
            .join(LEAD, LEAD.c.id == PUSH.c.lead_id)
            .where(PUSH.c.delivered_ms.is_(None))
            .order_by(PUSH.c.created_ms, PUSH.c.id)
        )
        with transaction(self._reader) as connection:
            return [DuePush(**_with_cause(row)) for row in connection.execute(query).mappings()]


@contextmanager
def reading(path: Path) -> Iterator[RegistryReader]:
    """Give a reader of an SQLite file that another process may be writing.

    Raises:
        StoreError: it is not there.
    """
    if not path.is_file():
        raise StoreError(f"registry: there is no {path}")
    engine = open_engine(URL.create("sqlite", database=str(path)))
    try:
        yield RegistryReader(engine)
    finally:
        engine.dispose()


def latest_revision(connection: Connection) -> int:
    """Return the revision of the latest change of any lead or ticket, 0 for none."""
    highest = union_all(
        select(func.coalesce(func.max(LEAD.c.revision), 0).label("revision")),
        select(func.coalesce(func.max(TICKET.c.revision), 0).label("revision")),
    ).subquery()
    return int(connection.scalar(select(func.max(highest.c.revision))) or 0)


def _with_cause(row: RowMapping) -> dict[str, Any]:
    values = dict(row)
    return values | {"cause": Cause(values.pop("property"), values.pop("detector"))}


def _lead(row: RowMapping, **details: Any) -> Lead:
    return Lead(**_with_cause(row), **details)


def _episode(row: RowMapping) -> Episode:
    return Episode(
        row["start_ms"],
        row["opened_ms"],
        row["late"],
        tuple(row["evidence"]),
        row["explanation"],
        row["explanation_en"],
    )


def _opening(row: RowMapping) -> StoredOpening:
    return StoredOpening(row["lead_id"], row["area"], Cause(row["property"], row["detector"]), _episode(row))


def _push(row: RowMapping) -> PushState:
    return PushState(row["receiver"], row["created_ms"], row["attempts"], row["delivered_ms"], row["problem"])


def _level_change(row: RowMapping) -> LevelChange:
    return LevelChange(row["area"], Level(row["level"]), Freshness(row["freshness"]), row["since_ms"], row["judged_ms"])
