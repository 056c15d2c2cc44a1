"""What made the background of a series, minute by minute: for a person who recomputes it."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.anomaly.background import BASELINE_MIN, BASELINE_VALUES, HELD_MIN, medians
from hub.area.sight import Sight
from hub.model import MINUTE_MS
from hub.reasons import BackgroundKind, Neighbour

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = NDArray[np.intp]

# Minutes of the past that are shown, and members of the background.
SPAN: Final = 10
SHOWN: Final = 8


class Held(NamedTuple):
    """The values that fixed, honest series of one property held in each of the last SPAN minutes.

    Attributes:
        rows: int64[k] of those series.
        place: int64[n + 1], index into `rows` by row, k for none.
        value: float64[k + 1, SPAN], NaN where none; the last row is NaN.
        minute: int64[k + 1, SPAN], of which minute since 1970.
        near: float64[k, SPAN], the medians of their neighbours.
    """

    rows: Rows
    place: Ints
    value: Floats
    minute: Ints
    near: Floats


class Reference(NamedTuple):
    """The background of one series.

    Attributes:
        past: float64[SPAN], in each minute.
        of: whose median the last is.
        number: of how many values.
        neighbours: the middle ones of them.
    """

    past: Floats
    of: BackgroundKind
    number: int
    neighbours: tuple[Neighbour, ...]


def held(sight: Sight, prop: int) -> Held:
    """Return what the stations of a property held; those that lie now are left out throughout."""
    network = sight.bindings.network
    rows = np.flatnonzero(network.ambient & (network.property == prop) & ~sight.lying)
    place = np.full(len(network) + 1, len(rows))
    place[rows] = np.arange(len(rows))
    width = SPAN + HELD_MIN
    minutes, value, _, _ = sight.panel.tail(rows, sight.minute, width)
    wide = np.full((len(rows) + 1, width), np.nan)
    wide[:-1, minutes - sight.minute - 1] = value
    last = np.maximum.accumulate(np.where(np.isnan(wide), 0, np.arange(width)), axis=1)[:, HELD_MIN:]
    fresh = np.arange(HELD_MIN, width) - last < HELD_MIN
    value = np.where(fresh, np.take_along_axis(wide, last, axis=1), np.nan)
    around = value[place[network.neighbours[rows]]]
    near = np.stack([medians(around[:, :, at]) for at in range(SPAN)], axis=1) if len(rows) else np.zeros((0, SPAN))
    return Held(rows, place, value, last + sight.minute - width + 1, near)


def reference(sight: Sight, known: Held, row: int) -> Reference:
    """Return the background of a series as the judge forms it, in each of the last minutes."""
    network, k = sight.bindings.network, len(known.rows)
    crowd = np.flatnonzero(np.isfinite(known.near[:, -1]) & np.isfinite(known.value[:k, -1]))
    near = np.append(known.near, np.full((1, SPAN), np.nan), axis=0)
    region = medians(np.where(np.isfinite(near), known.value, np.nan).T)
    around = known.place[network.neighbours[row]]
    around = around[around < k]
    near = medians(known.value[around].T) if around.size else np.full(SPAN, np.nan)
    if network.moving[row]:
        own, hour = _own_hours(sight, row)
        if own[-1] >= np.nan_to_num(region[-1], nan=-np.inf):
            middle = _middle(np.array([one.value for one in hour])).tolist()
            return Reference(np.fmax(region, own), "own_hour", len(hour), tuple(hour[at] for at in middle))
        return Reference(np.fmax(region, own), "region", len(crowd), _members(sight, known, crowd))
    if network.neighbours[row, 0] >= len(network):
        return Reference(np.full(SPAN, np.nan), "", 0, ())
    past = np.fmax(near, np.where(np.isfinite(near), region, np.nan))
    around = around[np.isfinite(known.value[around, -1])]
    if near[-1] >= np.nan_to_num(region[-1], nan=-np.inf):
        return Reference(past, "neighbours", len(around), _members(sight, known, around))
    return Reference(past, "region", len(crowd), _members(sight, known, crowd))


def _members(sight: Sight, known: Held, which: Rows) -> tuple[Neighbour, ...]:
    """Return at most SHOWN members from the middle, as many left out below as above: their median is that of all."""
    streams = sight.bindings.network.datastreams
    return tuple(
        Neighbour(streams[known.rows[at]].id, int(known.minute[at, -1]) * MINUTE_MS, float(known.value[at, -1]))
        for at in which[_middle(known.value[which, -1])].tolist()
    )


def _middle(values: Floats) -> Rows:
    cut = max(0, (len(values) - SHOWN + 1) // 2)
    return np.argsort(values, kind="stable")[cut : len(values) - cut]


def _own_hours(sight: Sight, row: int) -> tuple[Floats, list[Neighbour]]:
    """Return the median of a vehicle's own last hour before each of the last minutes, and the values of the newest."""
    minutes, value, _, _ = sight.panel.tail(np.array([row]), sight.minute - 1, BASELINE_MIN + SPAN)
    wide = np.full(BASELINE_MIN + SPAN, np.nan)
    wide[minutes - sight.minute] = value[0]
    windows = np.lib.stride_tricks.sliding_window_view(wide, BASELINE_MIN)[1:]
    stream = sight.bindings.network.datastreams[row].id
    newest = minutes > sight.minute - 1 - BASELINE_MIN
    hour = [
        Neighbour(stream, minute * MINUTE_MS, one)
        for minute, one in zip(minutes[newest].tolist(), value[0, newest].tolist(), strict=True)
        if one == one  # noqa: PLR0124  # not NaN
    ]
    return medians(windows, BASELINE_VALUES), hour
