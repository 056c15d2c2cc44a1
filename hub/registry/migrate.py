"""Brings a registry to the version of this program."""

from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

_SCRIPTS: Final = "hub.registry:migrations"


def migrations(connection: Connection) -> Config:
    """Return the Alembic configuration that works on one connection."""
    config = Config()
    config.set_main_option("script_location", _SCRIPTS)
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection) -> None:
    """Create the tables, or bring them to the newest version."""
    command.upgrade(migrations(connection), "head")
