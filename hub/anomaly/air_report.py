"""The index of an hour and of a day at a station, of means that exist. Pure.

Of the hour HJ 633-2026 takes six means of one hour, particulates by the columns of the day; of the day six means of a
day, ozone by its highest eight hours. What a mean needs to exist is said in GB 3095-2026; for an hour of particulates
it says nothing, because it has no such limit: 45 minutes are a convention here.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.anomaly.aqi import POLLUTANTS, Aqi, aqi, iaqi, rounded
from hub.anomaly.citing import HOUR_VALID_MIN
from hub.anomaly.means import BEIJING_H, mean
from hub.anomaly.standard import AirIndex

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

DAY_H: Final = 24
# Hours with a mean that a day, and eight hours of ozone, need (GB 3095-2026, table 4).
DAY_VALID, EIGHT, EIGHT_VALID = 20, 8, 6
# Of how many decimals more than the index rounds to a mean is known: halves must be halves.
_SPARE: Final = 3


class Pollutant(NamedTuple):
    """One pollutant of an index.

    Attributes:
        mean: as the index rounds it, None where it does not exist.
        averaging: the column that it is looked up in.
        iaqi: None without a mean.
        of: minutes of the hour, or hours of the day, that had values; of ozone's day the windows of eight hours.
    """

    property: str
    mean: Decimal | None
    averaging: str
    iaqi: int | None
    of: int


class Report(NamedTuple):
    """The index of one station."""

    air: Aqi
    pollutants: tuple[Pollutant, ...]


def day_of(hour: int) -> int:
    """Return the first hour since 1970 of the last whole day in Beijing that was over when an hour was."""
    return (hour + 1 + BEIJING_H) // DAY_H * DAY_H - BEIJING_H - DAY_H


def valid(means: Floats, counts: Counts) -> Floats:
    """Return the hourly means, NaN where too few minutes had values."""
    return np.where(counts >= HOUR_VALID_MIN, means, np.nan)


def hour_report(index: AirIndex, means: Mapping[str, tuple[float, int]]) -> Report:
    """Return the index of an hour.

    Args:
        index: the standard's breakpoints.
        means: by pollutant (mean in canonical units, minutes of which it is); left out where nothing measures it.
    """
    found = [
        _pollutant(index, name, "1h", (float(valid(np.array(value), np.array(minutes))), minutes))
        for name, (value, minutes) in means.items()
    ]
    return _report(index, found)


def day_report(index: AirIndex, hours: Mapping[str, Floats]) -> Report:
    """Return the index of a day.

    Args:
        index: the standard's breakpoints.
        hours: by pollutant float64[24], the hourly means that exist, NaN elsewhere, from 00:00 in Beijing on.
    """
    found = []
    for name, values in hours.items():
        if name == "o3":
            found.append(_pollutant(index, name, "8h", _highest_eight(values)))
        else:
            count = int(np.count_nonzero(~np.isnan(values)))
            whole = mean(values[None, :], DAY_VALID, np.zeros(1, np.bool_))
            found.append(_pollutant(index, name, "24h", (float(whole[0]), count)))
    return _report(index, found)


def _highest_eight(values: Floats) -> tuple[float, int]:
    """Return the highest mean of eight hours that lie within the day, and of how many such windows it is."""
    windows = np.lib.stride_tricks.sliding_window_view(values, EIGHT)
    means = mean(windows, EIGHT_VALID, np.zeros(len(windows), np.bool_))
    count = int(np.count_nonzero(~np.isnan(means)))
    return (float(np.nanmax(means)) if count else float("nan")), count


def _pollutant(index: AirIndex, name: str, averaging: str, found: tuple[float, int]) -> Pollutant:
    value, of = found
    if np.isnan(value):
        return Pollutant(name, None, averaging, None, of)
    places = index.of(name, averaging).places
    exact = Decimal(f"{value:.{places + _SPARE}f}")
    return Pollutant(name, max(rounded(exact, places), Decimal(0)), averaging, iaqi(index, name, averaging, exact), of)


def _report(index: AirIndex, found: list[Pollutant]) -> Report:
    ordered = sorted(found, key=lambda one: POLLUTANTS.index(one.property))
    return Report(aqi(index, {one.property: one.iaqi for one in ordered}), tuple(ordered))
