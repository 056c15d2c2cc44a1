"""The tables. A change here needs a migration in `migrations/versions`; a test compares the two."""

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

TABLES: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
_OPEN: Final = text("closed_ms IS NULL")

LEAD: Final = Table(
    "lead",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("revision", BigInteger, nullable=False, unique=True),
    Column("area", String(64), nullable=False),
    Column("property", String(32), nullable=False),
    Column("detector", String(32), nullable=False),
    Column("episode_start_ms", BigInteger, nullable=False),
    Column("opened_ms", BigInteger, nullable=False),
    Column("late", Boolean, nullable=False),
    Column("closed_ms", BigInteger),
    Column("explanation", Text, nullable=False),
    Column("explanation_en", Text, nullable=False),
    UniqueConstraint("area", "property", "detector", "episode_start_ms"),
    Index("one_open_lead", "area", "property", "detector", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
)

EPISODE: Final = Table(
    "episode",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("lead_id", ForeignKey("lead.id"), nullable=False, index=True),
    Column("area", String(64), nullable=False),
    Column("property", String(32), nullable=False),
    Column("detector", String(32), nullable=False),
    Column("start_ms", BigInteger, nullable=False),
    Column("opened_ms", BigInteger, nullable=False),
    Column("late", Boolean, nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("explanation", Text, nullable=False),
    Column("explanation_en", Text, nullable=False),
    UniqueConstraint("area", "property", "detector", "start_ms"),
)

PUSH: Final = Table(
    "push",
    TABLES,
    Column("id", String(36), primary_key=True),
    Column("lead_id", ForeignKey("lead.id"), nullable=False, index=True),
    Column("receiver", String(64), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("delivered_ms", BigInteger),
    Column("problem", Text, nullable=False),
    UniqueConstraint("lead_id", "receiver"),
    Index(
        "push_due",
        "created_ms",
        sqlite_where=text("delivered_ms IS NULL"),
        postgresql_where=text("delivered_ms IS NULL"),
    ),
)

TICKET: Final = Table(
    "ticket",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("revision", BigInteger, nullable=False, unique=True),
    Column("subject", String(194), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("since_ms", BigInteger, nullable=False),
    Column("opened_ms", BigInteger, nullable=False),
    Column("closed_ms", BigInteger),
    Column("explanation", Text, nullable=False),
    Column("explanation_en", Text, nullable=False),
    UniqueConstraint("subject", "kind", "since_ms"),
    Index("one_open_ticket", "subject", "kind", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
)

LEVEL_CHANGE: Final = Table(
    "level_change",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("area", String(64), nullable=False),
    Column("level", Integer, nullable=False),
    Column("freshness", Integer, nullable=False),
    Column("since_ms", BigInteger, nullable=False),
    Column("judged_ms", BigInteger, nullable=False, index=True),
    UniqueConstraint("area", "judged_ms", "since_ms", "level", "freshness", name="uq_level_change"),
)

# Nothing here is ever changed or deleted: a correction is a further row.
LABEL: Final = Table(
    "label",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("subject_kind", String(16), nullable=False),
    Column("subject_id", Integer, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("note", Text, nullable=False),
    Column("said_by", String(64), nullable=False),
    Column("said_ms", BigInteger, nullable=False),
    Index(None, "subject_kind", "subject_id"),
)
