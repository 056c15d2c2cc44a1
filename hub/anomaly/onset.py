"""A source that begins: a station rises against its region as it does not do otherwise, however clean the air is."""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.anomaly.detector import Levels, Series
from hub.anomaly.hysteresis import Floats, Ints, Parameter, Patience, Runs, stepped

# The excess must fall to this share of what it had to pass before the level is left.
RELEASE: Final = 0.5
# Robust against what it looks for: a value farther out counts as if it lay here, in standard deviations.
_FAR_SCORE: Final = 4.0
_FAR_USUAL: Final = 2.0
_FAR_SPREAD: Final = 2.5
# Standard deviation over mean absolute deviation of a normal distribution whose values are cut to _FAR_SPREAD.
_DEVIATION: Final = 1.2605
# Within so many values of five minutes the sum must pass, so that with those that must follow it is half an hour.
SOON: Final = 4
# Two in a row of the three values that are left must pass by themselves: so many standard deviations above the
# threshold each does with 0.7, and two in a row of three with 0.7 ** 2 * (2 - 0.7) = 0.64; at the threshold with 0.375.
_BY_ITSELF: Final = 0.52
# Before the first value: a ratio of one, known to a third, worth as much as so many values.
_PRIOR, _PRIOR_SPREAD = 8, 0.3


class OnsetState(NamedTuple):
    """What is remembered of each stream.

    Attributes:
        runs: of the level.
        seen: int64[n], values that could be compared.
        usual: float64[n], fading mean of the logarithm of (value + floor) / (background + floor).
        spread: float64[n], its standard deviation, from the fading mean of absolute deviations.
        score: float64[n], cumulative sum of what goes beyond `allowance` standard deviations, not below zero.
    """

    runs: Runs
    seen: Ints
    usual: Floats
    spread: Floats
    score: Floats

    @property
    def active(self) -> NDArray[np.bool_]:
        """Whether the level is entered."""
        return self.runs.active

    @property
    def since_ms(self) -> Ints:
        """Time of the first value of the run, 0 without one."""
        return self.runs.since_ms


@dataclass(frozen=True, eq=False)
class Onset:
    """Enters when the cumulative sum passes `score` and the excess over what is usual there passes its threshold.

    A one-sided CUSUM (Page 1954) of the logarithm of value over background, in the station's own standard deviations:
    a device that reads high, or a street that is dirtier than its region every day, is usual there.

    Attributes:
        absolute: least excess over what is usual, in the property's unit, above zero; also the floor that is added to
            value and background, so that a ratio of small values says little. NaN where nothing is judged.
        relative: least excess as a share of what is usual, not negative.
        score: standard deviations that the sum must pass.
        enter, leave: values in a row.
        allowance: standard deviations of each value that the sum forgives.
        least: smallest standard deviation of the logarithm: no device is better than that.
        memory: values after which an old one counts 1/e.
        enough: values before anything is said.
    """

    absolute: Parameter
    relative: Parameter = 0.0
    score: Parameter = 6.0
    enter: Parameter = 1
    leave: Parameter = 1
    allowance: Parameter = 1.0
    least: Parameter = 0.05
    memory: Parameter = 288
    enough: Parameter = 36

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: a parameter is outside what its description says.
        """
        if np.any(np.asarray(self.absolute) <= 0) or np.any(np.asarray(self.relative) < 0):
            raise ValueError("absolute must be above zero, relative not negative")
        if np.any(np.asarray(self.enter) < 1) or np.any(np.asarray(self.leave) < 1):
            raise ValueError("enter and leave are counts from 1")
        if np.any(np.asarray(self.score) <= 0) or np.any(np.asarray(self.least) <= 0):
            raise ValueError("score and least must be above zero")

    def start(self, n: int) -> OnsetState:
        """Return the state of n streams before their first value."""
        zero = np.zeros(n)
        return OnsetState(Runs.start(n), np.zeros(n, np.int64), zero, np.full(n, _PRIOR_SPREAD), zero)

    def __call__(self, series: Series, state: OnsetState) -> tuple[Levels, OnsetState]:
        """Return (bool[n, k] whether the level is entered, the state after the last time); see `Detector`."""
        levels = np.zeros(series.value.shape, np.bool_)
        for k in range(series.value.shape[1]):
            state = self._stepped(series.time_ms[:, k], series.value[:, k], series.background[:, k], state)
            levels[:, k] = state.active
        return levels, state

    def _stepped(self, time_ms: Ints, value: Floats, background: Floats, state: OnsetState) -> OnsetState:
        off = np.log((np.maximum(value, 0.0) + self.absolute) / (np.maximum(background, 0.0) + self.absolute))
        off -= state.usual
        compared = ~np.isnan(off)
        if not compared.any():
            return state
        off[~compared] = 0.0
        known = compared & (state.seen >= self.enough)
        spread = np.maximum(state.spread, self.least)
        sigmas = np.clip(off / spread, -_FAR_SCORE, _FAR_SCORE)
        score = np.where(known, np.clip(state.score + sigmas - self.allowance, 0.0, 2.0 * self.score), state.score)
        usual = self.expected(background, state)
        excess, needed = value - usual, self.threshold(usual)
        passed = known & (score > self.score) & (excess > needed)
        back = compared & (excess < RELEASE * needed)
        runs = stepped(state.runs, time_ms, passed, back, Patience(self.enter, self.leave, 0))
        # What has been left begins anew; what is only small again keeps its sum, which falls by itself.
        score = np.where(state.active & ~runs.active, 0.0, score)
        share = np.where(compared, 1.0 / np.minimum(state.seen + _PRIOR, self.memory), 0.0)
        far = np.minimum(np.abs(off), _FAR_SPREAD * spread) * _DEVIATION
        return OnsetState(
            runs,
            state.seen + compared,
            state.usual + share * np.clip(off, -_FAR_USUAL * spread, _FAR_USUAL * spread),
            state.spread + share * (far - state.spread),
            score,
        )

    def expected(self, background: Floats, state: OnsetState) -> Floats:
        """Return float64[n]: what each station has as a rule beside this background, NaN where that is not known."""
        return np.asarray((np.maximum(background, 0.0) + self.absolute) * np.exp(state.usual) - self.absolute)

    def noticed(self, background: Floats, state: OnsetState) -> Floats:
        """Return float64[n]: the excess over what is usual that passes within half an hour; NaN before enough.

        It passes more often than not: the station's own scatter is in it.
        """
        usual = self.expected(background, state)
        # So many deviations of each value bring the sum there in time.
        sigmas = np.minimum(self.allowance + self.score / SOON, _FAR_SCORE)
        spread = np.maximum(state.spread, self.least)
        summed = (np.maximum(background, 0.0) + self.absolute) * np.exp(state.usual + sigmas * spread) - self.absolute
        needed = np.maximum(summed - usual, self.threshold(usual)) + _BY_ITSELF * state.spread * (usual + self.absolute)
        return np.where(state.seen >= self.enough, needed, np.nan)

    def threshold(self, background: Floats) -> Floats:
        """Return the excess that is needed over what is usual."""
        return np.asarray(np.maximum(self.absolute, self.relative * np.maximum(background, 0.0)), np.float64)
