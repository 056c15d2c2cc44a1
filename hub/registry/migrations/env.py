"""Runs the migrations on the connection that `hub.registry.migrate` hands over."""

from alembic import context

from hub.registry.tables import TABLES

context.configure(
    connection=context.config.attributes["connection"], target_metadata=TABLES, render_as_batch=True, compare_type=True
)
with context.begin_transaction():
    context.run_migrations()
