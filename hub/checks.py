"""How the hourly checks stand, for people: by which thresholds devices are judged, and whose fault lasts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import msgspec

FaultKind = Literal["drift", "stuck", "spike", "noise", "dropout"]


class Calibration(msgspec.Struct, frozen=True):
    """Thresholds that were learnt on history, as the journal names them.

    Attributes:
        sha256: of the file that holds them, thresholds/<sha256>.npz.
        calibrated_ms: when.
        first_ms, last_ms: of the history.
        false_alarms_per_sensor_month: the budget.
        rates: by property, false alarms for each stream and month that the history says are to be expected.
    """

    sha256: str
    calibrated_ms: int
    first_ms: int
    last_ms: int
    false_alarms_per_sensor_month: float
    rates: Mapping[str, float]


class Alarm(NamedTuple):
    """A fault is announced, and the numbers behind it.

    Attributes:
        hour: since 1970, at which it crossed its limit.
        row: of the datastream.
        kind: which fault.
        value: the hour's mean, canonical unit; NaN where there was none.
        nearby: median of the nearest stations in that hour, same unit; NaN where they were silent.
        mean, mean_nearby: of both over the hours of the last three days in which both were there.
        score: decades of rarity on the scale of the history.
        limit: of the scores.
    """

    hour: int
    row: int
    kind: FaultKind
    value: float
    nearby: float
    mean: float
    mean_nearby: float
    score: float
    limit: float


@dataclass(frozen=True, slots=True)
class StandingFault:
    """A fault that was announced and has not gone."""

    station: str
    device: str
    property: str
    kind: FaultKind
    since_ms: int


@dataclass(frozen=True, slots=True)
class Checks:
    """How the hourly checks stand.

    Attributes:
        calibration: None while no thresholds are in force: then only the fixed checks judge.
        standing: faults that last.
    """

    calibration: Calibration | None = None
    standing: tuple[StandingFault, ...] = ()


UNCHECKED: Final = Checks()
