"""What calibration has found and judgement needs."""

from collections.abc import Mapping
from dataclasses import dataclass

from hub.quality.faults.background import Places
from hub.quality.faults.limits import Scale
from hub.quality.faults.regression import Moments
from hub.quality.faults.shape import Shape
from hub.quality.faults.window import Floats


@dataclass(frozen=True, eq=False)
class Limits:
    """Of one property.

    Attributes:
        shape: how its residuals go with its level.
        scales: how rare each statistic is.
        limit: of the scores, in decades of rarity.
    """

    shape: Shape
    scales: Mapping[str, Scale]
    limit: float


@dataclass(frozen=True, eq=False)
class Learnt:
    """What regressions know of a network.

    Attributes:
        positions: (n, 2), of its stations.
        nearest: intp (n, k), rows of each one's neighbours.
        alone, witnessed: moments by property; the witnesses of a property are the others in alphabetical order.
    """

    positions: Floats
    nearest: Places
    alone: Mapping[str, Moments]
    witnessed: Mapping[str, Moments]


@dataclass(frozen=True, eq=False)
class Thresholds:
    """What `calibrate` has found.

    Attributes:
        step_h: hours a step.
        false_alarms_per_sensor_month: the budget.
        limits: by property.
        rate: alarms of a station and month that are to be expected at the limit, by property.
        learnt: of the network, at the end of the history.
    """

    step_h: float
    false_alarms_per_sensor_month: float
    limits: Mapping[str, Limits]
    rate: Mapping[str, float]
    learnt: Learnt
