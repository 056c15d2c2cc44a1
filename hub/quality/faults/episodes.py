"""Scores become episodes: when a fault is announced, under which name, and for how long it lasts."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.quality.faults.cause import Cause
from hub.quality.faults.fading import newest
from hub.quality.faults.window import Bools, Floats, When

Rows = NDArray[np.int8]
Causes = NDArray[np.uint8]

# What competes for a budget, in the order of `Verdict.kind`, and what each is called.
KINDS: Final = ("drift", "drop", "noise", "spike", "repeat", "clip")
KIND_CAUSES: Final = np.array(
    [Cause.DRIFT, Cause.DROPOUT, Cause.NOISE, Cause.SPIKE, Cause.STUCK, Cause.STUCK], np.uint8
)
# From an alarm of a device to its next of the same cause, as its ticket is open, and of any.
HOLD_H: Final = 240.0
REFRACTORY_H: Final = 24.0
# A score has to fall this far below the limit before the same kind is announced again.
RELEASE: Final = 0.5
_ABOVE, _BELOW = 1, -1


class EpisodePast(NamedTuple):
    """Of one property.

    Attributes:
        side: int8 (n, n_kinds), 1 where the score was above the limit last, -1 where well below, 0 before the first.
        ticket: (n, n_causes), step of the newest alarm of each cause, -inf where there is none.
        since: (n, n_kinds), step at which a fault that lasts began or came back, -inf where there is none.
    """

    side: Rows
    ticket: Floats
    since: Floats


class Episodes(NamedTuple):
    """Of one property: uint8 (n, t) of `Cause` of the alarm at a step, and of the fault that lasts.

    A fault lasts from its alarm until its score is released. One that comes back while its ticket is open is not
    announced again, but lasts again.
    """

    cause: Causes
    standing: Causes


class Onsets(NamedTuple):
    """Of one property, (n, t).

    Attributes:
        kind: int8, what begins or comes back at a step, -1 where nothing does.
        alarm: bool, where it is announced.
    """

    kind: Rows
    alarm: Bools


def no_episode(n: int) -> EpisodePast:
    """Return what is carried before the first step."""
    never = np.full((n, len(Cause)), -np.inf)
    return EpisodePast(np.zeros((n, len(KINDS)), np.int8), never, never[:, : len(KINDS)])


def episodes(scores: Floats, limit: float, when: When, past: EpisodePast) -> tuple[Episodes, EpisodePast]:
    """Return (the episodes, what is carried on).

    Args:
        scores: (n_kinds, n, t).
        limit: of the scores.
        when: the first step.
        past: before it.
    """
    begun, carried = onsets(scores, limit, when, past)
    causes = np.where(begun.alarm, KIND_CAUSES[begun.kind], np.uint8(Cause.NONE))
    standing, since = np.zeros_like(causes), past.since.copy()
    lasting = np.flatnonzero((begun.kind >= 0).any(axis=1) | (since > -np.inf).any(axis=1))
    if lasting.size:
        sides, _ = _sides(scores[:, lasting], limit, past.side[lasting])
        standing[lasting], since[lasting] = _standing(begun.kind[lasting], sides[:, :, 1:], when, since[lasting])
    return Episodes(causes, standing), carried._replace(since=since)


def onsets(scores: Floats, limit: float, when: When, past: EpisodePast) -> tuple[Onsets, EpisodePast]:
    """Return (what begins, sides and tickets carried on), with the arguments of `episodes`."""
    sides, side = _sides(scores, limit, past.side)
    crossed = (sides[:, :, 1:] == _ABOVE) & (sides[:, :, :-1] == _BELOW)
    kinds, alarm = np.full(scores.shape[1:], -1, np.int8), np.zeros(scores.shape[1:], np.bool_)
    rows, steps = np.nonzero(crossed.any(axis=0))
    highest = np.where(crossed[:, rows, steps], scores[:, rows, steps], -np.inf).argmax(axis=0)
    fresh, held, ticket = admitted(rows, when.at + steps, KIND_CAUSES[highest], when.step_h, past.ticket)
    kinds[rows, steps] = np.where(held | fresh, highest, -1)
    alarm[rows, steps] = fresh
    return Onsets(kinds, alarm), EpisodePast(side, ticket, past.since)


def admitted(
    rows: NDArray[np.intp], steps: NDArray[np.intp], causes: Causes, step_h: float, ticket: Floats
) -> tuple[Bools, Bools, Floats]:
    """Return (which crossings (m,) are announced, which fall into an open ticket of their cause, the tickets then).

    Args:
        rows: intp (m,), of the devices, in their order and in that of steps.
        steps: intp (m,), at most one crossing of a device a step.
        causes: uint8 (m,) of `Cause`.
        step_h: hours a step.
        ticket: of `EpisodePast`, before the first step.
    """
    fresh, held, ticket = np.zeros(len(rows), np.bool_), np.zeros(len(rows), np.bool_), ticket.copy()
    rank = np.arange(len(rows)) - np.searchsorted(rows, rows)
    # The first crossing of every device, then the second of those that have one, and so on.
    for at in np.split(np.argsort(rank, kind="stable"), np.cumsum(np.bincount(rank))[:-1]):
        row, cause, step = rows[at], causes[at], steps[at]
        held[at] = (step - ticket[row, cause]) * step_h < HOLD_H
        fresh[at] = ~held[at] & ((step - ticket[row].max(axis=1)) * step_h >= REFRACTORY_H)
        ticket[row, cause] = np.where(fresh[at], step, ticket[row, cause])
    return fresh, held, ticket


def _sides(scores: Floats, limit: float, past: Rows) -> tuple[Rows, Rows]:
    """Return (int8 (n_kinds, n, 1 + t), the newest side at each step after the one before; the last, as carried)."""
    shape = scores.shape
    sign = np.where(scores > limit, _ABOVE, np.where(scores < limit - RELEASE, _BELOW, 0)).astype(np.int8)
    first = past.T.reshape(-1)
    sign = sign.reshape(-1, shape[2])
    # A device that begins between the two has not crossed anything.
    sign[:, 0] = np.where((sign[:, 0] == 0) & (first == 0), _BELOW, sign[:, 0])
    sides = newest(sign, first, sign == 0).reshape(shape[0], shape[1], 1 + shape[2])
    return sides, sides[:, :, -1].T.copy()


def _standing(kinds: Rows, sides: Rows, when: When, since: Floats) -> tuple[Causes, Floats]:
    """Return (cause of the fault that lasts (n, t), since which step each kind does (n, n_kinds))."""
    n, steps = kinds.shape
    marks = np.where(sides == _BELOW, -np.inf, np.nan)
    begun: Bools = kinds >= 0
    row, step = np.nonzero(begun)
    marks[kinds[begun], row, step] = when.at + step
    marks = marks.reshape(-1, steps)
    lasts = newest(marks, since.T.reshape(-1), np.isnan(marks))[:, 1:].reshape(len(KINDS), n, steps)
    newest_kind = lasts.argmax(axis=0)
    causes = np.where(lasts.max(axis=0) > -np.inf, KIND_CAUSES[newest_kind], np.uint8(Cause.NONE))
    return causes, lasts[:, :, -1].T.copy()
