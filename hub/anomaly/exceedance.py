"""A value beyond a limit or threshold of the rules."""

from dataclasses import dataclass

import numpy as np

from hub.anomaly.detector import Levels, Series
from hub.anomaly.hysteresis import Floats, Parameter, Patience, Runs, stepped


@dataclass(frozen=True, eq=False)
class Exceedance:
    """Enters when the value is beyond `limit`, leaves when it has come back by `margin`.

    Attributes:
        limit: in the property's unit; NaN where no rule applies.
        margin: same unit, not negative.
        sign: 1 where values above the limit count, -1 where values below do.
        enter, leave: values in a row.
        delay_ms: from the first value beyond until it enters.
    """

    limit: Parameter
    margin: Parameter = 0.0
    sign: Parameter = 1.0
    enter: Parameter = 1
    leave: Parameter = 1
    delay_ms: Parameter = 0

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: a parameter is outside what its description says.
        """
        if np.any(np.asarray(self.margin) < 0) or np.any(np.abs(self.sign) != 1):
            raise ValueError("margin must not be negative, sign must be 1 or -1")
        if np.any(np.asarray(self.enter) < 1) or np.any(np.asarray(self.leave) < 1):
            raise ValueError("enter and leave are counts from 1")

    def start(self, n: int) -> Runs:
        """Return the state of n streams before their first value."""
        return Runs.start(n)

    def __call__(self, series: Series, state: Runs) -> tuple[Levels, Runs]:
        """Return (bool[n, k] whether the level is entered, the state after the last time); see `Detector`."""
        levels = np.zeros(series.value.shape, np.bool_)
        patience = Patience(self.enter, self.leave, self.delay_ms)
        for k in range(series.value.shape[1]):
            beyond = (series.value[:, k] - self.limit) * self.sign
            state = stepped(state, series.time_ms[:, k], beyond > 0, beyond <= -np.asarray(self.margin), patience)
            levels[:, k] = state.active
        return levels, state

    def threshold(self, background: Floats) -> Floats:
        """Return the limit of each stream."""
        limit = np.asarray(self.limit, np.float64)
        return limit if limit.ndim else np.broadcast_to(limit, background.shape)
