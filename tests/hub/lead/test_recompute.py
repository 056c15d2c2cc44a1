"""What a lead says of itself is enough to judge it again: a few lines of arithmetic, and no code of the hub."""

import math
from typing import Any

import msgspec
import numpy as np
import pytest

from hub.anomaly.rulebook import default_rules, read_rules
from hub.catalogue import Catalogue
from hub.judgement import Judgement
from hub.lead.evidence import evidence
from hub.model import MINUTE_MS, LeadOpening

pytestmark = pytest.mark.component

NOON = int(1_420_776_000 / 60)
CHANCE = np.random.default_rng(5).standard_normal((32, 300))
RULES = """
version = "1"
jurisdiction = "site"

[[rule]]
id = "hourly-dust"
kind = "local_threshold"
property = "pm10"
unit = "ug/m3"
stations = ["micro_station"]
at_stations = ["m06"]
threshold = 100
margin = 10
average_min = 60
valid_min = 45
enter = 2
leave = 2
level = "red"
source = "a test"
confidence = "B"

[[rule]]
id = "loud"
kind = "local_threshold"
property = "noise"
unit = "dB(A)"
stations = ["micro_station"]
threshold = 65
margin = 3
average_min = 20
valid_min = 3
enter = 2
leave = 3
level = "red"
source = "a test"
confidence = "B"
"""


def opened(town: Any, minutes: int, air: Any, rules: str = "") -> LeadOpening:
    """Return the one lead of a town's first minutes."""

    def noisy(station: str, name: str, minute: int) -> float:
        if name.startswith("wind"):
            return 2.0 if name == "wind_speed" else 225.0
        row = int(station[1:]) if station[1:].isdigit() else 30
        return float(round(air(station, name, minute) * (1 + 0.03 * CHANCE[row, minute]), 1))

    town.air = noisy
    town.streams.append(("m06", "noise"))
    chosen = default_rules() if not rules else read_rules("site.toml", rules)
    judgement, leads = Judgement(Catalogue(), town.areas, chosen), []
    judgement.learn(town.catalogue())
    for minute in range(minutes):
        # Every eleventh minute of the station that is judged is lost.
        payload = town.minute(minute, lambda s, m=minute: s != "m06" or m % 11 != 5)
        judgement.take(payload, payload.t0 + 50_000)
        for outcome in judgement.close(NOON + minute, payload.t0 + 90_000):
            leads += outcome.leads
    (lead,) = leads
    return lead


def shown(lead: LeadOpening) -> dict[str, Any]:
    """Return the first of the evidence as a person gets it: from JSON."""
    said: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(evidence(lead.evidence[0])))
    return said


def means(said: dict[str, Any]) -> list[float | None]:
    """Return the means that were judged, formed anew of the minutes that are listed; none of too few."""
    result: list[float | None] = []
    for past in said["explanation"]["history"]:
        end_ms = past["minute_ms"] + said["basis"]["average_min"] * MINUTE_MS
        values = [p["value"] for p in said["explanation"]["parts"] if past["minute_ms"] <= p["start_ms"] < end_ms]
        if len(values) < said["basis"]["valid_min"]:
            result.append(None)
        elif said["explanation"]["averaging"] == "energy":
            result.append(10 * math.log10(sum(10 ** (value / 10) for value in values) / len(values)))
        else:
            result.append(sum(values) / len(values))
    return result


@pytest.mark.parametrize("level", [30.0, 200.0])
def test_a_local_excess_can_be_judged_again(town: Any, level: float) -> None:
    """The background is the median of what is listed; value - background is above the larger of two, often enough."""
    said = shown(opened(town, 40, lambda s, n, m: level + 400.0 * (s == "m06" and n == "pm10" and m >= 30)))
    why = said["explanation"]
    middle = float(np.median([one["value"] for one in why["neighbours"]]))
    needed = [max(why["absolute"], why["relative"] * past["background"]) for past in why["history"]]
    beyond = [
        p["value"] is not None and p["value"] - p["background"] > n for p, n in zip(why["history"], needed, strict=True)
    ]

    assert said["background"] == pytest.approx(middle, abs=1e-3)
    assert said["threshold"] == pytest.approx(max(why["absolute"], why["relative"] * middle), abs=1e-3)
    assert why["history"][-1]["value"] == pytest.approx(said["value"], abs=1e-3)
    assert why["history"][-1]["background"] == pytest.approx(middle, abs=1e-3)
    assert [False] * (10 - why["enter"]) + [True] * why["enter"] == beyond
    assert why["since_ms"] == why["history"][-why["enter"]]["minute_ms"]
    assert len(why["neighbours"]) <= 8


def test_a_minute_beyond_a_limit_can_be_judged_again(town: Any) -> None:
    """A room that is too hot: so many values in a row, so many minutes after the first."""
    said = shown(opened(town, 40, lambda _s, n, m: 40.0 if n == "temperature" and m >= 30 else 22.0))
    why = said["explanation"]
    run = [past["minute_ms"] for past in why["history"] if past["value"] > said["threshold"]]

    assert said["threshold"] == why["absolute"]
    assert len(run) >= why["enter"]
    assert run[0] == why["since_ms"]
    assert run[-1] - run[0] >= why["delay_min"] * MINUTE_MS
    assert why["background_of"] == ""


def test_an_hourly_mean_can_be_judged_again(town: Any) -> None:
    """Formed anew of the minutes that are listed, gaps and all, twice in a row."""
    said = shown(opened(town, 90, lambda s, n, m: 22.0 + 120.0 * (s == "m06" and n == "pm10" and m >= 10), RULES))
    found, why = means(said), said["explanation"]

    assert said["rule"] == "hourly-dust@1"
    assert said["value"] == pytest.approx(found[-1], abs=1e-3)
    assert found[-2] == pytest.approx(why["history"][-2]["value"], abs=1e-3)
    assert [past["value"] is None for past in why["history"]] == [mean is None for mean in found]
    assert all(mean is not None and mean > said["threshold"] for mean in found[-why["enter"] :])


def test_a_mean_of_noise_can_be_judged_again(town: Any) -> None:
    """By energy: a few loud minutes weigh more than many quiet ones."""
    said = shown(opened(town, 60, lambda _s, n, m: 80.0 if n == "noise" and m >= 30 and m % 4 == 0 else 45.0, RULES))
    found, why = means(said), said["explanation"]

    assert said["rule"] == "loud@1"
    assert why["averaging"] == "energy"
    assert said["value"] == pytest.approx(found[-1], abs=1e-2)
    assert all(mean is not None and mean > said["threshold"] for mean in found[-why["enter"] :])
    assert float(np.mean([part["value"] for part in why["parts"]])) < said["threshold"]
