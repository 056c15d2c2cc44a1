"""A station that stands above its region: a haze day is nobody's fault."""

from dataclasses import dataclass

import numpy as np

from hub.anomaly.detector import Levels, Series
from hub.anomaly.hysteresis import Floats, Parameter, Patience, Runs, stepped

# The excess must fall to this share of what it had to pass before the level is left.
RELEASE = 0.7


@dataclass(frozen=True, eq=False)
class LocalExcess:
    """Enters when value - background passes the larger of `absolute` and `relative` x background.

    Attributes:
        absolute: in the property's unit, above zero; NaN where nothing is judged.
        relative: share of the background, not negative.
        enter, leave: values in a row.
    """

    absolute: Parameter
    relative: Parameter = 0.0
    enter: Parameter = 1
    leave: Parameter = 1

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: a parameter is outside what its description says.
        """
        if np.any(np.asarray(self.absolute) <= 0) or np.any(np.asarray(self.relative) < 0):
            raise ValueError("absolute must be above zero, relative not negative")
        if np.any(np.asarray(self.enter) < 1) or np.any(np.asarray(self.leave) < 1):
            raise ValueError("enter and leave are counts from 1")

    def start(self, n: int) -> Runs:
        """Return the state of n streams before their first value."""
        return Runs.start(n)

    def __call__(self, series: Series, state: Runs) -> tuple[Levels, Runs]:
        """Return (bool[n, k] whether the level is entered, the state after the last time); see `Detector`."""
        levels = np.zeros(series.value.shape, np.bool_)
        patience = Patience(self.enter, self.leave, 0)
        for k in range(series.value.shape[1]):
            background = series.background[:, k]
            excess, needed = series.value[:, k] - background, self.threshold(background)
            state = stepped(state, series.time_ms[:, k], excess > needed, excess < RELEASE * needed, patience)
            levels[:, k] = state.active
        return levels, state

    def threshold(self, background: Floats) -> Floats:
        """Return the excess that is needed over this background."""
        return np.asarray(np.maximum(self.absolute, self.relative * np.maximum(background, 0.0)), np.float64)
