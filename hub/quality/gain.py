"""A device that reads a constant share too high or too low against its neighbours."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.quality.check import Flags, Floats, Ints, Parameter, Series, verified
from wire.reading import Flag

_GOOD, _UNKNOWN, _SUSPECT, _MISSING = (np.uint8(flag) for flag in (Flag.GOOD, Flag.UNKNOWN, Flag.SUSPECT, Flag.MISSING))


class GainState(NamedTuple):
    """Fading sums of each stream over the values that could be compared.

    Attributes:
        compared: int64[n], how many there were.
        value, background: float64[n], sums: their ratio is the gain.
        ratio, square: float64[n], fading mean of log(value / background), and of its square, in half the time.
        since_ms: int64[n], time from which the gain is outside the tolerance, 0 while it is inside.
        flagged: bool[n].
    """

    compared: Ints
    value: Floats
    background: Floats
    ratio: Floats
    square: Floats
    since_ms: Ints
    flagged: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Gain:
    """SUSPECT while the ratio of a stream's sum to its neighbours' is off by more than a factor, and steadily so.

    A fault multiplies: the ratio stays. A plume comes and goes with the wind: the ratio scatters, or leaves the band
    that is compared.

    Attributes:
        factor: above 1; flagged outside [1 / factor, factor].
        release: above 1, not above factor; cleared inside [1 / release, release].
        band: above factor; a value outside [1 / band, band] times the background is not compared: that is no gain.
        scatter: standard deviation of the logarithm of the ratio up to which it counts as steady.
        floor: least background that is compared, in the property's unit; NaN where nothing is judged.
        memory: values after which an old one counts 1/e.
        enough: comparable values before anything is said.
    """

    floor: Parameter
    factor: Parameter = 1.25
    release: Parameter = 1.15
    band: Parameter = 2.0
    scatter: Parameter = 0.15
    memory: Parameter = 60
    enough: Parameter = 45

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: a parameter is outside what its description says.
        """
        release, factor, band = (np.asarray(bound) for bound in (self.release, self.factor, self.band))
        verified(ok=bool(np.all(release > 1) and np.all(factor >= release)), reason="1 < release <= factor is needed")
        verified(ok=bool(np.all(band > factor)), reason="band must be above factor")
        verified(ok=not np.any(np.asarray(self.floor) < 0), reason="floor must not be negative")
        verified(ok=bool(np.all(np.asarray(self.memory) >= 1)), reason="memory is a count from 1")

    def start(self, n: int) -> GainState:
        """Return the state of n streams before their first value."""
        zero, count = np.zeros(n), np.zeros(n, np.int64)
        return GainState(count, zero, zero, zero, zero, count, np.zeros(n, np.bool_))

    def __call__(self, series: Series, state: GainState) -> tuple[Flags, GainState]:
        """Return (uint8[n, k] flags, the state after the last time); see `Check`."""
        flags = np.empty(series.value.shape, np.uint8)
        for k in range(series.value.shape[1]):
            value = series.value[:, k]
            state = self._step(state, series.time_ms[:, k], value, series.background[:, k])
            flags[:, k] = np.where(np.isnan(value), _MISSING, self._verdict(state))
        return flags, state

    def _verdict(self, state: GainState) -> Flags:
        known = (state.compared >= self.enough) & ~np.isnan(self.floor)
        return np.where(state.flagged, _SUSPECT, np.where(known, _GOOD, _UNKNOWN))

    def _step(self, state: GainState, time_ms: Ints, value: Floats, background: Floats) -> GainState:
        comparable = (background >= self.floor) & (value <= self.band * background) & (value * self.band >= background)
        comparable &= (background > 0) & (value > 0)
        if not comparable.any():
            return state
        # All streams at once cost less than picking nearly all of them; what has a share of 0 stays as it is.
        value, background = np.where(comparable, value, 1.0), np.where(comparable, background, 1.0)
        after = self._compared(state, comparable, value, background)
        return self._judged(after, comparable, time_ms)

    def _compared(
        self, state: GainState, comparable: NDArray[np.bool_], value: Floats, background: Floats
    ) -> GainState:
        """Return the sums after a value of the streams that could be compared."""
        log, compared = np.log(value / background), state.compared + comparable
        # Few values weigh evenly, many fade: the mean never hangs on the first value.
        fading = _Fading(comparable / np.clip(compared, 1, self.memory))
        # Whether it is steady shows in half the time, or the step at a fault's beginning would count as unsteady.
        sooner = _Fading(comparable / np.clip(compared, 1, np.maximum(np.asarray(self.memory) / 2, 1)))
        return GainState(
            compared,
            fading(state.value, value),
            fading(state.background, background),
            sooner(state.ratio, log),
            sooner(state.square, log * log),
            state.since_ms,
            state.flagged,
        )

    def _judged(self, state: GainState, comparable: NDArray[np.bool_], time_ms: Ints) -> GainState:
        gain = np.divide(state.value, state.background, out=np.ones(len(time_ms)), where=comparable)
        off = np.maximum(gain, 1 / np.maximum(gain, 1e-9))
        steady = state.square - state.ratio**2 <= np.square(self.scatter)
        outside = comparable & (off > self.factor) & steady & (state.compared >= self.enough)
        if not (outside.any() or state.flagged.any()):
            return state  # the quiet minute that most are
        flagged = (state.flagged | outside) & ~(comparable & (off <= self.release))
        since_ms = np.where(flagged & ~state.flagged, time_ms, np.where(flagged, state.since_ms, 0))
        return state._replace(flagged=flagged, since_ms=since_ms)


class _Fading(NamedTuple):
    share: Floats

    def __call__(self, mean: Floats, value: Floats) -> Floats:
        return (1 - self.share) * mean + self.share * value
