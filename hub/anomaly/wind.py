"""The wind at places, from the stations that measure it."""

import numpy as np
from numpy.typing import NDArray

from hub.network import PROPERTY_INDEX, Network
from hub.panel import Newest
from hub.rows import NO_ROWS

Floats = NDArray[np.float64]
# Wind older than this is not today's.
RECENT_MIN = 90
# A station that is nearer counts as if it stood here.
_NEAREST_M = 100.0


def wind_at(network: Network, newest: Newest, minute: int, east_m: Floats, north_m: Floats) -> tuple[Floats, Floats]:
    """Return (east, north) of vectors in m/s at k places that point to where the wind comes from; NaN when unknown.

    The stations' vectors, weighted by the inverse square of their distance.
    """
    speed, direction = (_by_station(network, newest, minute, name) for name in ("wind_speed", "wind_direction"))
    return blended(np.vstack([speed, direction[:1]]), east_m, north_m)


def blended(measured: Floats, east_m: Floats, north_m: Floats) -> tuple[Floats, Floats]:
    """Return (east, north) of the wind at k places as `wind_at` does.

    Args:
        measured: float64[4, m]: speed in m/s, metres east and north of where it is measured, and direction in degrees;
            NaN where something is not known.
        east_m: float64[k].
        north_m: float64[k].
    """
    value, east, north, direction = measured[:, np.isfinite(measured).all(axis=0)]
    if not len(value):
        nothing = np.full(len(east_m), np.nan)
        return nothing, nothing
    away = np.hypot(east_m[:, None] - east, north_m[:, None] - north)
    weight = np.maximum(away, _NEAREST_M) ** -2.0
    weight /= weight.sum(axis=1, keepdims=True)
    turned = np.radians(direction)
    return weight @ (value * np.sin(turned)), weight @ (value * np.cos(turned))


def _by_station(network: Network, newest: Newest, minute: int, name: str) -> Floats:
    """Return float64[3, stations]: the recent value of fixed stations and where they stand, NaN for none."""
    rows = network.placed.get(PROPERTY_INDEX[name], NO_ROWS)
    rows = rows[minute - newest.minute[rows] < RECENT_MIN]
    found = np.full((3, len(network.stations)), np.nan)
    found[:, network.station[rows]] = newest.value[rows], network.east_m[rows], network.north_m[rows]
    return found
