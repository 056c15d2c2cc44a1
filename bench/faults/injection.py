"""Faults to order: what a device would have written down had it been broken from a step on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hub.quality import Cause

Floats = NDArray[np.float64]

DAY: Final = 24


@dataclass(frozen=True)
class Injected:
    """A series with a fault in it.

    Attributes:
        value: (t,) of the property, whole numbers of at least 2 from the onset on, gaps kept.
        pm10: (t,) of PM10 where the cause is in the air, else None.
        horizon: hours from the onset in which finding it counts.
    """

    value: Floats
    pm10: Floats | None
    horizon: int


Fault = Callable[[Floats, int, np.random.Generator], tuple[Floats, int]]


def gain_drift(daily: float, horizon: int) -> Fault:
    """Return a gain that creeps by a share a day, up or down, to 30 %."""

    def fault(value: Floats, onset: int, chance: np.random.Generator) -> tuple[Floats, int]:
        days = np.maximum(np.arange(len(value)) - onset, 0) / DAY
        return value * (1 + _sign(chance) * np.minimum(daily * days, 0.3)), horizon

    return fault


def offset_drift(value: Floats, onset: int, chance: np.random.Generator) -> tuple[Floats, int]:
    """Return an offset that creeps by 1 a day."""
    return value + _sign(chance) * np.maximum(np.arange(len(value)) - onset, 0) / DAY, 45 * DAY


def gain_step(value: Floats, onset: int, chance: np.random.Generator) -> tuple[Floats, int]:
    """Return a gain that is off by 30 % at once."""
    return np.where(_from(value, onset), value * (1 + 0.3 * _sign(chance)), value), 14 * DAY


def offset_step(value: Floats, onset: int, chance: np.random.Generator) -> tuple[Floats, int]:
    """Return an offset of 20 at once."""
    return np.where(_from(value, onset), value + 20 * _sign(chance), value), 14 * DAY


def stuck(value: Floats, onset: int, chance: np.random.Generator) -> tuple[Floats, int]:
    """Return a value that stays for one to three days."""
    hours = int(chance.integers(DAY, 3 * DAY + 1))
    held = value[: onset + 1][~np.isnan(value[: onset + 1])][-1]
    return np.where(_from(value, onset, hours), held, value), hours


def spikes(value: Floats, onset: int, chance: np.random.Generator) -> tuple[Floats, int]:
    """Return six single hours in three days that are 60 to 300 too high."""
    spiked = value.copy()
    spiked[onset + chance.choice(3 * DAY, 6, replace=False)] += chance.uniform(60, 300, 6)
    return spiked, 3 * DAY


def noise(value: Floats, onset: int, chance: np.random.Generator) -> tuple[Floats, int]:
    """Return a week with a standard deviation of 30 on top."""
    return np.where(_from(value, onset, 7 * DAY), value + chance.normal(0, 30, len(value)), value), 7 * DAY


def drop_out(value: Floats, onset: int, chance: np.random.Generator) -> tuple[Floats, int]:
    """Return 6 to 24 hours of 2 and 3."""
    hours = int(chance.integers(6, DAY + 1))
    return np.where(_from(value, onset, hours), chance.integers(2, 4, len(value)), value), hours


def clipping(value: Floats, onset: int, chance: np.random.Generator) -> tuple[Floats, int]:  # noqa: ARG001
    """Return a fortnight in which nothing above the series' 70th percentile is shown."""
    cap = np.nanquantile(value[:onset], 0.7)
    return np.where(_from(value, onset, 14 * DAY), np.minimum(value, cap), value), 14 * DAY


def plume(value: Floats, onset: int, chance: np.random.Generator) -> tuple[Floats, int]:
    """Return 4 to 12 hours of 60 to 300 more: a dome for one half of the trials, a block for the other."""
    hours = int(chance.integers(4, 13))
    phase = (np.arange(len(value)) - onset + 0.5) / hours
    form = np.sin(np.pi * phase) if chance.random() < 0.5 else np.ones(len(value))
    return np.where(_from(value, onset, hours), value + chance.uniform(60, 300) * form, value), hours


FAULTS: Final[dict[str, tuple[Fault, Cause | None]]] = {
    "drift 1 %/d": (gain_drift(0.01, 45 * DAY), Cause.DRIFT),
    "drift 3 %/d": (gain_drift(0.03, 30 * DAY), Cause.DRIFT),
    "offset drift": (offset_drift, Cause.DRIFT),
    "gain ±30 %": (gain_step, Cause.DRIFT),
    "offset ±20": (offset_step, Cause.DRIFT),
    "stuck": (stuck, Cause.STUCK),
    "spikes": (spikes, Cause.SPIKE),
    "noise": (noise, Cause.NOISE),
    "drop-out": (drop_out, Cause.DROPOUT),
    "clipping": (clipping, None),
}
PLUME: Final = "plume"


def inject(kind: str, value: Floats, pm10: Floats | None, onset: int, chance: np.random.Generator) -> Injected:
    """Return a series (t,) with a fault, or with a plume that PM10 sees 1.05 to 1.4 times as strong."""
    fault = plume if kind == PLUME else FAULTS[kind][0]
    changed, horizon = fault(value, onset, chance)
    if kind != PLUME or pm10 is None:
        return Injected(_written(changed, value, onset), None, horizon)
    seen = pm10 + (changed - value) * chance.uniform(1.05, 1.4)
    return Injected(
        _written(changed, value, onset), _written(np.where(np.isnan(seen), pm10, seen), pm10, onset), horizon
    )


def _written(changed: Floats, value: Floats, onset: int) -> Floats:
    whole = np.maximum(np.round(changed), 2.0)
    return np.where(np.isnan(value), np.nan, np.where(_from(value, onset), whole, value))


def _from(value: Floats, onset: int, hours: int | None = None) -> NDArray[np.bool_]:
    since = np.arange(len(value)) - onset
    return (since >= 0) & (since < (len(value) if hours is None else hours))


def _sign(chance: np.random.Generator) -> int:
    return int(chance.choice([-1, 1]))
