"""What is wide is nobody's: an excess that several stations have alike, out to the edge of the network.

A plume is narrow, the edge of a haze is not: where the wind tells nothing that is all that tells them apart. A source
between stations in calm air may have these alike, too, but not those around them.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hub.network import Network
from hub.panel import Panel

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Rows = NDArray[np.intp]

# Looked at: the nearest so many streams that speak, between these distances; nearer ones stand in the same plume.
AROUND: Final = 6
NEAREST_M, FARTHEST_M = 200.0, 4_000.0
# Alike: so much of the excess, at any time within so many minutes. So many stations alike make it wide.
SHARE: Final = 0.4
WITHIN_MIN: Final = 10
ALIKE: Final = 2
# The edge of the network: who has nobody around within so many degrees.
OPEN_DEG: Final = 150.0


def wide(  # what is known at a minute
    network: Network, panel: Panel, row: Rows, now: tuple[Floats, Floats], speaking: Bools, minute: int
) -> Bools:
    """Return bool[k]: what several around have alike, as far as the edge of the network.

    Args:
        network: of n streams.
        panel: of the same.
        row: int64[k], fixed streams that stand out.
        now: float64[k], their values; float64[k], their excesses over the background.
        speaking: bool[n], who is a witness.
        minute: since 1970.
    """
    around, _ = _around(network, row, speaking)
    value, excess = now
    alike = _highest(panel, around, len(network), minute) >= (value - (1.0 - SHARE) * excess)[:, None]
    several = _stations(network, np.where(alike, around, len(network))) >= ALIKE
    if not several.any():
        return several
    body = np.append(np.where(alike, around, row[:, None]), row[:, None], axis=1)
    met, place = np.unique(body, return_inverse=True)
    outer = _open(_around(network, met, speaking)[1])[place.reshape(body.shape)]
    return several & outer.any(axis=1)


def _stations(network: Network, around: Rows) -> NDArray[np.int64]:
    """Return int64[k]: of how many stations the streams are, n for none; two devices on one pole are one."""
    station = np.sort(np.append(network.station, -1)[around], axis=1)
    first = np.diff(station, axis=1, prepend=-1) != 0
    return np.asarray(first.sum(axis=1), np.int64)


def _around(network: Network, row: Rows, speaking: Bools) -> tuple[Rows, Floats]:
    """Return the nearest AROUND of each, n for none, and their bearings, radians, NaN for none."""
    around = network.neighbours[row]
    known = np.minimum(around, len(network) - 1)
    east = network.east_m[known] - network.east_m[row][:, None]
    north = network.north_m[known] - network.north_m[row][:, None]
    away = np.hypot(east, north)
    fits = (around < len(network)) & speaking[known] & (away >= NEAREST_M) & (away <= FARTHEST_M)
    order = np.argsort(~fits, axis=1, kind="stable")[:, :AROUND]
    none, bearing = ~np.take_along_axis(fits, order, axis=1), np.take_along_axis(np.arctan2(east, north), order, axis=1)
    return np.where(none, len(network), np.take_along_axis(around, order, axis=1)), np.where(none, np.nan, bearing)


def _open(bearing: Floats) -> Bools:
    """Return bool[k]: who has nobody around within OPEN_DEG."""
    ordered = np.sort(bearing, axis=1)
    first = ordered[:, :1] + 2 * np.pi
    gaps = np.diff(np.append(np.where(np.isnan(ordered), first, ordered), first, axis=1), axis=1)
    return np.asarray(~(gaps.max(axis=1) < np.radians(OPEN_DEG)), np.bool_)


def _highest(panel: Panel, around: Rows, n: int, minute: int) -> Floats:
    """Return float64[k, w]: the highest value of each within WITHIN_MIN, NaN for none."""
    some = np.unique(around[around < n])
    if not some.size:
        return np.full(around.shape, np.nan)
    _, value, _, _ = panel.tail(some, minute, WITHIN_MIN)
    place = np.full(n + 1, len(some))
    place[some] = np.arange(len(some))
    highest = np.append(np.where(np.isnan(value), -np.inf, value).max(axis=1, initial=-np.inf), np.nan)
    return np.asarray(highest[place[around]], np.float64)
