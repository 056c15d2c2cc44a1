"""What the panel took between two ticks: taken out to be kept, put back to be judged again.

What follows from a minute follows from this: how the readings came, in how many batches, does not matter any more.
"""

from dataclasses import dataclass
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from hub.panel import Panel
from hub.second_pass import Late

_PLANES: Final = 4  # bytes of a mean


class Column(msgspec.Struct, frozen=True, array_like=True):
    """One minute of all streams, as the panel holds it; means byte plane by byte plane, as they pack better so.

    Attributes:
        minute: since 1970.
        mean: float32[n]. count: uint16[n]. worst: uint8[n]. track: float64[2, vehicles' streams].
    """

    minute: int
    mean: bytes
    count: bytes
    worst: bytes
    track: bytes


class Cells(msgspec.Struct, frozen=True, array_like=True):
    """Single cells of minutes that had closed before, of k streams: as `Column`, track NaN for what stands still.

    Attributes:
        row: int32[k]. minute: int64[k].
    """

    row: bytes
    minute: bytes
    mean: bytes
    count: bytes
    worst: bytes
    track: bytes


class Closed(msgspec.Struct, frozen=True, array_like=True):
    """All that came between two ticks and lies in closed minutes.

    Attributes:
        columns: of the minutes that closed and in which anything came, ascending.
        late: what came later than its minute closed; empty arrays when nothing did.
    """

    columns: tuple[Column, ...]
    late: Cells


@dataclass(frozen=True, eq=False)
class _Rings:
    """The panel's arrays; see `Panel.arrays`."""

    mean: NDArray[np.float32]
    count: NDArray[np.uint16]
    worst: NDArray[np.uint8]
    track: NDArray[np.float64]
    column: NDArray[np.int64]


def taken_out(panel: Panel, before: int, late: Late, moving: NDArray[np.bool_]) -> Closed:
    """Return what the panel took since it had closed up to the minute `before`.

    Args:
        panel: with all streams; its head is the newest closed minute.
        before: its head then.
        late: cells of minutes up to `before` that were written since.
        moving: bool[n], the streams with positions.
    """
    rings, n = _rings(panel), len(panel)
    fresh = np.sort(rings.column[(rings.column > before) & (rings.column <= panel.head)])
    columns = tuple(_column(rings, minute, n, panel.minutes) for minute in fresh.tolist())
    return Closed(columns, _cells(rings, late, panel.minutes, moving))


def put_back(panel: Panel, closed: Closed, moving: NDArray[np.bool_]) -> Late:
    """Write what was taken out into a panel that knows the same streams or more, and return the late cells."""
    rings = _rings(panel)
    for column in closed.columns:
        _put_column(rings, column, panel.minutes)
    late = closed.late
    row, minute = np.frombuffer(late.row, np.int32), np.frombuffer(late.minute, np.int64)
    if len(row):
        at = minute % panel.minutes
        rings.mean[row, at] = np.frombuffer(late.mean, np.float32)
        rings.count[row, at] = np.frombuffer(late.count, np.uint16)
        rings.worst[row, at] = np.frombuffer(late.worst, np.uint8)
        rides = moving[row]
        place = (np.cumsum(moving) - 1)[row[rides]]
        rings.track[:, place, at[rides]] = np.frombuffer(late.track, np.float64).reshape(2, -1)[:, rides]
    return Late(row, minute)


def _rings(panel: Panel) -> _Rings:
    arrays: dict[str, Any] = panel.arrays()
    return _Rings(*(arrays[name] for name in ("mean", "count", "worst", "track", "column")))


def _column(rings: _Rings, minute: int, n: int, minutes: int) -> Column:
    at = minute % minutes
    mean = rings.mean[:n, at].view(np.uint8).reshape(n, _PLANES).T
    kept = (rings.count[:n, at], rings.worst[:n, at], rings.track[:, :, at])
    return Column(minute, mean.tobytes(), *(array.tobytes() for array in kept))


def _put_column(rings: _Rings, column: Column, minutes: int) -> None:
    at, n = column.minute % minutes, len(column.worst)
    mean = np.frombuffer(column.mean, np.uint8).reshape(_PLANES, n).T.copy().view(np.float32)
    track = np.frombuffer(column.track, np.float64).reshape(2, -1)
    rings.column[at] = column.minute
    for ring, values in (
        (rings.mean, mean[:, 0]),
        (rings.count, np.frombuffer(column.count, np.uint16)),
        (rings.worst, np.frombuffer(column.worst, np.uint8)),
    ):
        ring[:n, at] = values
        ring[n:, at] = 0
    rings.track[:, :, at] = np.nan
    rings.track[:, : track.shape[1], at] = track


def _cells(rings: _Rings, late: Late, minutes: int, moving: NDArray[np.bool_]) -> Cells:
    row, at = late.row, late.minute % minutes
    track = np.full((2, len(row)), np.nan)
    rides = moving[row]
    track[:, rides] = rings.track[:, (np.cumsum(moving) - 1)[row[rides]], at[rides]] if rides.any() else np.nan
    kept = (rings.mean[row, at], rings.count[row, at], rings.worst[row, at], track)
    return Cells(row.astype(np.int32).tobytes(), late.minute.tobytes(), *(array.tobytes() for array in kept))
