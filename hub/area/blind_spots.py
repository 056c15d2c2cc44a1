"""What would be missed: by cell of a grid, the smallest source that would be seen now with a stated probability.

A source is put at many places of the cell, each under a wind of its own that the measured one allows, in air that mixes
in one of several ways. For each the strength is sought that brings one of the eyes - a station that works, a vehicle
that passed a while ago - to the excess that its rules need; the stated share of them lies below the cell's figure. All
cells at once, in blocks.
"""

import math
from collections.abc import Iterator
from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from hub.area.plume import DEPTH_M, SPREADS, Points, Sources, reached
from hub.area.possible import deviation_rad, even

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# A source that would be seen with this probability counts as seen; a stronger one than this is none that a zone has.
PROBABILITY: Final = 0.8
STRONGEST_G_S: Final = 50.0
# How many sources stand for a cell, and how wide they are, metres. As with any sample, the k-th of n lies above
# k/(n + 1) of all that could be drawn, not k/n.
DRAWN: Final = 64
RADIUS_M: Final = (30.0, 120.0)
# Eyes farther from a cell see nothing of it: within this a source would have to be stronger than any.
REACH_M: Final = 4_000.0
# What a vehicle did not meet may have begun since: a pass is worth exp(-age / this).
FORGOTTEN_MIN: Final = 60.0
# The air is never quite still.
SLOWEST_M_S: Final = 0.5
# What another eye would have to do to the figure to be why it is so high.
_HALF: Final = 0.5
_BLOCK: Final = 2_000_000


class Reason(IntEnum):
    """Why no smaller source would be seen."""

    DISTANCE = 0
    NO_STATION = 1
    CALM = 2
    SILENT = 3
    DOUBTED = 4
    OLD_PASS = 5
    ALONE = 6


class Cells(NamedTuple):
    """The ground, c squares of one size; the wind there in m/s, pointing upwind, NaN when unknown."""

    east_m: Floats
    north_m: Floats
    upwind_east: Floats
    upwind_north: Floats
    side_m: float


class Eyes(NamedTuple):
    """What could see, k of them: stations, and places where vehicles were.

    Attributes:
        east_m, north_m: float64[k].
        upwind_east, upwind_north: float64[k], the wind there in m/s.
        needed: float64[k], the excess that is noticed, ug/m3.
        worth: float64[k]: 1 for a station, less for a pass, 0 for a station that does not see now.
        why_not: int64[k], where it is 0 `Reason.SILENT`, `Reason.DOUBTED`, or `Reason.ALONE`: without a background.
    """

    east_m: Floats
    north_m: Floats
    upwind_east: Floats
    upwind_north: Floats
    needed: Floats
    worth: Floats
    why_not: Ints

    def chosen(self, which: NDArray[np.intp]) -> "Eyes":
        """Return some of them."""
        place = self.east_m[which], self.north_m[which], self.upwind_east[which], self.upwind_north[which]
        return Eyes(*place, self.needed[which], self.worth[which], self.why_not[which])


class Required(NamedTuple):
    """For c cells and s possible sources in each: the strength in g/s at which it is seen, infinite for never.

    Attributes:
        fixed: float64[c, s], by stations that see.
        passed: float64[c, s], by the pass that would have needed least; `worth`: of that pass.
        lost: float64[c, s], by stations that do not see now.
        loser: int64[c], the eye that would need least of these, -1 for none.
    """

    fixed: Floats
    passed: Floats
    worth: Floats
    lost: Floats
    loser: Ints


class BlindSpots(NamedTuple):
    """What is said of c cells.

    Attributes:
        strength: float64[c], g/s, infinite where nothing would be seen.
        reason: int64[c], `Reason`.
        eye: int64[c], the eye that the reason is about, -1 for none.
    """

    strength: Floats
    reason: Ints
    eye: Ints


