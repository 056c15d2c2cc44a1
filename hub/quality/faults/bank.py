"""The statistics: each says how strongly one kind of fault shows at a step, from that step and earlier ones."""

from typing import Final, NamedTuple

import numpy as np

from hub.quality.faults.background import Places
from hub.quality.faults.cause import Cause
from hub.quality.faults.fading import Singles, before, fading, run_sum, whole, window_max, window_sum
from hub.quality.faults.residual import Residual
from hub.quality.faults.shape import Shape
from hub.quality.faults.window import Bools, Floats

# Memories of the fading means, in hours: of a gain, an offset, a noise.
_GAIN_H: Final = (24.0, 72.0, 200.0, 400.0)
_OFFSET_H: Final = (24.0, 100.0, 300.0)
_NOISE_H: Final = (12.0, 36.0)
# How great these means commonly are at a station's neighbours, and how fast that is forgotten: while a network wanders
# more, as in weeks of stagnant air, one that wanders is nothing special. A neighbour counts up to `_WANDER_REACH`.
_WANDER: Final = np.array([0.22, 0.17, 0.125, 0.095, 0.20, 0.13, 0.087])
_WANDER_H: Final = 240.0
_WANDER_REACH: Final = 0.5
# A residual beyond so many standard deviations moves a mean no further: a plume or a gross error is no drift.
_DRIFT_REACH: Final = 1.3
# Energy that keeps a mean near 0 until there is something to see.
_QUIET: Final = 0.1
_QUIET_NOISE: Final = 0.15
# What a change and the one that takes it back count for noise, at most, in standard deviations.
_NOISE_REACH: Final = 5.0
# A spike counts from so many standard deviations of a jump, and up to so many more, over so long.
_SPIKE_FROM: Final = 3.0
_SPIKE_REACH: Final = 8.0
_SPIKE_H: Final = 72.0
_DROP_REACH: Final = 12.0
# A fall to the bottom of the scale counts from so many standard deviations of a jump: clean air comes slowly.
_FALL_FROM: Final = 1.5
_CLIP_REACH: Final = 3.0
_CLIP_H: Final = 120.0

# The fading means of drifts, in the order of `_WANDER`.
_DRIFTS: Final = (
    *(f"gain {memory_h:.0f}" for memory_h in _GAIN_H),
    *(f"offset {memory_h:.0f}" for memory_h in _OFFSET_H),
)

CAUSES: Final[dict[str, Cause]] = {
    "gain": Cause.DRIFT,
    "offset": Cause.DRIFT,
    "noise": Cause.NOISE,
    "spike": Cause.SPIKE,
    "drop": Cause.DROPOUT,
    "repeat": Cause.STUCK,
    "clip": Cause.STUCK,
}


class ViewPast(NamedTuple):
    """Of one view of a property.

    Attributes:
        gain, offset, noise: (n, memories, 2), what is held of a fading mean and of its energy or count.
        off: (n,), the newest residual.
        jump: (n,), the newest change.
        spikes: (n, k), heights of the newest steps.
    """

    gain: Floats
    offset: Floats
    noise: Floats
    off: Floats
    jump: Floats
    spikes: Singles


class BankPast(NamedTuple):
    """Of one property.

    Attributes:
        views: of each view.
        wander: (n, means), what is held of how far the neighbours wander.
        value: (n,), the newest value.
        drop, repeat: (n,), sums of the runs that last.
        shown: (n, k), newest values, -inf where missing.
        clipped: (n, k), what each of these steps counts as a return to the greatest value.
    """

    views: tuple[ViewPast, ...]
    wander: Floats
    value: Floats
    drop: Floats
    repeat: Floats
    shown: Singles
    clipped: Singles


def bank_start(n: int, views: int, step_h: float) -> BankPast:
    """Return what is carried before the first step."""
    spikes = np.zeros((n, _steps(_SPIKE_H, step_h)), np.float32)
    clipped = np.zeros((n, _steps(_CLIP_H, step_h)), np.float32)
    gain, offset, noise = (np.zeros((n, len(memories), 2)) for memories in (_GAIN_H, _OFFSET_H, _NOISE_H))
    nothing, none = np.full(n, np.nan), np.zeros(n)
    view = ViewPast(gain, offset, noise, nothing, nothing, spikes)
    wander = np.tile(_WANDER * np.exp(-step_h / _WANDER_H), (n, 1))
    return BankPast((view,) * views, wander, nothing, none, none, np.full_like(clipped, -np.inf), clipped)


