"""What the region has: the median of the neighbours, of the whole network, and for a vehicle of its own last hours."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.network import PROPERTY_NAMES, Network
from hub.panel import Newest, Panel

Floats = NDArray[np.float64]

# A value speaks for its place this long: devices that report each half hour still make a background.
HELD_MIN: Final = 35
# A median of fewer values is none.
FEWEST: Final = 5
# A vehicle's own background: the median of so many minutes, of so many values at least.
BASELINE_MIN: Final = 60
BASELINE_VALUES: Final = 4


class Background(NamedTuple):
    """The background of each stream, in canonical units; NaN where too few could speak.

    Attributes:
        near: float64[n], median of the neighbours of the same property; NaN for moving streams.
        region: float64[n], median over all fixed stations near the zone; for moving streams also of their own hours.
        by_property: float64[properties], median over all fixed stations near the zone.
    """

    near: Floats
    region: Floats
    by_property: Floats

    @property
    def highest(self) -> Floats:
        """What an excess must stand above: the higher of the two, NaN where there is neither."""
        return np.fmax(self.near, self.region)


def background(network: Network, panel: Panel, newest: Newest, minute: int, lying: NDArray[np.bool_]) -> Background:
    """Return the background at a minute from the newest values of fixed, honest streams.

    Args:
        network: of n streams.
        panel: of the same.
        newest: of the same.
        minute: since 1970; values older than HELD_MIN do not speak.
        lying: bool[n], streams whose device a check has found to lie.
    """
    n = len(network)
    # A network's median needs stations that have neighbours: those far from the zone are another region's.
    speaking = network.ambient & ~lying & (minute - newest.minute < HELD_MIN)
    held = np.append(np.where(speaking, newest.value, np.nan), np.nan)
    near = np.full(n, np.nan)
    fixed = np.flatnonzero(network.neighbours[:, 0] < n) if n else np.zeros(0, np.intp)
    near[fixed] = medians(held[network.neighbours[fixed]])
    by_property = np.full(len(PROPERTY_NAMES), np.nan)
    crowd = np.isfinite(near) & np.isfinite(held[:n])
    for prop in np.unique(network.property[crowd]).tolist():
        values = held[:n][crowd & (network.property == prop)]
        by_property[prop] = medians(values[None, :])[0]
    region = np.where(np.isfinite(near) | network.moving, by_property[network.property], np.nan)
    rows = np.flatnonzero(network.moving)
    if rows.size:
        region[rows] = np.fmax(region[rows], _baseline(panel, rows, minute))
    return Background(near, region, by_property)


def medians(values: Floats, fewest: int = FEWEST) -> Floats:
    """Return float64[n]: the median of each row of values, NaN left out; NaN for rows with less than `fewest`."""
    ordered = np.sort(values, axis=1)  # NaN last
    count = np.count_nonzero(~np.isnan(ordered), axis=1)
    at = np.maximum(count, 1)
    row = np.arange(len(values))
    middle = (ordered[row, (at - 1) // 2] + ordered[row, at // 2]) / 2 if values.shape[1] > 1 else ordered[:, 0]
    return np.where(count >= fewest, middle, np.nan)


def _baseline(panel: Panel, rows: NDArray[np.intp], minute: int) -> Floats:
    """Return the median of each moving stream's own last values, up to the minute before; NaN for too few."""
    _, value, _, _ = panel.tail(rows, minute - 1, BASELINE_MIN)
    if not value.shape[1]:
        return np.full(len(rows), np.nan)
    return medians(value, BASELINE_VALUES)
