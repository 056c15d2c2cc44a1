"""What the hub's store holds, read back from its file once the hub has let go of it."""

from pathlib import Path

import numpy as np

from hub.store.duckdb import DuckStore
from quietwatch.demo.ledger import Readings
from wire.properties import PROPERTIES


def stored_readings(path: Path) -> Readings:
    """Return every reading of an instrument in a store's file, its series named "device/property" as in the ledger.

    What gateways say of themselves and of how their devices answer is no instrument's.
    """
    store = DuckStore(path)
    try:
        export = store.readings()
    finally:
        store.close()
    series = [str(name).split("/", 1)[1] for name in export.datastream]
    readings = Readings(np.array(series, dtype=np.str_), export.time_ms, export.value)
    return readings.where(np.array([PROPERTIES[name.split("/")[1]].subject != "gateway" for name in series], np.bool_))
