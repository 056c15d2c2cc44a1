"""From statistics to scores: all on one scale of rarity."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from hub.quality.faults.background import Places
from hub.quality.faults.bank import CAUSES
from hub.quality.faults.cause import Cause
from hub.quality.faults.episodes import KINDS
from hub.quality.faults.window import Floats

MONTH_H: Final = 720.0
BLOCK_H: Final = 48.0
# What each kind's limit is above the common one, in decades of rarity: kinds that show sharply can afford more. Chosen
# on the tuning part, so that each kind's share of the budget finds most (docs/detection.md).
_ABOVE: Final[dict[str, float]] = {
    "drift": 0.0,
    "drop": 0.2,
    "noise": 0.9,
    "spike": 0.8,
    "repeat": 2.2,
    "clip": 1.3,
}
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


# However quiet a history was, so much has to be seen: a kind that never showed must not be announced at its first
# breath. Nine tenths of what the PM2.5 of Beijing gives; half of it for drift.
_LEAST: Final = {
    "drift": Scale(0.2, 0.15),
    "drop": Scale(6.0, 14.0),
    "noise": Scale(1.4, 0.28),
    "spike": Scale(2.3, 6.5),
    "repeat": Scale(5.0, 5.0),
    "clip": Scale(0.4, 1.7),
}


def block_peaks(statistic: Floats, steps: int) -> Floats:
    """Return the greatest values of a statistic (n, t) in each block of so many steps; what is over is left out."""
    blocks = statistic.shape[1] // steps
    peaks: Floats = statistic[:, : blocks * steps].reshape(len(statistic), blocks, steps).max(axis=2)
    return peaks


def fit_scale(name: str, peaks: Floats) -> Scale:
    """Return the scale of a statistic from its greatest values in blocks of two days."""
    share = BLOCK_H / MONTH_H
    monthly, rarer = np.quantile(peaks, [1 - share, 1 - share / np.sqrt(10)])
    # The rarest are real faults of the history: the scale is taken from what is three times as common.
    decade = 2 * float(rarer - monthly)
    least = _LEAST[kind_of(name)]
    return Scale(max(float(monthly), least.monthly), max(decade, 0.1 * abs(float(rarer)), least.decade))


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
        np.maximum(scores[row], scales[name](statistic) - _ABOVE[KINDS[row]], out=scores[row])
    for kind in ("drift", "noise") if nearest.shape[1] else ():
        own = scores[KINDS.index(kind)]
        worst = own[nearest].max(axis=1)
        own[:] = np.where(worst > np.maximum(own, _WORST_FROM), np.minimum(own, 0.0), own)
    return scores
