"""Posts that have said nothing for a month: nobody's neighbours until they speak again, the same in every run."""

from typing import Any

import numpy as np
import pytest

from hub.catalogue import Catalogue
from hub.hourly import judged_streams
from hub.judgement import Judgement
from hub.model import MINUTE_MS
from hub.network import NEIGHBOURS, SILENT_MIN, Network, build_network, long_silent
from hub.panel import NEVER

NOON = int(1_420_776_000 / 60)
MONTH = SILENT_MIN + 10


@pytest.fixture
def network(town: Any) -> Network:
    """Return the town's network."""
    catalogue = Catalogue()
    catalogue.add(town.catalogue())
    return build_network(catalogue.stations, catalogue.datastreams, town.areas)


def of(network: Network, *stations: str) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return which streams are of some stations."""
    return np.array([stream.station in stations for stream in network.datastreams])


def nearest(network: Network, row: int, heard: Any) -> set[float]:
    """Return the distances of the nearest that are heard, one by one."""
    others = np.flatnonzero(network.ambient & heard & (network.property == network.property[row]))
    away = np.hypot(network.east_m - network.east_m[row], network.north_m - network.north_m[row])
    return set(np.sort(away[others[others != row]])[:NEIGHBOURS].round(3).tolist())


def test_the_next_nearest_takes_the_place_of_who_is_silent(network: Network) -> None:
    """As counting says, for everybody; who is silent keeps neighbours: it is compared as soon as it speaks."""
    silent = of(network, "m11", "m13", "m17")
    after = network.without(silent)

    assert not silent[after.neighbours[after.neighbours < len(network)]].any()
    for row in np.flatnonzero(of(network, "m12", "m13", "m00")).tolist():
        around = after.neighbours[row]
        away = np.hypot(network.east_m[around] - network.east_m[row], network.north_m[around] - network.north_m[row])
        assert nearest(network, row, ~silent) == set(away.round(3).tolist())
    assert np.array_equal(network.neighbours, after.without(np.zeros(len(network), np.bool_)).neighbours)


def test_only_who_has_spoken_falls_silent() -> None:
    """To the minute; who never spoke is still awaited."""
    newest = np.array([NOON, NOON - SILENT_MIN, NOON - SILENT_MIN - 1, NEVER])

    assert [False, False, True, False] == long_silent(newest, NOON).tolist()


def judged(judgement: Judgement, town: Any, minute: int, gone: str = "") -> Judgement:
    """Judge a minute in which one station says nothing."""
    judgement.take(town.minute(minute, lambda station: station != gone), (NOON + minute) * MINUTE_MS)
    list(judgement.close(NOON + minute, (NOON + minute + 1) * MINUTE_MS))
    return judgement


def begun(town: Any) -> Judgement:
    """Return a judgement that knows the town."""
    judgement = Judgement(Catalogue(), town.areas)
    judgement.learn(town.catalogue())
    return judgement


def test_after_a_month_a_post_makes_room_also_after_a_restart_and_comes_back_with_its_first_value(town: Any) -> None:
    """Judged through, and restored from what was kept: the same neighbours; the hours' posts follow."""
    lived = judged(begun(town), town, 0)
    assert 16 == np.count_nonzero(lived.bindings.network.neighbours[of(lived.bindings.network, "m12")][0] < 55)
    lived.pass_over(NOON + MONTH - 2)
    for minute in (MONTH - 1, MONTH):
        judged(lived, town, minute, gone="m13")
    network = lived.bindings.network
    silent = of(network, "m13")
    assert np.array_equal(silent, network.silent)
    assert not silent[network.neighbours[of(network, "m12")]].any()
    assert "m13" not in {stream.station for stream in judged_streams(network)}

    restored = begun(town)
    restored.restore({name: array.copy() for name, array in lived.arrays().items()}, {})
    assert np.array_equal(network.neighbours, restored.bindings.network.neighbours)

    for judgement in (lived, restored):
        judged(judged(judgement, town, MONTH + 1), town, MONTH + 2)
        assert not judgement.bindings.network.silent.any()
        assert silent[judgement.bindings.network.neighbours[of(network, "m12")]].any()
