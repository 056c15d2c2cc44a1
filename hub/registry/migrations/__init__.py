"""The registry's migrations (Alembic)."""
