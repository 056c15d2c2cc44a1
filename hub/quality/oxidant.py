"""NO2 and O3 of one place: sunlight turns one into the other, so that their sum changes with the region only."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from hub.quality.check import Flags, Floats, Ints, Parameter, Series, unjudged, verified
from hub.quality.run import Run
from wire.reading import Flag


class OxidantState(NamedTuple):
    """What a place's sum is used to.

    Attributes:
        compared: int64[n], values that could be compared.
        usual: float64[n], fading mean of the sum less that of the neighbours.
        run: of values far from it.
    """

    compared: Ints
    usual: Floats
    run: Run


@dataclass(frozen=True, eq=False)
class Oxidant:
    """SUSPECT, then FAIL, while the sum of NO2 and O3 stands away from the neighbours' by other than its usual amount.

    Its series are places: the value is the sum, the background that of the neighbours, both in amounts of substance.
    What stands away is learnt eight times more slowly, so that a step ends by itself.

    Attributes:
        off: by how much, in the unit of the sum, above zero; NaN for no judgement.
        off_share: and by this share of the background.
        suspect, fail: values in a row.
        fail_ms: milliseconds that the run must have lasted to FAIL, too.
        memory: values after which an old one counts 1/e.
        enough: values before anything is said.
    """

    off: Parameter
    off_share: Parameter = 0.0
    suspect: Parameter = 3
    fail: Parameter = 12
    fail_ms: Parameter = 0
    memory: Parameter = 288
    enough: Parameter = 144

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: a parameter is outside what its description says.
        """
        verified(ok=not np.any(np.asarray(self.off) <= 0), reason="off must be above zero")
        verified(ok=not np.any(np.asarray(self.suspect) < 1), reason="suspect is a count from 1")
        verified(ok=not np.any(np.asarray(self.fail) < self.suspect), reason="fail must not come before suspect")
        verified(ok=not np.any(np.asarray(self.memory) < 1), reason="memory is a count from 1")

    def start(self, n: int) -> OxidantState:
        """Return the state of n places before their first values."""
        return OxidantState(np.zeros(n, np.int64), np.zeros(n), Run.start(n))

    def __call__(self, series: Series, state: OxidantState) -> tuple[Flags, OxidantState]:
        """Return (uint8[n, k] flags, the state after the last time); see `Check`."""
        flags = unjudged(series, np.broadcast_to(np.False_, len(series.value)))
        for k in range(series.value.shape[1]):
            time_ms, value = series.time_ms[:, k], series.value[:, k]
            state = self._step(state, time_ms, value - series.background[:, k], series.background[:, k])
            flags[(state.compared >= self.enough) & ~np.isnan(self.off) & ~np.isnan(value), k] = Flag.GOOD
            state.run.flag(flags[:, k], time_ms, (self.suspect, self.fail, self.fail_ms))
        return flags, state

    def _step(self, state: OxidantState, time_ms: Ints, away: Floats, background: Floats) -> OxidantState:
        both = ~np.isnan(away)
        limit = np.maximum(self.off, self.off_share * np.maximum(background, 0.0))
        far = both & (state.compared >= self.enough) & (np.abs(away - state.usual) > limit)
        share = np.where(both, 1.0 / np.minimum(state.compared + 1.0, self.memory), 0.0)
        share = np.where(far, share / 8, share)
        usual = state.usual + share * (np.where(both, away, 0.0) - state.usual)
        return OxidantState(state.compared + both, usual, state.run.stepped(far, both & ~far, time_ms))
