"""Two properties of one air, of which one is a part of the other: PM2.5 of PM10, NO of NOx."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from hub.quality.check import Flags, Floats, Parameter, Series, unjudged, verified
from hub.quality.run import Run


class ConsistencyState(NamedTuple):
    """The run of values that cannot be together, of each pair.

    Attributes:
        run: of such values.
        worst: float64[n], by how much the part was above the limit at most during the run, 0 outside one.
    """

    run: Run
    worst: Floats


@dataclass(frozen=True, eq=False)
class Consistency:
    """SUSPECT, then FAIL, while the part is above the whole by more than their devices can differ.

    Its series are pairs: the value is that of the part, the background that of the whole, at the same place and time.

    Attributes:
        share: the part may be up to this share of the whole, above zero; NaN for no judgement.
        slack: and by so much more, in the property's unit.
        suspect, fail: values in a row.
        fail_ms: milliseconds that the run must have lasted to FAIL, too.
    """

    share: Parameter
    slack: Parameter = 0.0
    suspect: Parameter = 2
    fail: Parameter = 30
    fail_ms: Parameter = 0

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: a parameter is outside what its description says.
        """
        verified(ok=not np.any(np.asarray(self.share) <= 0), reason="share must be above zero")
        verified(ok=not np.any(np.asarray(self.slack) < 0), reason="slack must not be negative")
        verified(ok=not np.any(np.asarray(self.suspect) < 1), reason="suspect is a count from 1")
        verified(ok=not np.any(np.asarray(self.fail) < self.suspect), reason="fail must not come before suspect")

    def start(self, n: int) -> ConsistencyState:
        """Return the state of n pairs before their first values."""
        return ConsistencyState(Run.start(n), np.zeros(n))

    def limit(self, whole: Floats) -> Floats:
        """Return float64[n]: the most that the part can be."""
        return np.asarray(self.share * whole + self.slack, np.float64)

    def __call__(self, series: Series, state: ConsistencyState) -> tuple[Flags, ConsistencyState]:
        """Return (uint8[n, k] flags, the state after the last time); see `Check`."""
        flags = unjudged(series, ~np.isnan(self.share))
        for k in range(series.value.shape[1]):
            time_ms, value = series.time_ms[:, k], series.value[:, k]
            above = value - self.limit(series.background[:, k])
            flawed, sound = above > 0, above <= 0
            if not (flawed.any() or state.run.length.any()):
                continue
            worst = np.where(sound, 0.0, np.fmax(state.worst, above))
            state = ConsistencyState(state.run.stepped(flawed, sound, time_ms), worst)
            state.run.flag(flags[:, k], time_ms, (self.suspect, self.fail, self.fail_ms))
        return flags, state