def blind_spots(cells: Cells, eyes: Eyes, probability: float = PROBABILITY) -> BlindSpots:
    """Return by cell the smallest source that would be seen with a probability, and why no smaller one would."""
    parts = [_told(part, eyes, required(part, eyes), probability) for part in _blocks(cells, len(eyes.needed))]
    if not parts:
        nothing = np.zeros(0, np.int64)
        return BlindSpots(np.zeros(0), nothing, nothing)
    return BlindSpots(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def required(cells: Cells, eyes: Eyes) -> Required:
    """Return what each of the possible sources of each cell would have to emit to be seen."""
    c = len(cells.east_m)
    speed = np.hypot(cells.upwind_east, cells.upwind_north)
    sources = _sources(cells, speed)
    near = _near(cells, eyes)
    at = eyes.chosen(near)
    share = reached(sources, _points(at))
    # Over the patch a source of 1 g/s makes 1e6 / (pi u radius depth) ug/m3: a Gaussian plume from the ground.
    moving = np.maximum(np.nan_to_num(speed), SLOWEST_M_S)
    over = 1e6 / (math.pi * np.repeat(moving, DRAWN) * sources.radius_m * DEPTH_M)
    with np.errstate(divide="ignore", over="ignore"):
        strength = (at.needed / (share * over[:, None])).reshape(c, DRAWN, len(near))
    strength = np.where(strength <= STRONGEST_G_S, strength, np.inf)
    passing = np.where((at.worth > 0) & (at.worth < 1), strength, np.inf)
    losing = np.where(at.worth == 0, strength, np.inf)
    best = passing.argmin(axis=2) if len(near) else np.zeros((c, DRAWN), np.intp)
    nobody = not len(near) or not np.isfinite(losing).any()
    return Required(
        np.where(at.worth == 1, strength, np.inf).min(axis=2, initial=np.inf),
        passing.min(axis=2, initial=np.inf),
        at.worth[best] if len(near) else np.zeros((c, DRAWN)),
        losing.min(axis=2, initial=np.inf),
        np.full(c, -1) if nobody else _loser(losing, near),
    )


def worth_of(age_min: Floats) -> Floats:
    """Return what passes of this age are worth, below 1."""
    return np.asarray(np.exp(-np.maximum(age_min, 0.1) / FORGOTTEN_MIN))


def beside(strength: Floats, speed_m_s: Floats, away_m: float) -> Floats:
    """Return what sources of these strengths, in g/s, add so many metres downwind, in ug/m3."""
    widens, deepens = np.mean(SPREADS, axis=0).tolist()
    width, depth = math.sqrt(RADIUS_M[0] * RADIUS_M[1]) + widens * away_m, DEPTH_M + deepens * away_m
    return np.asarray(1e6 * strength / (math.pi * np.maximum(speed_m_s, SLOWEST_M_S) * width * depth))


def probability_of(found: Required, strength: Floats) -> Floats:
    """Return float64[c]: the probability that a source of these strengths, one for each cell, would be seen."""
    by_station = found.fixed <= strength[:, None]
    by_pass = found.passed <= strength[:, None]
    return np.asarray(np.where(by_station, 1.0, by_pass * found.worth).sum(axis=1) / (DRAWN + 1))


def strength_of(found: Required, probability: float) -> Floats:
    """Return float64[c]: the smallest strength that would be seen with a probability, infinite for none."""
    # Whoever is seen by a station counts whole; who is seen by a pass only, as much as the pass is worth.
    least = np.minimum(found.fixed, found.passed)
    value = np.concatenate([least, found.fixed], axis=1)
    early = np.where(found.passed < found.fixed, found.worth, 1.0)
    weight = np.concatenate([early, 1.0 - early], axis=1) / (DRAWN + 1)
    order = np.argsort(value, axis=1, kind="stable")
    reached_share = np.cumsum(np.take_along_axis(weight, order, axis=1), axis=1)
    at = np.count_nonzero(reached_share < probability - 1e-9, axis=1)
    whole = at < value.shape[1]
    chosen = np.take_along_axis(value, np.take_along_axis(order, np.minimum(at, order.shape[1] - 1)[:, None], 1), 1)
    return np.asarray(np.where(whole, chosen[:, 0], np.inf))


def _told(cells: Cells, eyes: Eyes, found: Required, probability: float) -> BlindSpots:
    now = strength_of(found, probability)
    healthy = strength_of(found._replace(fixed=np.minimum(found.fixed, found.lost)), probability)
    fresh = strength_of(found._replace(worth=np.ones_like(found.worth)), probability)
    speed = np.hypot(cells.upwind_east, cells.upwind_north)
    calm = np.array([math.isinf(deviation_rad(one)) for one in speed.tolist()], np.bool_)
    ill = healthy <= _HALF * now
    ill &= np.isfinite(healthy) & (found.loser >= 0)
    old = (fresh <= _HALF * now) & np.isfinite(fresh)
    reason = np.where(np.isinf(now), Reason.NO_STATION, Reason.DISTANCE)
    reason = np.where(old, Reason.OLD_PASS, reason)
    reason = np.where(calm, Reason.CALM, reason)
    reason = np.where(ill, eyes.why_not[found.loser] if len(eyes.why_not) else reason, reason)
    return BlindSpots(now, reason.astype(np.int64), np.where(ill, found.loser, -1))


def _blocks(cells: Cells, eyes: int) -> Iterator[Cells]:
    """Yield parts of the cells, in their order, small enough to be judged at once."""
    count = max(_BLOCK // (DRAWN * max(eyes, 1)), 1)
    for first in range(0, len(cells.east_m), count):
        east, north, *wind = (column[first : first + count] for column in cells[:4])
        yield Cells(east, north, wind[0], wind[1], cells.side_m)


def _near(cells: Cells, eyes: Eyes) -> NDArray[np.intp]:
    """Return the eyes within REACH_M of the block."""
    inside = (eyes.east_m >= cells.east_m.min() - REACH_M) & (eyes.east_m <= cells.east_m.max() + REACH_M)
    inside &= (eyes.north_m >= cells.north_m.min() - REACH_M) & (eyes.north_m <= cells.north_m.max() + REACH_M)
    return np.flatnonzero(inside)


def _points(eyes: Eyes) -> Points:
    speed = np.maximum(np.hypot(eyes.upwind_east, eyes.upwind_north), 1e-9)
    # Without wind it is drawn from anywhere: any direction will do to be turned from.
    east = np.where(np.isfinite(speed), eyes.upwind_east / speed, 0.0)
    return Points(eyes.east_m, eyes.north_m, east, np.where(np.isfinite(speed), eyes.upwind_north / speed, 1.0))


def _sources(cells: Cells, speed: Floats) -> Sources:
    """Return DRAWN possible sources in each cell, one cell after the other."""
    chance, c = even(DRAWN), len(cells.east_m)
    deviation = np.array([deviation_rad(one) for one in speed.tolist()])[:, None]
    turn = np.where(
        np.isinf(deviation),
        math.tau * chance[:, 3],
        np.where(np.isinf(deviation), 0.0, deviation) * ndtri(chance[:, 3]),
    )
    small, large = RADIUS_M
    spread = np.array(SPREADS)[(chance[:, 5] * len(SPREADS)).astype(np.intp)]
    return Sources(
        (cells.east_m[:, None] + cells.side_m * (chance[:, 0] - 0.5)).ravel(),
        (cells.north_m[:, None] + cells.side_m * (chance[:, 1] - 0.5)).ravel(),
        turn.ravel(),
        np.tile(small * (large / small) ** chance[:, 4], c),
        np.tile(spread[:, 0], c),
        np.tile(spread[:, 1], c),
    )


def _loser(losing: Floats, near: NDArray[np.intp]) -> Ints:
    """Return int64[c]: the eye that would see most of a cell's sources first, if it saw; -1 where none would."""
    seen = np.isfinite(losing)
    first = (losing == losing.min(axis=2, keepdims=True)) & seen
    count = first.sum(axis=1)
    return np.where(count.any(axis=1), near[count.argmax(axis=1)], -1)
