"""The last day by minute: mean, count and worst flag of every datastream, as ring arrays.

Means are kept in the domain in which the property averages: as they are, as energy for decibels. A cell takes what
comes in whatever order: the readings of one batch that fall into it are summed in float64 and merged into its mean, so
open, late and early minutes need no place of their own. Time-major in memory: one minute of all streams lies together.
7 bytes a cell.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from hub.model import MINUTE_MS
from wire.reading import Flag

Rows = NDArray[np.int32]
Minutes = NDArray[np.int64]
Floats = NDArray[np.float64]
ScalarT = TypeVar("ScalarT", bound=np.generic)

# A day and an hour: while a day is closed, its first minutes are not yet written over.
KEPT_MIN: Final = 1500
ARITHMETIC, ENERGY, VECTOR = 0, 1, 2
NEVER: Final = -1
# Worst last; MISSING says nothing about the values that are there.
_RANK: Final = np.zeros(256, np.uint8)
_RANK[[Flag.GOOD, Flag.UNKNOWN, Flag.SUSPECT, Flag.FAIL]] = [1, 2, 3, 4]
_USABLE: Final = np.isin(np.arange(256), [int(Flag.GOOD), int(Flag.UNKNOWN)])


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


class Newest(NamedTuple):
    """The newest usable minute mean of every stream, up to the minute that is judged.

    Attributes:
        minute: int64[n], minutes since 1970, -1 for never.
        value: float64[n], canonical unit, NaN for never.
        longitude, latitude: float64[n], where a moving station was, NaN for fixed ones.
        bad: int64[n], minutes in a row in which the device gave nothing but FAIL.
    """

    minute: Minutes
    value: Floats
    longitude: Floats
    latitude: Floats
    bad: Minutes

    @classmethod
    def never(cls, n: int) -> "Newest":
        """Return the state of n streams that have not said anything."""
        nan = np.full(n, np.nan)
        return cls(np.full(n, NEVER), nan, nan, nan, np.zeros(n, np.int64))


class Panel:
    """Ring arrays of shape (streams, minutes); grows by streams, never by minutes.

    Attributes:
        minutes, head: how many it holds; the newest closed one since 1970, -1 before the first.
    """

    def __init__(self, minutes: int = KEPT_MIN) -> None:
        self.minutes = minutes
        self.head = NEVER
        self._column = np.full(minutes, NEVER)
        self._mean = np.zeros((0, minutes), np.float32, order="F")
        self._count = np.zeros((0, minutes), np.uint16, order="F")
        self._worst = np.zeros((0, minutes), np.uint8, order="F")
        self._averaging = np.zeros(0, np.int8)
        self._place = np.zeros(0, np.int32)
        self._track = np.full((2, 0, minutes), np.nan)

    def __len__(self) -> int:
        return len(self._averaging)

    @property
    def nbytes(self) -> int:
        """Bytes of the ring arrays."""
        return self._mean.nbytes + self._count.nbytes + self._worst.nbytes + self._track.nbytes

    def grow(self, averaging: NDArray[np.int8], moving: NDArray[np.bool_]) -> None:
        """Make room for more streams.

        Args:
            averaging: int8[n] of all streams, known ones first: ARITHMETIC, ENERGY or VECTOR.
            moving: bool[n], whether positions come with the readings.
        """
        self._averaging = averaging
        self._place = np.where(moving, np.cumsum(moving) - 1, NEVER).astype(np.int32)
        known = self._mean.shape[0]
        if len(averaging) > known:
            more = max(len(averaging), 2 * known) - known
            self._mean, self._count, self._worst = (
                _taller(self._mean, more),
                _taller(self._count, more),
                _taller(self._worst, more),
            )
        track = np.full((2, int(moving.sum()), self.minutes), np.nan)
        track[:, : self._track.shape[1]] = self._track
        self._track = track

    def add(self, readings: Readings, limit: int) -> tuple[Rows, Minutes]:
        """Take readings; what is older than the ring or newer than `limit` is left out.

        Args:
            readings: of one batch.
            limit: the newest minute since 1970 that can be: a clock that is ahead must not erase the day.

        Returns:
            (row, minute) of every cell that was closed already.
        """
        minute = readings.time_ms // MINUTE_MS
        kept = (minute > max(self.head, limit) - self.minutes) & (minute <= limit)
        if not kept.all():
            readings, minute = _chosen(readings, kept), minute[kept]
        if not len(minute):
            return np.zeros(0, np.int32), np.zeros(0, np.int64)
        self._open(np.unique(minute))
        first = int(minute.min())
        cell, where = np.unique((minute - first) * len(self) + readings.row, return_inverse=True)
        row, at = (cell % len(self)).astype(np.int32), cell // len(self) + first
        self._merge(readings, row, (at % self.minutes).astype(np.intp), where)
        late = at <= self.head
        return row[late], at[late]

    def _open(self, minutes: Minutes) -> None:
        """Empty the columns that still hold minutes of a day ago."""
        for minute in minutes[self._column[minutes % self.minutes] != minutes].tolist():
            column = minute % self.minutes
            self._column[column] = minute
            self._mean[:, column] = 0
            self._count[:, column] = 0
            self._worst[:, column] = 0
            self._track[:, :, column] = np.nan

    def _merge(self, readings: Readings, row: Rows, column: NDArray[np.intp], where: NDArray[np.intp]) -> None:
        usable = _USABLE[readings.flag] & np.isfinite(readings.value)
        inside, averaging = where[usable], self._averaging[readings.row[usable]]
        value = readings.value[usable]
        value = np.where(averaging == ENERGY, 10.0 ** (np.minimum(value, 300.0) / 10), value)
        count = np.bincount(inside, minlength=len(row))
        before = self._count[row, column].astype(np.int64)
        mean = self._mean[row, column].astype(np.float64)
        total = np.bincount(inside, weights=value, minlength=len(row)) + mean * before
        with np.errstate(invalid="ignore"):
            mixed = np.where(before + count > 0, total / (before + count), 0.0)
        turning = np.flatnonzero(self._averaging[row] == VECTOR)
        if turning.size:
            mixed[turning] = _direction(inside, value, mean, before)[turning]
        self._mean[row, column] = mixed
        self._count[row, column] = np.minimum(before + count, np.iinfo(np.uint16).max)
        worst = self._worst[row, column]
        np.maximum.at(worst, where, _RANK[readings.flag])
        self._worst[row, column] = worst
        placed = np.flatnonzero((self._place[readings.row] >= 0) & np.isfinite(readings.longitude))
        if placed.size:
            cells = self._place[readings.row[placed]], column[where[placed]]
            self._track[0][cells] = readings.longitude[placed]
            self._track[1][cells] = readings.latitude[placed]

    def advanced(self, newest: Newest, minutes: Minutes) -> Newest:
        """Return the newest means after these closed minutes, ascending; an older minute never replaces a newer one."""
        n = len(self)
        at, value, bad = newest.minute.copy(), newest.value.copy(), newest.bad.copy()
        where = np.stack([newest.longitude, newest.latitude])
        for minute in minutes[self._column[minutes % self.minutes] == minutes].tolist():
            column = minute % self.minutes
            there = self._count[:n, column] > 0
            lying = ~there & (self._worst[:n, column] == Flag.FAIL) & (minute > at)
            bad = np.where(there, 0, bad + lying)
            taken = np.flatnonzero(there & (minute >= at))
            at[taken] = minute
            value[taken] = self._canonical(self._mean[taken, column], taken)
            moving = taken[self._place[taken] >= 0]
            where[:, moving] = self._track[:, self._place[moving], column]
        return Newest(at, value, where[0], where[1], bad)

    def average(self, minute: int, span: int, valid: int, rows: NDArray[np.intp] | None = None) -> Floats:
        """Return float64[k]: the canonical mean of the `span` minutes up to `minute`, NaN with less than `valid`.

        Args:
            minute: since 1970.
            span: minutes.
            valid: how many of them must have values.
            rows: k streams, all unless given.
        """
        columns = self._columns(minute, span)
        cells = (columns, slice(len(self))) if rows is None else (columns[:, None], rows)
        counts = np.count_nonzero(self._count.T[cells], axis=0)  # as they lie in memory
        sums = self._mean.T[cells].sum(axis=0, dtype=np.float64)
        mean = np.divide(sums, counts, out=np.full(len(counts), np.nan), where=counts >= max(valid, 1))
        return self._canonical(mean, np.arange(len(self)) if rows is None else rows)

    def loud(self, rows: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
        """Return bool[k]: which streams average by energy."""
        return np.asarray(self._averaging[rows] == ENERGY)

    def tail(self, rows: NDArray[np.intp], minute: int, span: int) -> tuple[Minutes, Floats, Floats, Floats]:
        """Return the `span` minutes up to `minute` of some streams.

        Returns:
            minutes int64[k]; value, longitude, latitude float64[rows, k], NaN where there is none.
        """
        columns = self._columns(minute, span)
        block = np.ix_(rows, columns)
        value = np.where(self._count[block] > 0, self._mean[block].astype(np.float64), np.nan)
        place = self._place[rows]
        track = (
            np.where((place >= 0)[:, None], self._track[:, place][:, :, columns], np.nan) if self._track.size else None
        )
        empty = np.full(value.shape, np.nan)
        longitude, latitude = (empty, empty) if track is None else (track[0], track[1])
        return self._column[columns], self._canonical(value.T, rows).T, longitude, latitude

    def cells(self, rows: Rows, minutes: Minutes) -> Floats:
        """Return float64[k]: the means of single cells in canonical units, NaN where there is none."""
        column = minutes % self.minutes
        there = (self._column[column] == minutes) & (self._count[rows, column] > 0)
        return np.where(there, self._canonical(self._mean[rows, column], rows), np.nan)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything that it holds, for a checkpoint: views, good until the next call of `add`."""
        rings: dict[str, NDArray[Any]] = {
            "mean": self._mean,
            "count": self._count,
            "worst": self._worst,
            "track": self._track,
        }
        return rings | {"column": self._column, "head": np.array(self.head)}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take back what `arrays` gave; the streams must have been made known by `grow`.

        Raises:
            ValueError: it was written by a panel of another size.
        """
        if arrays["mean"].shape[0] < len(self) or arrays["mean"].shape[1] != self.minutes:
            raise ValueError(f"a panel of shape {arrays['mean'].shape} was kept, {len(self)} streams are known")
        self._mean, self._count, self._worst = (np.asfortranarray(arrays[name]) for name in ("mean", "count", "worst"))
        self._track, self._column = arrays["track"].copy(), arrays["column"].copy()
        self.head = int(arrays["head"])

    def _columns(self, minute: int, span: int) -> NDArray[np.intp]:
        minutes = np.arange(minute - min(span, self.minutes) + 1, minute + 1)
        columns = minutes % self.minutes
        return np.asarray(columns[self._column[columns] == minutes], np.intp)

    def _canonical(self, mean: NDArray[np.floating[Any]], rows: NDArray[np.integer[Any]]) -> Floats:
        """Return means in canonical units; the last axis is that of the rows."""
        value = mean.astype(np.float64)
        loud = self.loud(rows)
        if loud.any():
            with np.errstate(divide="ignore", invalid="ignore"):
                value[..., loud] = 10 * np.log10(value[..., loud])
        return value


def _chosen(readings: Readings, kept: NDArray[np.bool_]) -> Readings:
    return Readings(
        readings.row[kept],
        readings.time_ms[kept],
        readings.value[kept],
        readings.flag[kept],
        readings.longitude[kept],
        readings.latitude[kept],
    )


def _taller(ring: NDArray[ScalarT], more: int) -> NDArray[ScalarT]:
    """Return a ring with more streams, empty ones, time-major as it was."""
    result = np.zeros((ring.shape[0] + more, ring.shape[1]), ring.dtype, order="F")
    result[: ring.shape[0]] = ring
    return result


def _direction(inside: NDArray[np.intp], value: Floats, mean: Floats, before: Minutes) -> Floats:
    """Return the mean direction in degrees of the readings of each cell and what it held."""
    east = np.bincount(inside, np.sin(np.radians(value)), len(mean)) + np.sin(np.radians(mean)) * before
    north = np.bincount(inside, np.cos(np.radians(value)), len(mean)) + np.cos(np.radians(mean)) * before
    return np.degrees(np.arctan2(east, north)) % 360
