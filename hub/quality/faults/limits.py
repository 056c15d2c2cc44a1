"""From statistics to scores: all on one scale of rarity."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from hub.quality.faults.background import Places
from hub.quality.faults.bank import CAUSES
from hub.quality.faults.cause import Cause
from hub.quality.faults.episodes import KINDS
from hub.quality.faults.window import Floats

MONTH_H: Final = 720.0
BLOCK_H: Final = 48.0
# A neighbour's drift or noise excuses one's own from this score on.
_WORST_FROM: Final = 0.5


@dataclass(frozen=True)
class Scale:
    """How rare a statistic is: its score is 0 at one exceedance a month of a device, 1 at one in ten months."""

    monthly: float
    decade: float

    def __call__(self, statistic: Floats) -> Floats:
        """Return the score of a statistic."""
        return (statistic - self.monthly) / self.decade


class Usual(NamedTuple):
    """How great a statistic gets where nothing is known to be wrong.

    Attributes:
        monthly: exceeded once a month of a device.
        decade: how much more is exceeded once in ten months.
        often: exceeded in a fifth of all blocks of two days; 0 where a statistic is mostly 0.
        above: what its limit is above the common one, in decades of rarity: what shows sharply can afford more. Chosen
            so that the budget is spent where it finds most (docs/detection.md).
    """

    monthly: float
    decade: float
    often: float
    above: float


# Of the PM2.5 of twelve stations in a year (Beijing, 2013-03 to 2014-02). A history of some stations and a year has its
# rarest values from a handful of episodes, many of them real faults: what it says well is how great the statistics
# commonly are, and the scale is taken from that.
_USUAL: Final = {
    "gain 24": Usual(0.65, 0.36, 0.445, -0.1),
    "gain 72": Usual(0.435, 0.30, 0.268, -0.35),
    "gain 200": Usual(0.295, 0.215, 0.175, -0.25),
    "gain 400": Usual(0.222, 0.164, 0.126, -0.2),
    "offset 24": Usual(0.59, 0.287, 0.41, -0.2),
    "offset 100": Usual(0.327, 0.231, 0.195, -0.2),
    "offset 300": Usual(0.203, 0.176, 0.117, -0.1),
    "noise 12": Usual(0.88, 0.44, 0.70, 1.0),
    "noise 36": Usual(0.62, 0.21, 0.51, 1.0),
    "spike": Usual(2.8, 7.2, 0.0, 0.45),
    "drop/run": Usual(9.4, 14.6, 0.0, 0.9),
    "repeat/run": Usual(5.55, 5.5, 0.0, 2.1),
    "clip/count": Usual(0.44, 1.9, 0.0, 1.5),
}
_VIEW: Final = re.compile(r"/\d[-+:]?")
_OFTEN: Final = 0.8
# However quiet a history was, so much of what is usual has to be seen.
_LEAST_RATIO: Final = 0.7


def block_peaks(statistic: Floats, steps: int) -> Floats:
    """Return the greatest values of a statistic (n, t) in each block of so many steps; what is over is left out."""
    blocks = statistic.shape[1] // steps
    peaks: Floats = statistic[:, : blocks * steps].reshape(len(statistic), blocks, steps).max(axis=2)
    return peaks


def fit_scales(peaks: Mapping[str, Floats]) -> dict[str, Scale]:
    """Return the scales of statistics from their greatest values in blocks of two days, by the same names.

    The usual ones, stretched by how much greater a statistic, up and down, commonly is in this history.
    """
    ratios: dict[str, list[float]] = {}
    for name, found in peaks.items():
        ratios.setdefault(_unsigned(name), []).append(_ratio(found, _usual(name)))
    stretch = {name: float(np.mean(every)) for name, every in ratios.items()}
    return {
        name: Scale(_usual(name).monthly * stretch[_unsigned(name)], _usual(name).decade * stretch[_unsigned(name)])
        for name in peaks
    }


def _unsigned(name: str) -> str:
    return name.replace("-", "+")


def _usual(name: str) -> Usual:
    return _USUAL[_VIEW.sub(" ", name).strip()]


def _ratio(peaks: Floats, usual: Usual) -> float:
    """Return how much greater a statistic is than usual; one that is mostly 0 is taken for no smaller than usual."""
    if usual.often:
        return max(float(np.quantile(peaks, _OFTEN)) / usual.often, _LEAST_RATIO)
    return max(float(np.quantile(peaks, 1 - BLOCK_H / MONTH_H)) / usual.monthly, 1.0)


def kind_of(name: str) -> str:
    """Return the kind of a statistic: gain and offset compete as drift."""
    kind = name.split("/", maxsplit=1)[0]
    return "drift" if CAUSES[kind] is Cause.DRIFT else kind


def kind_scores(found: Mapping[str, Floats], scales: Mapping[str, Scale], nearest: Places) -> Floats:
    """Return (n_kinds, n, t): the highest score of each kind, less what the kind's limit is above the common one.

    Of a station and its neighbours only the worst is said to drift or to be noisy: the others are compared with a liar.

    Args:
        found: statistics by name, each (n, t).
        scales: by the same names.
        nearest: (n, k) rows of the neighbours.
    """
    first = next(iter(found.values()))
    scores = np.full((len(KINDS), *first.shape), -np.inf)
    for name, statistic in found.items():
        row = KINDS.index(kind_of(name))
        np.maximum(scores[row], scales[name](statistic) - _usual(name).above, out=scores[row])
    for kind in ("drift", "noise") if nearest.shape[1] else ():
        own = scores[KINDS.index(kind)]
        worst = own[nearest].max(axis=1)
        own[:] = np.where(worst > np.maximum(own, _WORST_FROM), np.minimum(own, 0.0), own)
    return scores
