"""A device at the bottom of its scale while the air around it is not clean."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from hub.quality.check import Flags, Floats, Parameter, Series, unjudged, verified
from hub.quality.run import Run


class BottomState(NamedTuple):
    """The run at the bottom of each stream.

    Attributes:
        run: of values at the bottom.
        least: float64[n], the lowest background during the run, NaN outside one.
    """

    run: Run
    least: Floats


@dataclass(frozen=True, eq=False)
class Bottom:
    """SUSPECT, then FAIL, for values at the limit of detection, or below it, while the neighbours' background is high.

    With a background that is low, or unknown, such a value says nothing: it neither lengthens nor ends the run.

    Attributes:
        bottom: a value up to this is at the bottom, in the property's unit; NaN for no judgement.
        high: a background from this on is high, above bottom.
        suspect, fail: values in a row.
        fail_ms: milliseconds that the run must have lasted to FAIL, too.
    """

    bottom: Parameter
    high: Parameter
    suspect: Parameter = 2
    fail: Parameter = 6
    fail_ms: Parameter = 0

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: a parameter is outside what its description says.
        """
        verified(ok=not np.any(np.asarray(self.high) <= self.bottom), reason="high must be above bottom")
        verified(ok=not np.any(np.asarray(self.suspect) < 1), reason="suspect is a count from 1")
        verified(ok=not np.any(np.asarray(self.fail) < self.suspect), reason="fail must not come before suspect")

    def start(self, n: int) -> BottomState:
        """Return the state of n streams before their first value."""
        return BottomState(Run.start(n), np.full(n, np.nan))

    def __call__(self, series: Series, state: BottomState) -> tuple[Flags, BottomState]:
        """Return (uint8[n, k] flags, the state after the last time); see `Check`."""
        flags = unjudged(series, ~np.isnan(self.bottom))
        for k in range(series.value.shape[1]):
            time_ms, value, background = series.time_ms[:, k], series.value[:, k], series.background[:, k]
            low = value <= self.bottom
            if not (low.any() or state.run.length.any()):
                continue
            flawed, sound = low & (background >= self.high), value > self.bottom
            least = np.where(sound, np.nan, np.where(flawed, np.fmin(state.least, background), state.least))
            state = BottomState(state.run.stepped(flawed, sound, time_ms), least)
            state.run.flag(flags[:, k], time_ms, (self.suspect, self.fail, self.fail_ms))
        return flags, state
