"""The span of time and the network that is judged, verified."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_HOUR_MS: Final = 3_600_000
# Values of a property that are judged at once: what the method needs of memory in between is some hundred times that.
_AT_ONCE: Final = 2**17


class When(NamedTuple):
    """A step.

    Attributes:
        at: steps since the first that was judged.
        step_h: hours a step.
    """

    at: int
    step_h: float


@dataclass(frozen=True, eq=False)
class Window:
    """Values of a network at evenly spaced times.

    Attributes:
        values: property name to float64 (n_stations, n_steps), NaN where missing.
        positions: float64 (n_stations, 2), longitude and latitude in degrees.
        step_h: hours from a step to the next.
    """

    values: dict[str, Floats]
    positions: Floats
    step_h: float

    @property
    def stations(self) -> int:
        """How many stations there are."""
        return len(self.positions)

    @property
    def steps(self) -> int:
        """How many times there are."""
        return int(next(iter(self.values.values())).shape[1])


def window(values: Mapping[str, Floats], times: NDArray[np.datetime64], positions: Floats) -> Window:
    """Return the verified window; infinite values count as missing.

    Args:
        values: property name to float64 (n_stations, n_steps), NaN where missing.
        times: datetime64[ms] (n_steps,), rising in even steps of at most a day.
        positions: float64 (n_stations, 2), longitude and latitude in degrees.

    Raises:
        ValueError: a shape, a time or a position is not so; the text says which and what to do.
    """
    at = places(positions)
    if not values:
        raise ValueError("values holds no property: give at least one, such as pm2_5")
    arrays = {name: np.asarray(array, np.float64) for name, array in sorted(values.items())}
    for name, array in arrays.items():
        if array.shape != (len(at), len(times)):
            raise ValueError(
                f"values[{name!r}] has shape {array.shape}: positions and times ask for {(len(at), len(times))}"
            )
    kept = {name: np.where(np.isfinite(array), array, np.nan) for name, array in arrays.items()}
    return Window(kept, at, _step_h(times))


def places(positions: Floats) -> Floats:
    """Return verified positions, (n_stations, 2).

    Raises:
        ValueError: they are of another shape, or not finite.
    """
    kept = np.asarray(positions, np.float64)
    if kept.ndim != 2 or kept.shape[1] != 2 or not np.isfinite(kept).all():
        raise ValueError("positions must be finite, of shape (n_stations, 2): a longitude and a latitude each")
    return kept


def _step_h(times: NDArray[np.datetime64]) -> float:
    if len(times) < 2:
        raise ValueError("times has fewer than two steps: give a longer window")
    steps = np.diff(np.asarray(times, "datetime64[ms]").astype(np.int64))
    if steps[0] <= 0 or (steps != steps[0]).any():
        raise ValueError("times must rise in even steps: insert the missing ones, with NaN values")
    if steps[0] > 24 * _HOUR_MS:
        raise ValueError("times are more than a day apart: give minutes or hours")
    return float(steps[0]) / _HOUR_MS


def stretches(stations: int, steps: int, *, first: int = 0, block: int = 1) -> Iterator[slice]:
    """Yield stretches of time that are small enough for memory: the first steps, then whole blocks of steps."""
    if first:
        yield slice(0, first)
    stride = max(_AT_ONCE // max(stations, 1) // block, 1) * block
    for begun in range(first, steps, stride):
        yield slice(begun, min(begun + stride, steps))
