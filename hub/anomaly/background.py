"""What the region has: the median of the neighbours, of the whole network, and for a vehicle of its own last hours."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.anomaly.medians import ColumnMedian, median, medians
from hub.network import NEIGHBOURS, PROPERTY_NAMES, Network
from hub.panel import Newest, Panel

__all__ = ["Background", "background", "medians"]

Floats = NDArray[np.float64]

# A value speaks for its place this long: devices that report each half hour still make a background.
HELD_MIN: Final = 35
# A vehicle's own background: the median of so many minutes, of so many values at least.
BASELINE_MIN: Final = 60
BASELINE_VALUES: Final = 4
_NEAR: Final = ColumnMedian(NEIGHBOURS)


class Background(NamedTuple):
    """The background of each stream, in canonical units; NaN where too few could speak.

    Attributes:
        near: float64[n], median of the neighbours of the same property; NaN for moving streams.
        region: float64[n], median over all fixed stations near the zone; for moving streams also of their own hours.
        by_property: float64[properties], median over all fixed stations near the zone.
        highest: float64[n], what an excess must stand above: the higher of `near` and `region`.
    """

    near: Floats
    region: Floats
    by_property: Floats
    highest: Floats


def background(network: Network, panel: Panel, newest: Newest, minute: int, lying: NDArray[np.bool_]) -> Background:
    """Return the background at a minute from the newest values of fixed, honest streams.

    Args:
        network: of n streams.
        panel: of the same.
        newest: of the same.
        minute: since 1970; values older than HELD_MIN do not speak.
        lying: bool[n], streams whose device a check has found to lie.
    """
    said = np.full(
        len(network) + 1, np.inf, np.float32
    )  # as exact as the panel keeps means; last: who has no neighbour
    # A network's median needs stations that have neighbours: those far from the zone are another region's.
    speaking = network.ambient & ~lying & (newest.minute > minute - HELD_MIN) & np.isfinite(newest.value)
    np.copyto(said[:-1], newest.value, where=speaking, casting="same_kind")
    near = _near(network, said)
    compared = np.isfinite(near)
    by_property = np.full(len(PROPERTY_NAMES), np.nan)
    for prop, rows in network.alike:
        values = said[rows]
        by_property[prop] = median(values[compared[rows] & (values < np.inf)])
    region = np.where(compared | network.moving, by_property[network.property], np.nan)
    rows = network.vehicles
    if rows.size:
        region[rows] = np.fmax(region[rows], _baseline(panel, rows, minute))
    return Background(near, region, by_property, np.fmax(near, region))


def _near(network: Network, said: NDArray[np.float32]) -> Floats:
    """Return float64[n]: the median of what the neighbours said, infinity for nothing."""
    near = np.full(len(network), np.nan)
    for rows, beside in network.beside:
        near[rows] = _NEAR(said.take(beside))
    return near


def _baseline(panel: Panel, rows: NDArray[np.intp], minute: int) -> Floats:
    """Return the median of each moving stream's own last values, up to the minute before; NaN for too few."""
    _, value, _, _ = panel.tail(rows, minute - 1, BASELINE_MIN)
    if not value.shape[1]:
        return np.full(len(rows), np.nan)
    return medians(value, BASELINE_VALUES)
