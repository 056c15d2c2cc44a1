"""A vehicle that meets a short peak at one place, again and again, and one that is dirty wherever it drives."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hub.anomaly.patrol import KEPT, Peaks
from hub.catalogue import Catalogue
from hub.judgement import Judgement
from hub.model import MINUTE_MS, Level
from hub.state import grown, leaves, rebuilt

pytestmark = pytest.mark.component

NOON = int(1_420_776_000 / 60)
CHANCE = np.random.default_rng(12).standard_normal((30, 400))
# A lap of the vehicle: minutes, and where in it the source lies.
LAP, MET = 20, 9
Addition = Callable[[int], float]


def drive(minute: int) -> tuple[float, float]:
    """Return metres: there and back along a street between the stations, past the works."""
    at = minute % LAP
    return -2000.0 + 400.0 * min(at, LAP - at), 1350.0


def judged(town: Any, minutes: int, addition: Addition, car: str = "nox") -> tuple[list[tuple[int, str, str]], Any]:
    """Return (minute, area, level) of every change of level, and all outcomes; the vehicle reads 40 and more."""

    def air(station: str, name: str, minute: int) -> float:
        if name.startswith("wind"):
            return 2.0 if name == "wind_speed" else 225.0
        if name == "temperature":
            return 22.0
        own = addition(minute) if (station, name) == ("car", car) else 0.0
        row = int(station[1:]) if station[1:].isdigit() else 25
        return float(round(40.0 * (1 + 0.04 * CHANCE[row + (name == "pm10"), minute]) + own, 1))

    town.air, town.drive = air, drive
    judgement, outcomes = Judgement(Catalogue(), town.areas), []
    judgement.learn(town.catalogue())
    for minute in range(minutes):
        payload = town.minute(minute)
        judgement.take(payload, payload.t0 + 50_000)
        outcomes += list(judgement.close(NOON + minute, payload.t0 + 90_000))
    levels = [
        (outcome.minute_ms // MINUTE_MS - NOON, change.area, change.level.name)
        for outcome in outcomes
        for change in outcome.changes
        if change.level > Level.NORMAL
    ]
    return levels, outcomes


def leads(outcomes: Any) -> list[tuple[str, str, str]]:
    """Return area, property and rule of every lead."""
    return [
        (lead.area, lead.cause.property, lead.evidence[0].rule.partition("@")[0])
        for outcome in outcomes
        for lead in outcome.leads
    ]


def test_one_pass_asks_for_attention_and_a_second_at_the_place_for_a_visit(town: Any) -> None:
    """One minute of a peak at the same place in two laps; the rule says that it was two."""
    levels, outcomes = judged(town, 60, lambda m: 150.0 * (m % LAP == MET and m >= LAP))

    assert levels == [(29, "works", "ATTENTION"), (49, "works", "RED")]
    assert leads(outcomes) == [("works", "nox", "pass-nox-red")]


def test_two_peaks_at_two_places_are_two_first_passes(town: Any) -> None:
    """Nothing that was met once is worth a visit."""
    levels, outcomes = judged(town, 60, lambda m: 150.0 * (m in (LAP + 2, 2 * LAP + MET)))

    assert leads(outcomes) == []
    assert {level for *_, level in levels} <= {"ATTENTION"}


@pytest.mark.parametrize("car", ["nox", "pm10"])
def test_a_drive_that_is_dirty_all_along_meets_nothing(town: Any, car: str) -> None:
    """A vehicle whose device reads high from the start, or drifts away, is its own background."""
    _, outcomes = judged(town, 120, lambda m: 120.0 + 0.5 * m, car)
    high = [
        anomaly.rule
        for outcome in outcomes
        for change in outcome.changes
        for anomaly in change.evidence
        if anomaly.rule.startswith("pass")
    ]

    assert high == []


def test_a_peak_that_lasts_is_no_place(town: Any) -> None:
    """Ten minutes high in each lap is a quarter's air: the rule of three values finds it, no rule of passes does."""
    _, outcomes = judged(town, 100, lambda m: 100.0 * (m >= LAP and 3 <= m % LAP < 13))

    assert {rule for _, _, rule in leads(outcomes)} <= {"local-excess-nox-red"}


def test_the_first_minutes_of_a_drive_are_not_judged_by_passes(town: Any) -> None:
    """Before it has ten minutes of its own, a vehicle has nothing to be compared with."""
    levels, _ = judged(town, MET + 1, lambda m: 150.0 * (m == MET))

    assert levels == []


def test_peaks_survive_a_restart_and_a_growing_network() -> None:
    """They are arrays of a fixed size: kept, rebuilt, and the same for more streams."""
    peaks = Peaks.start()._replace(row=np.arange(KEPT))
    again = rebuilt(Peaks.start(), dict(leaves(peaks)))

    assert all(np.array_equal(a[1], b[1], equal_nan=True) for a, b in zip(leaves(peaks), leaves(again), strict=True))
    assert np.array_equal(grown(peaks, Peaks.start()).row, peaks.row)
