"""The network as arrays: neighbours, homes, covers; and the rules bound to it."""

from typing import Any

import numpy as np
import pytest

from hub.anomaly.background import background, medians
from hub.bindings import bind
from hub.catalogue import Catalogue
from hub.model import Level
from hub.network import NEIGHBOURS, Network, build_network
from hub.panel import Newest, Panel

NOON = int(1_420_776_000 / 60)
IN_2026 = int(1_780_000_000 / 60)


@pytest.fixture
def network(town: Any) -> Network:
    """Return the town's network."""
    catalogue = Catalogue()
    catalogue.add(town.catalogue())
    return build_network(catalogue.stations, catalogue.datastreams, town.areas)


def row(network: Network, station: str, name: str) -> int:
    """Return a datastream's row."""
    return next(s.row for s in network.datastreams if (s.station, s.property) == (station, name))


def test_neighbours_measure_the_same_and_are_near(network: Network) -> None:
    """A stream is not its own neighbour; a lab, a vehicle and a distant station have none."""
    middle = row(network, "m12", "pm10")
    found = network.neighbours[middle]

    assert len(set(found.tolist()) - {len(network)}) == NEIGHBOURS
    assert middle not in found
    assert {network.datastreams[r].property for r in found} == {"pm10"}
    for station, name in (("lab", "temperature"), ("car", "pm10"), ("far", "wind_speed")):
        assert (network.neighbours[row(network, station, name)] == len(network)).all()


def test_areas_are_spoken_for_by_the_station_in_them_or_the_nearest(network: Network) -> None:
    """The site by m06 that stands in it, the works by a station 700 m away."""
    spoken = {
        area.id: {network.datastreams[r].station for r in network.cover_row[network.cover_area == index]}
        for index, area in enumerate(network.areas)
    }

    assert spoken["site"] == {"m06"}
    assert spoken["laboratory"] == {"lab", "m22"}
    assert spoken["works"] <= {"m17", "m18", "m22", "m23"}
    assert network.areas[network.home[row(network, "m06", "pm10")]].id == "site"


def test_an_empty_network_is_no_trouble(town: Any) -> None:
    """Before the first catalogue, and without areas."""
    for areas in (town.areas, ()):
        empty = build_network((), (), areas)
        air = background(empty, Panel(), Newest.never(0), NOON, np.zeros(0, np.bool_))

        assert len(empty) == 0
        assert air.highest.shape == (0,)
        assert bind(empty, NOON).at(IN_2026).phase != bind(empty, NOON).phase


def test_the_background_is_the_neighbours_median_without_liars(network: Network) -> None:
    """A tenth of the stations far too high changes nothing; those that lie or are silent do not speak."""
    value = np.full(len(network), 50.0)
    value[[row(network, "m11", "pm10"), row(network, "m13", "pm10")]] = 900.0
    newest = Newest.never(len(network))._replace(value=value, minute=np.full(len(network), NOON))
    panel = Panel()
    panel.grow(network.averaging, network.moving)
    honest = np.zeros(len(network), np.bool_)
    air = background(network, panel, newest, NOON, honest)

    assert air.near[row(network, "m12", "pm10")] == 50.0
    assert air.region[row(network, "car", "pm10")] == 50.0
    assert np.isnan(air.highest[row(network, "lab", "temperature")])
    assert np.isnan(background(network, panel, newest, NOON, ~honest).highest).all()
    assert np.isnan(background(network, panel, newest, NOON + 60, honest).highest).all()


def test_a_median_leaves_gaps_out_and_needs_enough_values() -> None:
    """Even and odd counts; too few are none."""
    nan = np.nan
    rows = np.array([[1.0, 2, 3, 4, 5], [nan, 4, 1, 2, 3], [nan, nan, 1, 2, 3]])

    assert np.array_equal(medians(rows, 4), [3.0, 2.5, nan], equal_nan=True)


def test_rules_follow_the_day_and_the_night(network: Network) -> None:
    """In 2015 the project's own threshold, in 2026 the index; states keep their places."""
    bindings = bind(network, NOON)
    later = bindings.at(IN_2026)
    pm10 = row(network, "m06", "pm10")

    def hourly(bound: Any) -> str:
        hourly_ones = [b for b in bound.detectors if b.group.average_min == 60 and b.group.level == Level.ATTENTION]
        (found,) = [b for b in hourly_ones if b.rule[pm10] >= 0]
        return str(bound.rules[found.rule[pm10]].id)

    assert hourly(bindings).startswith("local-pm10-1h@")
    assert hourly(later).startswith("hj633-2026-pm10")
    assert [b.group for b in bindings.detectors] == [b.group for b in later.detectors]
    assert bindings.at(NOON + 1) is bindings
