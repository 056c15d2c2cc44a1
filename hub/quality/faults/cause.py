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
    """What is said of one property, each (n_stations, n_steps).

    Attributes:
        alarm: bool, True at the step at which a fault is announced, once an episode.
        cause: uint8 of `Cause`: of the alarm where there is one; POLLUTION while a local excess is seen that is no
            fault; else NONE.
        standing: uint8 of `Cause`: of the fault that lasts, from its alarm until its score has fallen well below the
            limit, and again where it comes back while its ticket is open; of several the newest; else NONE.
        score: float32, the highest score of all kinds less the limit, in decades of rarity.
        kind: uint8, which kind that is: a row of `KINDS`.
    """

    alarm: NDArray[np.bool_]
    cause: NDArray[np.uint8]
    standing: NDArray[np.uint8]
    score: NDArray[np.float32]
    kind: NDArray[np.uint8]
