"""What is wrong with a device, and the verdict on a property."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class Cause(IntEnum):
    """Why a value is not what the air would give; POLLUTION is the air itself, so no fault."""

    NONE = 0
    DRIFT = 1
    STUCK = 2
    SPIKE = 3
    NOISE = 4
    DROPOUT = 5
    POLLUTION = 6


@dataclass(frozen=True, eq=False)
class Verdict:
    """What is said of one property.

    Attributes:
        alarm: bool (n_stations, n_steps), True at the step at which a fault is announced, once an episode.
        cause: uint8 (n_stations, n_steps) of `Cause`: of the alarm where there is one; POLLUTION while a local
            excess is seen that is no fault; else NONE.
    """

    alarm: NDArray[np.bool_]
    cause: NDArray[np.uint8]
