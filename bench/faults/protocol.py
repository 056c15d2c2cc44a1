"""The protocol: calibrate on the first year, inject into the second, credit what the untouched twin does not raise."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Final

import numpy as np
from air import HOURS, POSITIONS, TIMES, Floats
from injection import FAULTS, PLUME, inject

from hub.quality import Cause, Thresholds, Verdict, calibrate, replay

SEED: Final = 20260101
YEAR: Final = HOURS // 2
WARM_UP: Final = 60 * 24
WINDOW: Final = 105 * 24
TWIN: Final = 24
# First hour of each part: constants were chosen on the first year, the second tests.
PARTS: Final = {"tune": 0, "test": YEAR}


@dataclass(frozen=True)
class Trial:
    """What became of one injection: hours to the first credited alarm and its cause, or None; a plume seen as such."""

    kind: str
    delay: int | None
    cause: Cause | None
    seen_as_plume: bool


@dataclass(frozen=True)
class Setting:
    """What trials share.

    Attributes:
        values: the air, by property.
        thresholds: calibrated on the first year of all stations.
        broken: the property that is broken.
        part: of the air.
        shared: whether PM10 has the same fault, as where one optical device counts both.
    """

    values: Mapping[str, Floats]
    thresholds: Thresholds
    broken: str
    part: str
    shared: bool = False


def setting(values: Mapping[str, Floats], broken: str, part: str, budget: float, *, shared: bool = False) -> Setting:
    """Return the setting, calibrated on the first year of all stations."""
    history = {name: value[:, :YEAR] for name, value in values.items()}
    return Setting(
        values, calibrate(history, TIMES[:YEAR], POSITIONS, false_alarms_per_sensor_month=budget), broken, part, shared
    )


def trials(here: Setting, seed: int, number: int, kinds: Sequence[str] = (*FAULTS, PLUME)) -> list[Trial]:
    """Return the outcome of each kind of fault in each of so many windows at random stations and times."""
    chance = np.random.default_rng([SEED, seed])
    outcomes = []
    for _ in range(number):
        station, begin = _window(here, chance)
        air = {name: value[:, begin : begin + WINDOW] for name, value in here.values.items()}
        twin = _judged(here, air, begin)
        outcomes += [_trial(here, air, (station, begin), twin, kind, chance) for kind in kinds]
    return outcomes


def false_alarms(here: Setting) -> tuple[float, float, dict[str, int]]:
    """Return (FAR, enrichment in regional episodes, number by cause) over the part's year as recorded.

    FAR: alarms a device and month, the first 60 days being warm-up; real faults of the recorded devices are in it.
    Enrichment: the share of the alarms in the hours with the highest tenth of the network's mean, over a tenth.
    """
    begin = PARTS[here.part]
    air = {name: value[:, begin : begin + YEAR] for name, value in here.values.items()}
    verdict = _judged(here, air, begin)
    alarm, cause = verdict.alarm[:, WARM_UP:], verdict.cause[:, WARM_UP:]
    level = np.nan_to_num(air[here.broken]).mean(axis=0)[WARM_UP:]
    episode = level > np.quantile(level, 0.9)
    enriched = float(alarm[:, episode].sum()) / max(float(alarm.sum()), 1.0) / 0.1
    by_cause = {kind.name: int((cause[alarm] == kind).sum()) for kind in Cause}
    return float(alarm.sum()) / (len(alarm) * alarm.shape[1] / 720), enriched, {k: n for k, n in by_cause.items() if n}


def control(here: Setting, seed: int, number: int) -> float:
    """Return the share of windows without a fault that raise an alarm within a fortnight, uncorrected by a twin."""
    chance = np.random.default_rng([SEED, seed, 1])
    raised = 0
    for _ in range(number):
        station, begin = _window(here, chance)
        air = {name: value[:, begin : begin + WINDOW] for name, value in here.values.items()}
        raised += bool(_judged(here, air, begin).alarm[station, WARM_UP : WARM_UP + 14 * 24].any())
    return raised / number


def causal(here: Setting, begin: int = 0) -> bool:
    """Return whether a replay of truncated input gives the beginning of the whole one's."""
    air = {name: value[:, begin : begin + WINDOW] for name, value in here.values.items()}
    whole = _judged(here, air, begin)
    for steps in (WARM_UP, WARM_UP + 77, WINDOW - 1):
        cut = _judged(here, {name: value[:, :steps] for name, value in air.items()}, begin)
        if not (
            np.array_equal(cut.alarm, whole.alarm[:, :steps]) and np.array_equal(cut.cause, whole.cause[:, :steps])
        ):
            return False
    return True


def _window(here: Setting, chance: np.random.Generator) -> tuple[int, int]:
    first = PARTS[here.part]
    while True:
        station = int(chance.integers(len(POSITIONS)))
        begin = first + int(chance.integers(0, YEAR - WINDOW))
        onset = here.values[here.broken][station, begin + WARM_UP : begin + WARM_UP + 24]
        if np.isnan(onset).sum() <= 6:  # a fault of a silent device cannot be seen
            return station, begin


def _trial(
    here: Setting,
    air: Mapping[str, Floats],
    place: tuple[int, int],
    twin: Verdict,
    kind: str,
    chance: np.random.Generator,
) -> Trial:
    station, begin = place
    pm10 = air["pm10"][station] if here.broken == "pm2_5" else None
    same = deepcopy(chance)
    injected = inject(kind, air[here.broken][station], pm10, WARM_UP, chance)
    changed = {name: value.copy() for name, value in air.items()}
    if here.shared and kind != PLUME:
        changed["pm10"][station] = inject(kind, air["pm10"][station], None, WARM_UP, same).value
    changed[here.broken][station] = injected.value
    if injected.pm10 is not None:
        changed["pm10"][station] = injected.pm10
    verdict = _judged(here, changed, begin)
    # A plume that has gone can still be called a fault in the day after.
    end = WARM_UP + injected.horizon + (24 if kind == PLUME else 0)
    steps = np.flatnonzero(_credited(verdict.alarm[station], twin.alarm[station])[WARM_UP:end])
    cause = verdict.cause[station, WARM_UP:end]
    plume = bool((cause == Cause.POLLUTION).any())
    if not steps.size:
        return Trial(kind, None, None, plume)
    return Trial(kind, int(steps[0]), Cause(cause[steps[0]]), plume)


def _credited(alarm: np.ndarray, twin: np.ndarray) -> np.ndarray:
    near = np.convolve(twin, np.ones(2 * TWIN + 1), mode="same") > 0.5
    credited: np.ndarray = alarm & ~near
    return credited


def _judged(here: Setting, air: Mapping[str, Floats], begin: int) -> Verdict:
    steps = air[here.broken].shape[1]
    return replay(air, TIMES[begin : begin + steps], POSITIONS, here.thresholds)[here.broken]
