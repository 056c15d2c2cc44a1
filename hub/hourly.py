"""Hours: the means by which a device is judged against its neighbours, as matrices by property."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.anomaly.means import HOUR_MIN, mean
from hub.network import Network
from hub.panel import Panel
from wire.properties import PROPERTIES

Floats = NDArray[np.float64]

HOUR_MS: Final = 3_600_000
# An hour exists with three quarters of its values: 45 minutes of a device that reports each minute (GB 3095-2026,
# table 4), one value of a device that reports each hour.
VALID_SHARE: Final = 0.75
# What neighbours can judge by ratios: concentrations, which have a zero.
_UNITS: Final = frozenset({"ug/m3", "mg/m3"})


class Judged(NamedTuple):
    """A datastream whose device its neighbours judge: a concentration in the open air, fixed, signed.

    Attributes:
        row: of the datastream.
        period_s: between its readings.
    """

    row: int
    station: str
    device: str
    property: str
    longitude: float
    latitude: float
    period_s: float


class Hour(NamedTuple):
    """The means of an hour, with an element for each of n datastreams.

    Attributes:
        hour: since 1970.
        means: float32[n], canonical unit, NaN where there is none, or where neighbours do not judge.
        counts: uint8[n], of how many minutes.
    """

    hour: int
    means: NDArray[np.float32]
    counts: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Posts:
    """Where devices stand: the rows of the matrices.

    The first device of each property of a station share a row, so that its properties can witness for each other; a
    second device of a property has a row of its own.

    Attributes:
        positions: float64 (posts, 2), longitude and latitude in degrees.
        streams: by property (datastream rows, posts): int64 arrays of one length.
        needed: int64 by property, values that an hour needs, in the same order.
    """

    positions: Floats
    streams: Mapping[str, tuple[NDArray[np.int64], NDArray[np.int64]]]
    needed: Mapping[str, NDArray[np.int64]]

    def __len__(self) -> int:
        return len(self.positions)


def judged_streams(network: Network) -> tuple[Judged, ...]:
    """Return the datastreams of a network that neighbours judge, by row; none that has long been silent."""
    found = []
    for row in np.flatnonzero(network.ambient & ~network.silent).tolist():
        stream = network.datastreams[row]
        station = network.stations[network.station[row]]
        if PROPERTIES[stream.property].unit in _UNITS:
            where = station.longitude, station.latitude
            found.append(Judged(row, station.id, stream.device, stream.property, *where, stream.period_s))
    return tuple(found)


def posts_of(streams: Sequence[Judged]) -> Posts:
    """Return where devices stand; more streams at the end leave the posts of the first ones as they were."""
    posts: dict[tuple[str, int], int] = {}
    seen: dict[tuple[str, str], int] = {}
    positions: list[tuple[float, float]] = []
    places: dict[str, list[tuple[int, int, int]]] = {}
    for stream in streams:
        same = stream.station, stream.property
        post = stream.station, seen.get(same, 0)
        seen[same] = post[1] + 1
        if post not in posts:
            posts[post] = len(posts)
            positions.append((stream.longitude, stream.latitude))
        places.setdefault(stream.property, []).append((stream.row, posts[post], _needed(stream.period_s)))
    columns = {name: np.array(rows, np.int64).T for name, rows in sorted(places.items())}
    return Posts(
        np.array(positions, np.float64).reshape(-1, 2),
        {name: (row, post) for name, (row, post, _) in columns.items()},
        {name: needed for name, (_, _, needed) in columns.items()},
    )


def _needed(period_s: float) -> int:
    return max(int(np.ceil(VALID_SHARE * min(HOUR_MIN, HOUR_MIN * 60 / max(period_s, 1.0)))), 1)


def hour_of(panel: Panel, streams: NDArray[np.intp], minute: int) -> Hour:
    """Return the means of the hour that a minute ends.

    Args:
        panel: of n datastreams; what its device or the range check calls bad is not in it, what other checks doubt is:
            the judge has to see a fault last.
        streams: rows that neighbours judge.
        minute: since 1970, the last of its hour.
    """
    means, counts = np.full(len(panel), np.nan, np.float32), np.zeros(len(panel), np.uint8)
    values = panel.tail(streams, minute, HOUR_MIN)[1]
    means[streams] = mean(values, 1, panel.loud(streams))
    counts[streams] = np.count_nonzero(~np.isnan(values), axis=1)
    return Hour(minute // HOUR_MIN, means, counts)


def matrices(posts: Posts, means: NDArray[np.float32], counts: NDArray[np.uint8]) -> dict[str, Floats]:
    """Return float64 (posts, t) by property, NaN where nothing was measured or too little of an hour.

    Args:
        posts: where devices stand.
        means: float32[t, n], canonical unit.
        counts: uint8[t, n], values of each hour; datastreams that are not among the n had none.
    """
    return {name: _matrix(posts, name, means, counts) for name in posts.streams}


def _matrix(posts: Posts, name: str, means: NDArray[np.float32], counts: NDArray[np.uint8]) -> Floats:
    row, post = posts.streams[name]
    there = row < means.shape[1]
    valid = counts[:, row[there]] >= posts.needed[name][there]
    matrix = np.full((len(posts), len(means)), np.nan)
    matrix[post[there]] = np.where(valid, means[:, row[there]], np.nan).T
    return matrix
