"""Readings, and the cells of the panel that they fall into: a cell is one minute of one stream."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.model import MINUTE_MS
from wire.reading import Flag

Rows = NDArray[np.int32]
Minutes = NDArray[np.int64]
Floats = NDArray[np.float64]

ARITHMETIC, ENERGY, VECTOR = 0, 1, 2
# Decibels beyond this are no sound; their energy still has to be a number.
_LOUDEST: Final = 300.0
# As numbers of the arrays' own type: an enumeration's cost microseconds to compare with.
_GOOD, _UNKNOWN, _FAIL = (np.uint8(flag) for flag in (Flag.GOOD, Flag.UNKNOWN, Flag.FAIL))
_NONE: Final = np.uint8(0)
# Up to so many possible cells a reading, those that occur are found in a table of all of them; else by sorting.
_TABLE: Final = 8


class Readings(NamedTuple):
    """Readings in canonical units: arrays of one length.

    Attributes:
        row: datastream rows.
        time_ms: when the devices answered.
        value: NaN where missing.
        flag: QARTOD; only GOOD and UNKNOWN enter the means.
        longitude, latitude: degrees, NaN for fixed stations.
    """

    row: Rows
    time_ms: Minutes
    value: Floats
    flag: NDArray[np.uint8]
    longitude: Floats
    latitude: Floats

    @property
    def minute(self) -> Minutes:
        """Minutes since 1970."""
        return self.time_ms // MINUTE_MS

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Which of them enter the means."""
        said = (self.flag == _GOOD) | (self.flag == _UNKNOWN)
        return np.asarray(said & np.isfinite(self.value))

    @property
    def rank(self) -> NDArray[np.uint8]:
        """How bad each flag is, the worst highest; MISSING says nothing about the values that are there: 0."""
        return np.where(self.flag <= _FAIL, self.flag, _NONE)

    def chosen(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> "Readings":
        """Return some of them."""
        row, time_ms, value, flag, longitude, latitude = self
        return Readings(row[which], time_ms[which], value[which], flag[which], longitude[which], latitude[which])


class Cells(NamedTuple):
    """The different cells of some readings.

    Attributes:
        row, minute: int64[k].
        of: int64[readings], the index of each reading's cell.
    """

    row: Minutes
    minute: Minutes
    of: NDArray[np.int64]


def cells_of(row: Rows, minute: Minutes) -> Cells:
    """Return the cells of readings, at least one, given by their rows and minutes, by minute and row."""
    low, first = int(row.min()), int(minute.min())
    width = int(row.max()) - low + 1
    number = (minute - first) * width + (row - low)
    number, of = _different(number, (int(minute.max()) - first + 1) * width)
    after = number // width
    return Cells(number - after * width + low, after + first, of)


def _different(number: NDArray[np.int64], possible: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (the different ones of some numbers below `possible`, ascending; the index of each in them)."""
    if (number[1:] > number[:-1]).all():  # one reading a stream and minute, in order, as most batches have them
        return number, np.arange(len(number))
    if possible > _TABLE * len(number):
        different, of = np.unique(number, return_inverse=True)
        return different, of
    there = np.zeros(possible, np.bool_)
    there[number] = True
    return np.flatnonzero(there), (np.cumsum(there) - 1)[number]


def averaged(value: Floats, averaging: NDArray[np.int8]) -> Floats:
    """Return values in the domain in which they average: decibels as energy."""
    loud = np.flatnonzero(averaging == ENERGY)
    if not loud.size:
        return value
    value = value.copy()
    value[loud] = 10.0 ** (np.minimum(value[loud], _LOUDEST) / 10)
    return value


def direction(inside: NDArray[np.intp], value: Floats, mean: Floats, before: Minutes) -> Floats:
    """Return the mean direction in degrees of the readings of each cell and what it held."""
    east = np.bincount(inside, np.sin(np.radians(value)), len(mean)) + np.sin(np.radians(mean)) * before
    north = np.bincount(inside, np.cos(np.radians(value)), len(mean)) + np.cos(np.radians(mean)) * before
    return np.degrees(np.arctan2(east, north)) % 360
