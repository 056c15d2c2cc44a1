"""The limit that keeps a budget of false alarms on history."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.quality.faults.episodes import KIND_CAUSES, KINDS, RELEASE, admitted, no_episode
from hub.quality.faults.window import Bools, Floats, When

# Where the search for a limit begins, its stride, and where it ends.
_HIGH: Final = 5.0
_STRIDE: Final = 0.1
_LOW: Final = 0.0
# What is known before a history is counted: at this limit one alarm in ten months of a device, a decade higher ten
# times less. It weighs as much as a year of ten devices: six devices and a year have five alarms, too few to go by.
_USUAL_LIMIT: Final = 1.78
_USUAL_RATE: Final = 0.1
_USUAL_MONTHS: Final = 120.0
# Of that so much is to be expected of other stations and years: a limit stands where history's own alarms just end.
_ELSEWHERE: Final = 0.8
# Whatever limit is tried, a score below this is released.
_NEVER: Final = _LOW - 2 * _STRIDE - RELEASE


class Heights(NamedTuple):
    """Where scores of history may cross a limit, in the order of series and steps; the long calm between is left out.

    Attributes:
        series: intp (m,), row of the station, times the number of kinds, plus the kind.
        step: intp (m,).
        score: (m,).
    """

    series: NDArray[np.intp]
    step: NDArray[np.intp]
    score: Floats


def heights(scores: Floats, begun: int, calm: Bools) -> tuple[Heights, Bools]:
    """Return (where scores (n_kinds, n, t) may cross a limit, bool (n_kinds, n): whether they are calm at the end).

    Args:
        scores: of a stretch of history.
        begun: its first step.
        calm: at the step before; False before the first of all.
    """
    by_row = scores.transpose(1, 0, 2)
    low = np.concatenate([calm.T[:, :, None], by_row < _NEVER], axis=2)
    row, kind, step = np.nonzero(~(low[:, :, 1:] & low[:, :, :-1]))
    return Heights(row * len(KINDS) + kind, begun + step, by_row[row, kind, step]), low[:, :, -1].T.copy()


def joined(parts: list[Heights]) -> Heights:
    """Return the heights of stretches that follow each other."""
    series, step, score = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    order = np.argsort(series, kind="stable")
    return Heights(series[order], step[order], score[order])


def fit_limit(history: Heights, months: float, budget: float, settle: When) -> float:
    """Return the lowest limit from which on no more alarms a device and month than the budget are to be expected.

    Expected is what history has, together with what is usual.

    Args:
        history: its heights.
        months: of devices after the settling time.
        budget: alarms a device and month.
        settle: the first step that counts.
    """

    def within(limit: float) -> bool:
        return expected_rate(history, months, limit, settle) <= budget

    # From above: far below, where a score never falls, there are few alarms again.
    high = _HIGH if within(_HIGH) else float(history.score.max())
    while high > _LOW and within(high - _STRIDE):
        high -= _STRIDE
    low = high - _STRIDE
    for _ in range(5):
        tried = (low + high) / 2
        low, high = (low, tried) if within(tried) else (tried, high)
    return high


def expected_rate(history: Heights, months: float, limit: float, settle: When) -> float:
    """Return the alarms a device and month that are to be expected at a limit, with the arguments of `fit_limit`."""
    usual = _USUAL_MONTHS * _USUAL_RATE * 10 ** (_USUAL_LIMIT - limit)
    return float(_ELSEWHERE * (counted(history, limit, settle) + usual) / (months + _USUAL_MONTHS))


def counted(history: Heights, limit: float, settle: When) -> int:
    """Return how many alarms history has at a limit after the settling time."""
    side = np.where(history.score > limit, 1, np.where(history.score < limit - RELEASE, -1, 0))
    first = np.flatnonzero(np.diff(history.series, prepend=-1))
    side[first] = np.where(side[first] == 0, -1, side[first])
    newest = side[np.maximum.accumulate(np.where(side != 0, np.arange(len(side)), 0))]
    crossed = np.zeros(len(side), np.bool_)
    crossed[1:] = (newest[1:] == 1) & (newest[:-1] == -1)
    crossed[first] = False
    at = np.flatnonzero(crossed)
    row, kind = np.divmod(history.series[at], len(KINDS))
    # Of those that cross at one step of a device the highest, and of equals the first kind.
    order = np.lexsort((kind, -history.score[at], history.step[at], row))
    row, kind, step = row[order], kind[order], history.step[at][order]
    chosen = np.ones(len(row), np.bool_)
    chosen[1:] = (np.diff(row) != 0) | (np.diff(step) != 0)
    row, kind, step = row[chosen], kind[chosen], step[chosen]
    devices = int(history.series[-1]) // len(KINDS) + 1
    fresh, _, _ = admitted(row, step, KIND_CAUSES[kind], settle.step_h, no_episode(devices).ticket)
    return int(np.count_nonzero(fresh & (step >= settle.at)))
