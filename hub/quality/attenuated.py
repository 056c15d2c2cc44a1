"""A device that moves far less than the air around it: damped, choked, or with a dead amplifier."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from hub.quality.check import Flags, Floats, Ints, Parameter, Series, verified
from wire.reading import Flag


class AttenuatedState(NamedTuple):
    """Fading means of each stream over the values that could be compared.

    Attributes:
        compared: int64[n], how many there were.
        value, square: float64[n], of the value and of its square.
        background, background_square: float64[n], the same of the neighbours'.
        since_ms: int64[n], since when it moves too little, 0 while it does not.
    """

    compared: Ints
    value: Floats
    square: Floats
    background: Floats
    background_square: Floats
    since_ms: Ints


@dataclass(frozen=True, eq=False)
class Attenuated:
    """SUSPECT, then FAIL, while a stream's deviation is too small a share of that of its neighbours' background.

    QARTOD's attenuated signal test asks for a deviation in the property's unit; still air has none, so ours asks what
    the neighbours' is.

    Attributes:
        moved: by how much the background must deviate, in the property's unit, above zero; NaN for no judgement.
        moved_share: by what share of its mean it must deviate, too.
        suspect, fail: shares of the background's deviation below which the stream's is too small.
        memory: values after which an old one counts 1/e.
        enough: values before anything is said.
    """

    moved: Parameter
    moved_share: Parameter = 0.0
    suspect: Parameter = 0.15
    fail: Parameter = 0.1
    memory: Parameter = 144
    enough: Parameter = 144

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: a parameter is outside what its description says.
        """
        verified(ok=not np.any(np.asarray(self.moved) <= 0), reason="moved must be above zero")
        verified(ok=not np.any(np.asarray(self.fail) > self.suspect), reason="fail must not be above suspect")
        verified(ok=not np.any(np.asarray(self.memory) < 1), reason="memory is a count from 1")

    def start(self, n: int) -> AttenuatedState:
        """Return the state of n streams before their first value."""
        zero, count = np.zeros(n), np.zeros(n, np.int64)
        return AttenuatedState(count, zero, zero, zero, zero, count)

    def __call__(self, series: Series, state: AttenuatedState) -> tuple[Flags, AttenuatedState]:
        """Return (uint8[n, k] flags, the state after the last time); see `Check`."""
        flags = np.full(series.value.shape, Flag.MISSING, np.uint8)
        for k in range(series.value.shape[1]):
            time_ms, value = series.time_ms[:, k], series.value[:, k]
            state = self._step(state, value, series.background[:, k])
            there = ~np.isnan(value)
            verdict = self._verdict(state)
            flags[there, k] = verdict[there]
            low = verdict >= Flag.SUSPECT
            since_ms = np.where(low & (state.since_ms == 0), time_ms, np.where(low, state.since_ms, 0))
            state = state._replace(since_ms=np.where(there, since_ms, state.since_ms))
        return flags, state

    def deviations(self, state: AttenuatedState) -> tuple[Floats, Floats]:
        """Return float64[n] each: standard deviation of the stream and of its background, in the property's unit."""
        own = np.sqrt(np.maximum(state.square - state.value**2, 0.0))
        return own, np.sqrt(np.maximum(state.background_square - state.background**2, 0.0))

    def _step(self, state: AttenuatedState, value: Floats, background: Floats) -> AttenuatedState:
        both = ~(np.isnan(value) | np.isnan(background))
        # Few values weigh evenly, many fade: the mean never hangs on the first value.
        share = np.where(both, 1.0 / np.minimum(state.compared + 1.0, self.memory), 0.0)
        own, other = np.where(both, value, 0.0), np.where(both, background, 0.0)

        def faded(mean: Floats, new: Floats) -> Floats:
            return np.asarray(mean + share * (new - mean), np.float64)

        return AttenuatedState(
            state.compared + both,
            faded(state.value, own),
            faded(state.square, own * own),
            faded(state.background, other),
            faded(state.background_square, other * other),
            state.since_ms,
        )

    def _verdict(self, state: AttenuatedState) -> Flags:
        own, other = self.deviations(state)
        moves = other > np.maximum(self.moved, self.moved_share * np.abs(state.background))
        known = (state.compared >= self.enough) & ~np.isnan(self.moved)
        flags = np.where(known, np.uint8(Flag.GOOD), np.uint8(Flag.UNKNOWN))
        flags[known & moves & (own < self.suspect * other)] = Flag.SUSPECT
        flags[known & moves & (own < self.fail * other)] = Flag.FAIL
        return flags
