"""The last day by minute: mean, count and worst flag of every datastream, as ring arrays.

Means are kept in the domain in which the property averages: as they are, as energy for decibels. A cell takes what
comes in whatever order: the readings of one batch that fall into it are summed in float64 and merged into its mean, so
open, late and early minutes need no place of their own. Time-major in memory: one minute of all streams lies together.
7 bytes a cell.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from hub.cells import (
    ARITHMETIC,
    ENERGY,
    VECTOR,
    Cells,
    Floats,
    Minutes,
    Readings,
    Rows,
    averaged,
    cells_of,
    direction,
)
from hub.newest import NEVER, Newest
from wire.reading import Flag

__all__ = [
    "ARITHMETIC",
    "ENERGY",
    "KEPT_MIN",
    "NEVER",
    "VECTOR",
    "Floats",
    "Minutes",
    "Newest",
    "Panel",
    "Readings",
    "Rows",
]

ScalarT = TypeVar("ScalarT", bound=np.generic)
Chosen = slice | NDArray[np.integer[Any]]

# A day and an hour: while a day is closed, its first minutes are not yet written over.
KEPT_MIN: Final = 1500
_FAIL: Final = np.uint8(Flag.FAIL)


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
        self._moving = np.zeros(0, np.intp)
        self._loud = np.zeros(0, np.intp)
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
        self._moving, self._loud = np.flatnonzero(moving), np.flatnonzero(averaging == ENERGY)
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
        minute = readings.minute
        kept = (minute > max(self.head, limit) - self.minutes) & (minute <= limit)
        if not kept.all():
            readings, minute = readings.chosen(kept), minute[kept]
        if not len(minute):
            return np.zeros(0, np.int32), np.zeros(0, np.int64)
        cells = cells_of(readings.row, minute)
        self._open(cells.minute)
        self._merge(readings, cells)
        late = cells.minute <= self.head
        return cells.row[late].astype(np.int32), cells.minute[late]

    def _open(self, minute: Minutes) -> None:
        """Empty the columns that still hold minutes of a day ago, of ascending minutes."""
        different = np.append(minute[:-1][minute[1:] != minute[:-1]], minute[-1])
        for new in different[self._column[different % self.minutes] != different].tolist():
            column = new % self.minutes
            self._column[column] = new
            self._mean[:, column] = 0
            self._count[:, column] = 0
            self._worst[:, column] = 0
            self._track[:, :, column] = np.nan

    def _merge(self, readings: Readings, cells: Cells) -> None:
        column = cells.minute % self.minutes
        place = column * len(self._mean) + cells.row
        means, counts, worsts = (_flat(ring) for ring in (self._mean, self._count, self._worst))
        averaging = self._averaging[cells.row]
        usable = readings.usable
        inside, value = cells.of, readings.value
        if not usable.all():
            inside, value = inside[usable], value[usable]
        value = averaged(value, averaging[inside])
        before, mean = counts[place].astype(np.int64), means[place].astype(np.float64)
        count = before + np.bincount(inside, minlength=len(place))
        total = np.bincount(inside, weights=value, minlength=len(place)) + mean * before
        mixed = np.divide(total, count, out=np.zeros(len(place)), where=count > 0)
        turning = np.flatnonzero(averaging == VECTOR)
        if turning.size:
            mixed[turning] = direction(inside, value, mean, before)[turning]
        means[place] = mixed
        counts[place] = np.minimum(count, np.iinfo(np.uint16).max)
        worst = worsts[place]
        np.maximum.at(worst, cells.of, readings.rank)
        worsts[place] = worst
        self._follow(readings, column[cells.of])

    def _follow(self, readings: Readings, column: Minutes) -> None:
        """Keep where moving stations were."""
        if not self._track.size:
            return
        placed = np.flatnonzero((self._place[readings.row] >= 0) & np.isfinite(readings.longitude))
        at = self._place[readings.row[placed]], column[placed]
        self._track[0][at] = readings.longitude[placed]
        self._track[1][at] = readings.latitude[placed]

    def advanced(self, newest: Newest, minutes: Minutes) -> Newest:
        """Return the newest means after these closed minutes, ascending; an older minute never replaces a newer one."""
        for minute in minutes[self._column[minutes % self.minutes] == minutes].tolist():
            newest = self._advanced(newest, minute)
        return newest

    def _advanced(self, newest: Newest, minute: int) -> Newest:
        n, column = len(self), minute % self.minutes
        there = self._count[:n, column] > 0
        lying = self._worst[:n, column] == _FAIL
        lying &= ~there & (minute > newest.minute)
        bad = np.where(there, 0, newest.bad + lying)
        taken = there & (minute >= newest.minute)
        if not taken.any():
            return newest._replace(bad=bad)
        at = np.where(taken, minute, newest.minute)
        value = np.where(taken, self._canonical(self._mean[:n, column], slice(n)), newest.value)
        longitude, latitude = newest.longitude, newest.latitude
        moving = self._moving[taken[self._moving]]
        if moving.size:
            longitude, latitude = longitude.copy(), latitude.copy()
            longitude[moving], latitude[moving] = self._track[:, self._place[moving], column]
        return Newest(at, value, longitude, latitude, bad)

    def average(self, minute: int, span: int, valid: int, rows: NDArray[np.intp] | None = None) -> Floats:
        """Return float64[k]: the canonical mean of the `span` minutes up to `minute`, NaN with less than `valid`.

        Args:
            minute: since 1970.
            span: minutes.
            valid: how many of them must have values.
            rows: k streams, all unless given.
        """
        # Columns lie side by side: all streams cost less than picking half of them.
        some = rows is not None and 2 * len(rows) <= len(self)
        columns, chosen = self._columns(minute, span), rows if rows is not None and some else slice(len(self))
        there = _block(self._count, columns, chosen) > 0
        # Bytes add fastest, as long as so many fit.
        counts = np.add.reduce(there, axis=0, dtype=np.uint8 if len(columns) < 256 else np.uint16)
        sums = np.add.reduce(_block(self._mean, columns, chosen), axis=0, dtype=np.float64)
        mean = np.divide(sums, counts, out=np.full(len(counts), np.nan), where=counts >= max(valid, 1))
        value = self._canonical(mean, chosen)
        return value if rows is None or some else value[rows]

    def loud(self, rows: Chosen) -> NDArray[np.bool_]:
        """Return bool[k]: which streams average by energy."""
        return np.asarray(self._averaging[rows] == ENERGY)

    def tail(self, rows: NDArray[np.intp], minute: int, span: int) -> tuple[Minutes, Floats, Floats, Floats]:
        """Return the `span` minutes up to `minute` of some streams.

        Returns:
            minutes int64[k]; value, longitude, latitude float64[rows, k], NaN where there is none.
        """
        columns = self._columns(minute, span)
        there, mean = _block(self._count, columns, rows) > 0, _block(self._mean, columns, rows)
        value = self._canonical(np.where(there, mean, np.float32(np.nan)), rows).T
        place = self._place[rows]
        track = (
            np.where((place >= 0)[:, None], self._track[:, place][:, :, columns], np.nan) if self._track.size else None
        )
        empty = np.broadcast_to(np.nan, value.shape)
        longitude, latitude = (empty, empty) if track is None else (track[0], track[1])
        return self._column[columns], value, longitude, latitude

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

    def _canonical(self, mean: NDArray[np.floating[Any]], rows: Chosen) -> Floats:
        """Return means in canonical units; the last axis is that of the rows."""
        value = mean.astype(np.float64)
        loud = self._loud if isinstance(rows, slice) else np.flatnonzero(self.loud(rows))
        if loud.size:
            with np.errstate(divide="ignore", invalid="ignore"):
                value[..., loud] = 10 * np.log10(value[..., loud])
        return value


def _block(ring: NDArray[ScalarT], columns: NDArray[np.intp], rows: Chosen) -> NDArray[ScalarT]:
    """Return [columns, rows] of a ring, as it lies in memory; all rows of columns side by side are a view."""
    beside = len(columns) > 0 and columns[-1] - columns[0] == len(columns) - 1
    block = ring.T[columns[0] : columns[-1] + 1] if beside else ring.T[columns]
    return block[:, rows] if isinstance(rows, slice) else block.take(rows, axis=1)


def _flat(ring: NDArray[ScalarT]) -> NDArray[ScalarT]:
    """Return a view of a ring's cells: those of one minute one after the other."""
    return ring.reshape(-1, order="F")


def _taller(ring: NDArray[ScalarT], more: int) -> NDArray[ScalarT]:
    """Return a ring with more streams, empty ones, time-major as it was."""
    result = np.zeros((ring.shape[0] + more, ring.shape[1]), ring.dtype, order="F")
    result[: ring.shape[0]] = ring
    return result
