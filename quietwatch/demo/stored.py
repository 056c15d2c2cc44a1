"""What the hub's store holds, read back from its file once the hub has let go of it."""

from pathlib import Path

import numpy as np

from hub.store.duckdb import DuckStore
from quietwatch.demo.ledger import Readings


def stored_readings(path: Path) -> Readings:
    """Return every reading of a store's file, its series named "device/property" as in the ledger."""
    store = DuckStore(path)
    try:
        export = store.readings()
    finally:
        store.close()
    series = [str(name).split("/", 1)[1] for name in export.datastream]
    return Readings(np.array(series, dtype=np.str_), export.time_ms, export.value)
