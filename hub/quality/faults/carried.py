"""What the judgement of a network carries from one step to the next, and how it follows the stations."""

from collections.abc import Collection
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from hub.quality.faults.background import Places, neighbours
from hub.quality.faults.bank import BankPast, bank_start
from hub.quality.faults.episodes import EpisodePast, no_episode
from hub.quality.faults.plume import PlumePast, no_plume
from hub.quality.faults.regression import Moments, block_steps, moved, nothing_learnt, started
from hub.quality.faults.residual import (
    LOG_SCALE,
    OWN_SCALE,
    OXIDANTS,
    AlonePast,
    ResidualPast,
    WitnessedPast,
    ridge_alone,
    ridge_witnessed,
    series_of,
    slow_start,
)
from hub.quality.faults.stations import Rows, rows_of, slots_of
from hub.quality.faults.thresholds import Learnt, Thresholds
from hub.quality.faults.window import Floats, places
from hub.state import Array, leaves, rebuilt

PastT = TypeVar("PastT")


class Carried(NamedTuple):
    """All that a verdict depends on beside the values of its step: a tree of arrays.

    Attributes:
        steps: int64 (), steps judged so far.
        names: str (p,), the properties in alphabetical order; the tuples below follow it.
        positions: (n, 2), longitude and latitude of the stations in degrees.
        nearest: intp (n, k), rows of each one's neighbours.
        residual, plume, bank, episodes: of the parts of the method, a row a station.
    """

    steps: NDArray[np.int64]
    names: NDArray[np.str_]
    positions: Floats
    nearest: Places
    residual: ResidualPast
    plume: tuple[PlumePast, ...]
    bank: tuple[BankPast, ...]
    episodes: tuple[EpisodePast, ...]


def begin(thresholds: Thresholds, positions: Floats, properties: Collection[str] | None = None) -> Carried:
    """Return what is carried before the first step.

    Args:
        thresholds: from `calibrate`; stations of its history are recognised by their positions.
        positions: float64 (n_stations, 2), longitude and latitude in degrees.
        properties: that are judged, all that were calibrated where None.

    Raises:
        ValueError: the positions are not so, or a property was not calibrated.
    """
    names = sorted(thresholds.limits if properties is None else properties)
    strange = sorted(set(names) - set(thresholds.limits))
    if strange:
        raise ValueError(f"not calibrated: {', '.join(strange)}: include it in the history")
    return start(names, places(positions), thresholds.step_h, thresholds.learnt)


def start(names: list[str], positions: Floats, step_h: float, known: Learnt | None) -> Carried:
    """Return what is carried before the first step of a verified network; `known` is None where nothing is."""
    n, nearest = len(positions), neighbours(positions)
    rows = np.full(n, -1) if known is None else rows_of(known.positions, positions)
    views = {name: 3 if set(OXIDANTS) <= set(names) and name in OXIDANTS else 2 for name in names}
    slow = slow_start(n)
    alone = tuple(
        AlonePast(np.full(n, np.nan), started(_alone(known, name, nearest, rows)), slow) for name in series_of(names)
    )
    witnessed = tuple(WitnessedPast(started(_witnessed(known, name, names, rows)), slow) for name in names)
    return Carried(
        np.zeros((), np.int64),
        np.array(names, np.str_),
        positions,
        nearest,
        ResidualPast(alone, witnessed),
        tuple(no_plume(n) for _ in names),
        tuple(bank_start(n, views[name], step_h) for name in names),
        tuple(no_episode(n) for _ in names),
    )


def _alone(known: Learnt | None, name: str, nearest: Places, rows: Rows) -> Moments:
    nothing = nothing_learnt(len(rows), 2 + nearest.shape[1], LOG_SCALE)
    if known is None or name not in known.alone:
        return nothing
    return _or_nothing(known.alone[name].rows(rows, slots_of(known.nearest, nearest, rows)), rows, nothing)


def _witnessed(known: Learnt | None, name: str, names: list[str], rows: Rows) -> Moments:
    others = [other for other in names if other != name]
    nothing = nothing_learnt(len(rows), len(others), OWN_SCALE)
    if known is None or name not in known.witnessed:
        return nothing
    before = [other for other in known.witnessed if other != name]
    slots = np.array([before.index(other) if other in before else -1 for other in others], np.intp)
    return _or_nothing(known.witnessed[name].rows(rows, np.tile(slots, (len(rows), 1))), rows, nothing)


def _or_nothing(carried: Moments, rows: Rows, nothing: Moments) -> Moments:
    return carried._replace(square=np.where((rows >= 0)[:, None], carried.square, nothing.square))


def settled(carried: Carried, thresholds: Thresholds, positions: Floats) -> Carried:
    """Return what is carried for a network whose stations came, left, moved or changed their order.

    A station is the one that was at its position, devices that share one being told apart by their order; it keeps what
    it carries. Another begins as `begin` lets it.

    Args:
        carried: of the stations before.
        thresholds: from `calibrate`, with the properties that are carried.
        positions: float64 (n_stations, 2) of the stations now, longitude and latitude in degrees.

    Raises:
        ValueError: the positions are not so, or a carried property was not calibrated.
    """
    now = places(positions)
    if np.array_equal(now, carried.positions):
        return carried
    fresh = begin(thresholds, now, carried.names.tolist())
    if not len(carried.positions):
        return fresh
    rows = rows_of(carried.positions, now)
    return Carried(
        carried.steps,
        carried.names,
        now,
        fresh.nearest,
        _residual(carried, fresh, rows, mid_block=bool(carried.steps % block_steps(thresholds.step_h))),
        _taken(carried.plume, fresh.plume, rows),
        _taken(carried.bank, fresh.bank, rows),
        _taken(carried.episodes, fresh.episodes, rows),
    )


def _residual(carried: Carried, fresh: Carried, rows: Rows, *, mid_block: bool) -> ResidualPast:
    slots = slots_of(carried.nearest, fresh.nearest, rows)
    ridge = ridge_alone(slots.shape[1]) if mid_block else None
    alone = tuple(
        AlonePast(
            _taken(old.around, new.around, rows),
            moved(old.regression, new.regression, rows, slots, ridge),
            _taken(old.slow, new.slow, rows),
        )
        for old, new in zip(carried.residual.alone, fresh.residual.alone, strict=True)
    )
    others = len(carried.names) - 1
    straight = np.tile(np.arange(others), (len(rows), 1))
    ridge = ridge_witnessed(others) if mid_block else None
    witnessed = tuple(
        WitnessedPast(moved(old.regression, new.regression, rows, straight, ridge), _taken(old.slow, new.slow, rows))
        for old, new in zip(carried.residual.witnessed, fresh.residual.witnessed, strict=True)
    )
    return ResidualPast(alone, witnessed)


def _taken(old: PastT, fresh: PastT, rows: Rows) -> PastT:
    """Return the rows (n,) of `old` (m, ...), those of `fresh` (n, ...) where the row is -1, of every array in them."""
    arrays = dict(leaves(old))
    chosen = {path: _chosen(arrays[path], new, rows) for path, new in leaves(fresh)}
    return rebuilt(fresh, chosen)


def _chosen(old: Array, fresh: Array, rows: Rows) -> Array:
    return np.where((rows >= 0).reshape(-1, *[1] * (fresh.ndim - 1)), old[rows], fresh)
