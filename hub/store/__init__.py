"""Telemetry: every reading as it was sent, and how far the journal has been applied."""

from hub.store.duckdb import DuckStore
from hub.store.store import Export, SeriesReader, Store

__all__ = ["DuckStore", "Export", "SeriesReader", "Store"]
