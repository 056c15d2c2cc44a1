"""What several stations at the edge of the network have alike is a haze's; what is narrow, or enclosed, a source's."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from hub.anomaly.breadth import wide
from hub.catalogue import Catalogue
from hub.judgement import Judgement
from hub.model import MINUTE_MS, Level
from hub.network import build_network
from hub.panel import Panel, Readings

pytestmark = pytest.mark.component

NOON = int(1_420_776_000 / 60)
LAST = 40
NOISE = 1 + 0.05 * np.random.default_rng(5).standard_normal((25, 2, LAST))


def judged(town: Any, excess: dict[str, float], begin: int = 15, *, dead: frozenset[str] = frozenset()) -> Any:
    """Return the leads and the highest level of the town in calm air where some stations have more from a minute on."""

    def air(station: str, name: str, minute: int) -> float:
        if name.startswith("wind"):
            return 0.1 if name == "wind_speed" else 200.0
        if station[0] != "m" or name not in {"pm2_5", "pm10"}:
            return 22.0 + 0.01 * (minute % 3)
        more = excess.get(station, 0.0) * (minute >= begin)
        return float(round((100.0 + more) * NOISE[int(station[1:]), int(name == "pm10"), minute], 1))

    town.air = air
    judgement, leads, highest = Judgement(Catalogue(), town.areas), [], Level.NORMAL
    judgement.learn(town.catalogue())
    for minute in range(LAST):
        payload = town.minute(minute, lambda station: station not in dead)
        judgement.take(payload, payload.t0 + 50_000)
        for outcome in judgement.close(NOON + minute, payload.t0 + 90_000):
            leads += [lead.area for lead in outcome.leads if outcome.minute_ms >= (NOON + begin) * MINUTE_MS]
            highest = max([highest, *(change.level for change in outcome.changes)])
    return leads, highest


@pytest.mark.parametrize(
    "excess",
    [
        {"m00": 250.0, "m01": 200.0, "m05": 190.0},
        {"m00": 200.0, "m01": 220.0, "m02": 210.0, "m03": 190.0, "m04": 200.0},
        {"m06": 150.0, "m00": 200.0, "m01": 180.0, "m05": 190.0, "m02": 90.0, "m10": 90.0},
    ],
    ids=["three at a corner", "one side", "two kilometres of a corner"],
)
def test_what_reaches_in_from_outside_in_calm_air_opens_no_lead(town: Any, excess: dict[str, float]) -> None:
    """It deserves attention, and is about no enterprise."""
    assert judged(town, excess) == ([], Level.ATTENTION)


def test_a_source_between_four_stations_in_calm_air_opens_a_lead(town: Any) -> None:
    """All four have it alike, but nobody around them has: it came from nowhere else."""
    leads, highest = judged(town, dict.fromkeys(("m06", "m07", "m11", "m12"), 200.0))

    assert leads
    assert highest == Level.RED


@pytest.mark.parametrize(
    "excess", [{"m00": 250.0}, {"m00": 250.0, "m01": 150.0}, {"m02": 300.0, "m07": 80.0, "m12": 40.0}]
)
def test_what_is_narrow_at_the_edge_of_the_network_opens_a_lead(town: Any, excess: dict[str, float]) -> None:
    """One station, or two of a plume in a row, are no haze."""
    leads, highest = judged(town, excess)

    assert leads
    assert highest == Level.RED


def test_who_is_silent_is_no_witness(town: Any) -> None:
    """Two at a corner of which one is dead: that the third had it, too, is not known."""
    leads, _ = judged(town, {"m00": 250.0, "m01": 200.0, "m05": 190.0}, dead=frozenset({"m05"}))

    assert leads


def test_two_devices_of_one_station_are_one_witness(town: Any) -> None:
    """Of a pair that a corner sees the second instrument on the same pole says nothing new."""
    catalogue = Catalogue()
    catalogue.add(town.catalogue())
    listed = catalogue.datastreams
    row = {(s.station, s.property): s.row for s in listed}
    twin = replace(listed[row["m01", "pm10"]], row=len(listed))
    network = build_network(catalogue.stations, (*listed, twin), town.areas)
    value = np.full(len(network), 100.0)
    value[row["m00", "pm10"]] = 300.0
    here = np.array([row["m00", "pm10"]])

    def said(*high: int) -> bool:
        told, panel = value.copy(), Panel()
        panel.grow(network.averaging, network.moving)
        told[list(high)] = 250.0
        n, nan = len(network), np.full(len(network), np.nan)
        rows, time_ms = np.arange(n, dtype=np.int32), np.full(n, NOON * MINUTE_MS)
        panel.add(Readings(rows, time_ms, told, np.ones(n, np.uint8), nan, nan), NOON)
        panel.head = NOON
        (found,) = wide(network, panel, here, (value[here], np.array([200.0])), np.ones(n, np.bool_), NOON)
        return bool(found)

    assert not said(row["m01", "pm10"], len(listed))
    assert said(row["m01", "pm10"], row["m05", "pm10"])