def statistics(
    value: Floats, residual: Residual, shape: Shape, network: tuple[Places, float], past: BankPast
) -> tuple[dict[str, Floats], BankPast]:
    """Return ((n, t) statistics by name, what is carried on); a name is "kind/what", the kind a key of CAUSES.

    Args:
        value: (n, t) in the property's unit, NaN where missing.
        residual: of the value.
        shape: of the property.
        network: intp (n, k) rows of each station's neighbours, and hours a step.
        past: before the first step.
    """
    nearest, step_h = network
    looks = [_look(residual, shape, row, step_h, view) for row, view in enumerate(past.views)]
    found = {name: statistic for look, _, _ in looks for name, statistic in look.items()}
    calm, wander = _wandering(looks[0][1], nearest, step_h, past.wander)
    for row, (_, means, _) in enumerate(looks):
        for name, mean in zip(_DRIFTS, means / calm, strict=True):
            kind, memory = name.split()
            found[f"{kind}/{row}+{memory}"], found[f"{kind}/{row}-{memory}"] = mean, -mean
    standard = np.nan_to_num(residual.alone / shape.at(residual.level, shape.spread[0]))
    missing = np.isnan(value)
    low = value <= shape.low
    earlier, newest = before(value, past.value)
    change = (residual.alone - before(residual.alone, past.views[0].off)[0]) / shape.at(residual.level, shape.jump[0])
    fall = np.where(earlier <= shape.low, 0.0, np.clip(-np.nan_to_num(change) - _FALL_FROM, 0.0, _DROP_REACH))
    fallen = whole(np.where(low, np.clip(-standard, 0.0, _DROP_REACH) + fall, 0.0))
    found["drop/run"], drop = run_sum(fallen, ~low & ~missing, past.drop)
    same = value == earlier
    # At the bottom of the scale air repeats itself too: that says as much as more is to be expected.
    strange = np.where(low, np.clip(-standard, 0.0, 1.0), 1.0) * shape.surprise(np.nan_to_num(value))
    repeats = whole(np.where(same, strange, 0.0))
    found["repeat/run"], repeat = run_sum(repeats, ~same & ~missing, past.repeat)
    # How often the greatest value of some days came again while more was to be expected.
    greatest, shown = window_max(value, past.shown)
    again = value.astype(np.float32) == greatest
    kept_down = whole(np.where(again, np.clip(-standard, 0.0, _CLIP_REACH), 0.0))
    found["clip/count"], clipped = window_sum(kept_down, past.clipped)
    views = tuple(view for _, _, view in looks)
    return found, BankPast(views, wander, newest, drop, repeat, shown, clipped)


def _look(
    residual: Residual, shape: Shape, row: int, step_h: float, past: ViewPast
) -> tuple[dict[str, Floats], Floats, ViewPast]:
    """Return (statistics of jumps of one view, means (7, n, t) of drifts as `_DRIFTS` names them, what is carried)."""
    off, share = residual.views[row]
    level, spread = residual.level, shape.at(residual.level, shape.spread[row])
    gain = share * shape.gain(level) * shape.gain_unit[row] / spread
    offset = share * shape.offset(level) * shape.offset_unit[row] / spread
    gains, gained = _drifts(off / spread, gain, _GAIN_H, step_h, past.gain)
    offsets, moved = _drifts(off / spread, offset, _OFFSET_H, step_h, past.offset)
    earlier, newest = before(off, past.off)
    jump = (off - earlier) / shape.at(level, shape.jump[row])
    last, jumped = before(jump, past.jump)
    up, down = np.nan_to_num(last), -np.nan_to_num(jump)
    there_and_back = np.minimum(up, down)
    back_and_forth = np.maximum(there_and_back, np.minimum(-up, -down))
    noises, noise = _noises(back_and_forth, ~np.isnan(jump), step_h, past.noise)
    found = {f"noise/{row}:{memory_h:.0f}": mean for memory_h, mean in zip(_NOISE_H, noises, strict=True)}
    height = whole(np.clip(there_and_back - _SPIKE_FROM, 0.0, _SPIKE_REACH))
    found[f"spike/{row}"], spikes = window_sum(height, past.spikes)
    return found, np.stack([*gains, *offsets]), ViewPast(gained, moved, noise, newest, jumped, spikes)


def _drifts(
    off: Floats, weight: Floats, memories_h: tuple[float, ...], step_h: float, past: Floats
) -> tuple[list[Floats], Floats]:
    """Return (fading means of a residual in standard deviations, in units of their own noise; carried)."""
    there = ~np.isnan(off)
    heard = np.where(there, weight, 0.0)
    pull = heard * np.clip(np.where(there, off, 0.0), -_DRIFT_REACH, _DRIFT_REACH)
    both, found, carried = np.stack([pull, heard**2]), [], np.empty_like(past)
    for at, memory_h in enumerate(memories_h):
        (top, energy), left = fading(both, memory_h / step_h, past[:, at].T)
        found.append(top / np.sqrt(energy + _QUIET))
        carried[:, at] = left.T
    return found, carried


def _wandering(means: Floats, nearest: Places, step_h: float, past: Floats) -> tuple[Floats, Floats]:
    """Return (what to divide means (7, n, t) by, above 1 while the neighbours wander more than usual; carried)."""
    size, around = np.minimum(np.abs(means), _WANDER_REACH), np.zeros_like(means)
    for neighbour in nearest.T:  # one by one, so that sums are the same however time is cut
        around += size[:, neighbour]
    lately, left = fading(around / max(nearest.shape[1], 1), _WANDER_H / step_h, past.T)
    more = np.maximum(lately / _WANDER[:, None, None], 1.0)
    return np.sqrt((1.0 + more**2) / 2.0), left.T


def _noises(turn: Floats, there: Bools, step_h: float, past: Floats) -> tuple[list[Floats], Floats]:
    """Return (fading mean sizes of a change that is taken back, 0 where it is none, over what is there; carried)."""
    both = np.stack([np.where(there, np.clip(turn, 0.0, _NOISE_REACH), 0.0), there])
    found, carried = [], np.empty_like(past)
    for at, memory_h in enumerate(_NOISE_H):
        (size, seen), left = fading(both, memory_h / step_h, past[:, at].T)
        found.append(size / (seen + _QUIET_NOISE))
        carried[:, at] = left.T
    return found, carried


def _steps(memory_h: float, step_h: float) -> int:
    return max(round(memory_h / step_h), 1)
