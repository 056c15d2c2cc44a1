"""Means as the standards define them: of whole clock hours, if enough have enough minutes. All streams at once."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.panel import Panel

Floats = NDArray[np.float64]
HOUR_MIN: Final = 60
# China's standards count hours and days in Asia/Shanghai, which is a whole number of hours from UTC.
BEIJING_H: Final = 8


class Valid(NamedTuple):
    """What a mean needs to exist: minutes with values in an hour, hours that have a mean."""

    minutes: int
    hours: int


def mean_of_hours(panel: Panel, rows: NDArray[np.intp], minute: int, hours: int, valid: Valid) -> Floats:
    """Return float64[k]: the mean of the `hours` hours of which a minute is the last, in canonical units.

    Args:
        panel: holds a day at most.
        rows: k streams.
        minute: since 1970, the last one of an hour.
        hours: 8 or 24, say.
        valid: NaN with less.
    """
    ends = minute - HOUR_MIN * np.arange(hours - 1, -1, -1)
    hourly = np.stack([panel.average(end, HOUR_MIN, valid.minutes, rows) for end in ends.tolist()], axis=1)
    return mean(hourly, valid.hours, panel.loud(rows))


def mean(values: Floats, fewest: int, loud: NDArray[np.bool_]) -> Floats:
    """Return float64[k]: the mean of each row, NaN left out; NaN with less than `fewest`.

    Args:
        values: float64[k, m].
        fewest: values that a mean needs.
        loud: bool[k], rows of decibels, which average by energy.
    """
    here = ~np.isnan(values)
    count = here.sum(axis=1)
    if loud.any():
        values = np.where(loud[:, None], 10.0 ** (values / 10), values)
    total = np.where(here, values, 0.0).sum(axis=1)
    result = np.divide(total, count, out=np.full(len(total), np.nan), where=count >= max(fewest, 1))
    level = 10 * np.log10(result, out=np.full(len(total), np.nan), where=loud & (result > 0))
    return np.asarray(np.where(loud, level, result))


def day_hour(minute: int) -> int:
    """Return how many hours of the day in Beijing are over at the full hour at which a minute begins: 1 to 24."""
    return (minute // HOUR_MIN + BEIJING_H - 1) % 24 + 1
