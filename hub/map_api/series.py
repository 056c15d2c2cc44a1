"""Readings from the store as the map shows them: in canonical units, by time."""

from typing import Final

import numpy as np

from hub.map_api.answers import SeriesAnswer
from hub.model import Columns, Snapshot
from hub.store import SeriesReader
from wire.properties import PROPERTIES, to_canonical

HOUR_MS: Final = 3_600_000
MAX_SPAN_MS: Final = 31 * 24 * HOUR_MS
# The last millisecond of the year 9999: beyond it no calendar of ours reads a time.
LAST_MS: Final = 253_402_300_799_999


def series_answer(
    store: SeriesReader, snapshot: Snapshot, wanted: tuple[str, str], span_ms: tuple[int, int]
) -> SeriesAnswer:
    """Return the readings of a (station, property), of all its devices, with from <= time < to.

    Args:
        store: where they lie, in the units in which they were sent.
        snapshot: whose catalogue names the datastreams.
        wanted: station id and property name.
        span_ms: from and to.
    """
    station, property_name = wanted
    streams = [one for one in snapshot.datastreams if (one.station, one.property) == (station, property_name)]
    got = store.series([one.row for one in streams], *span_ms)
    value = got.value.copy()
    for stream in streams:
        scale, offset = to_canonical(stream.property, stream.unit)
        of_stream = got.row == stream.row
        value[of_stream] = value[of_stream] * scale + offset
    order = np.argsort(got.time_ms, kind="stable")
    return {
        "property": property_name,
        "unit": PROPERTIES[property_name].unit,
        "time_ms": got.time_ms[order].tolist(),
        "value": value[order].tolist(),
        "flag": got.flag[order].tolist(),
    }


def track_paths(store: SeriesReader, snapshot: Snapshot, now_ms: int) -> list[tuple[str, Columns]]:
    """Return for each moving station its readings of the hour before `now_ms`."""
    paths = []
    for station in snapshot.stations:
        if station.moving:
            rows = [one.row for one in snapshot.datastreams if one.station == station.id]
            paths.append((station.id, store.series(rows, now_ms - HOUR_MS, now_ms + 1)))
    return paths
