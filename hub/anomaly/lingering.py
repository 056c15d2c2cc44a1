"""What stays when a haze leaves: an excess because all around became clean, not because anything came here.

The wind tells of it only where it blows. In weak wind the last of a haze stands over a place for hours, and the station
there stands above its neighbours without having risen.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hub.anomaly.medians import medians
from hub.network import Network
from hub.panel import Panel

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# How far back all around is looked at, by means of so many minutes. Whoever keeps emitting is told of after that.
SPAN_MIN: Final = 180
MEAN_MIN: Final = 15
# An excess of which the neighbours had so much, and that was here since, is what is left of theirs.
SHARE: Final = 0.6


def lingers(network: Network, panel: Panel, row: NDArray[np.intp], now: tuple[Floats, Floats], minute: int) -> Bools:
    """Return bool[k]: what stood around of late, in the median of the neighbours, and has been here ever since.

    Args:
        network: of n streams.
        panel: of the same.
        row: int64[k], streams that stand out.
        now: float64[k], their values; float64[k], their excesses over the background.
        minute: since 1970.
    """
    if not row.size:
        return np.zeros(0, np.bool_)
    around = network.neighbours[row]
    known = np.unique(np.append(row, around[around < len(network)]))
    ages = range(MEAN_MIN, SPAN_MIN + 1, MEAN_MIN)
    means = np.stack([panel.average(minute - age, MEAN_MIN, 1, known) for age in ages], axis=1)
    place = np.full(len(network) + 1, len(known))
    place[known] = np.arange(len(known))
    means = np.append(means, np.full((1, len(ages)), np.nan), axis=0)
    most = (now[0] - (1.0 - SHARE) * now[1])[:, None]
    near = medians(means[place[around]].swapaxes(1, 2).reshape(-1, around.shape[1])).reshape(len(row), -1)
    here = ~(means[place[row]] < most)
    return np.asarray(((near >= most) & np.logical_and.accumulate(here, axis=1)).any(axis=1))
