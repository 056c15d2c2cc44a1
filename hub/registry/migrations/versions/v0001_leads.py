"""Leads, episodes, pushes, tickets, level changes."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0001"
down_revision: Final = None

_OPEN: Final = sa.text("closed_ms IS NULL")
_DUE: Final = sa.text("delivered_ms IS NULL")


def upgrade() -> None:
    """Create the tables."""
    _lead()
    _episode()
    _push()
    _ticket()
    _level_change()


def downgrade() -> None:
    """Drop the tables."""
    for table in ("level_change", "ticket", "push", "episode", "lead"):
        op.drop_table(table)


def _integer(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _string(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def _key() -> sa.Column[int]:
    return sa.Column("id", sa.Integer(), nullable=False)


def _cause() -> list[sa.Column[str]]:
    return [_string("area", 64), _string("property", 32), _string("detector", 32)]


def _explanations() -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in ("explanation", "explanation_en")]


def _lead() -> None:
    op.create_table(
        "lead",
        _key(),
        _integer("revision"),
        *_cause(),
        _integer("episode_start_ms"),
        _integer("opened_ms"),
        sa.Column("late", sa.Boolean(), nullable=False),
        _integer("closed_ms", nullable=True),
        *_explanations(),
        sa.PrimaryKeyConstraint("id", name="pk_lead"),
        sa.UniqueConstraint("revision", name="uq_lead_revision"),
        sa.UniqueConstraint(
            "area", "property", "detector", "episode_start_ms", name="uq_lead_area_property_detector_episode_start_ms"
        ),
    )
    op.create_index(
        "one_open_lead",
        "lead",
        ["area", "property", "detector"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )


def _episode() -> None:
    op.create_table(
        "episode",
        _key(),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        *_cause(),
        _integer("start_ms"),
        _integer("opened_ms"),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        *_explanations(),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name="fk_episode_lead_id_lead"),
        sa.PrimaryKeyConstraint("id", name="pk_episode"),
        sa.UniqueConstraint(
            "area", "property", "detector", "start_ms", name="uq_episode_area_property_detector_start_ms"
        ),
    )
    op.create_index("ix_episode_lead_id", "episode", ["lead_id"])


def _push() -> None:
    op.create_table(
        "push",
        _string("id", 36),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        _string("receiver", 64),
        _integer("created_ms"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _integer("delivered_ms", nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name="fk_push_lead_id_lead"),
        sa.PrimaryKeyConstraint("id", name="pk_push"),
        sa.UniqueConstraint("lead_id", "receiver", name="uq_push_lead_id_receiver"),
    )
    op.create_index("ix_push_lead_id", "push", ["lead_id"])
    op.create_index("push_due", "push", ["created_ms"], sqlite_where=_DUE, postgresql_where=_DUE)


def _ticket() -> None:
    op.create_table(
        "ticket",
        _key(),
        _integer("revision"),
        _string("subject", 194),
        _string("kind", 32),
        _integer("since_ms"),
        _integer("opened_ms"),
        _integer("closed_ms", nullable=True),
        *_explanations(),
        sa.PrimaryKeyConstraint("id", name="pk_ticket"),
        sa.UniqueConstraint("revision", name="uq_ticket_revision"),
        sa.UniqueConstraint("subject", "kind", "since_ms", name="uq_ticket_subject_kind_since_ms"),
    )
    op.create_index(
        "one_open_ticket",
        "ticket",
        ["subject", "kind"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )


def _level_change() -> None:
    op.create_table(
        "level_change",
        _key(),
        _string("area", 64),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("freshness", sa.Integer(), nullable=False),
        _integer("since_ms"),
        _integer("judged_ms"),
        sa.PrimaryKeyConstraint("id", name="pk_level_change"),
        sa.UniqueConstraint("area", "judged_ms", "since_ms", "level", "freshness", name="uq_level_change"),
    )
    op.create_index("ix_level_change_judged_ms", "level_change", ["judged_ms"])
