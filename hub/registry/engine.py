"""The database connection: SQLite by default, so set up that readers never wait and a commit is on disk."""

from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event

READ_ONLY = {"read_only": True}


def open_engine(url: str | URL) -> Engine:
    """Return an engine; on SQLite with WAL, full fsync, foreign keys and writers that take the lock at their beginning.

    A transaction with the execution option `read_only` reads a snapshot and takes no lock. Other databases are left as
    they are.
    """
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_connect)
        event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: Any, _pool_entry: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        connection.execute(f"PRAGMA {pragma}")


def _on_begin(connection: Connection) -> None:
    reading = connection.get_execution_options().get("read_only", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
