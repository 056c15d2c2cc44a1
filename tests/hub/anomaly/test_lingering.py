"""The last of a haze over one place is nobody's; what comes to a place, and what outlasts a haze for hours, is."""

from typing import Any

import numpy as np
import pytest

from hub.anomaly.lingering import SPAN_MIN, lingers
from hub.catalogue import Catalogue
from hub.model import MINUTE_MS
from hub.network import Network, build_network
from hub.panel import Panel, Readings

NOON = int(1_420_776_000 / 60)
LAST = 600
# All around: 200 until the fall at 300, 60 from 330 on.
HAZE = np.interp(np.arange(LAST), [300, 330], [200.0, 60.0])


@pytest.fixture
def network(town: Any) -> Network:
    """Return the town's network."""
    catalogue = Catalogue()
    catalogue.add(town.catalogue())
    return build_network(catalogue.stations, catalogue.datastreams, town.areas)


def said(network: Network, around: Any, here: Any, minute: int, every: int = 1) -> bool:
    """Return what is said at a minute of one station that has other air than all around."""
    panel = Panel()
    panel.grow(network.averaging, network.moving)
    n = len(network)
    row = next(s.row for s in network.datastreams if (s.station, s.property) == ("m12", "pm10"))
    for at in range(0, minute + 1, every):
        value = np.full(n, around[at])
        value[row] = here[at]
        nan, flag = np.full(n, np.nan), np.where(np.isnan(value), 9, 1).astype(np.uint8)
        time_ms = np.full(n, (NOON + at) * MINUTE_MS)
        panel.add(Readings(np.arange(n, dtype=np.int32), time_ms, value, flag, nan, nan), NOON + at)
        panel.head = NOON + at
    now = np.array([here[minute]]), np.array([here[minute] - around[minute]])
    (found,) = lingers(network, panel, np.array([row]), now, NOON + minute)
    return bool(found)


@pytest.mark.parametrize("every", [1, 30])
def test_what_stays_when_a_haze_leaves_lingers_for_some_hours(network: Network, every: int) -> None:
    """Also with devices that report each half hour; whoever then still stands above all has something of its own."""
    stays = np.full(LAST, 190.0)

    assert [True, True, False] == [said(network, HAZE, stays, at, every) for at in (330, 450, 330 + SPAN_MIN)]


def test_what_comes_after_the_haze_does_not_linger(network: Network) -> None:
    """It had become clean here as everywhere: the same value an hour later is another's."""
    returns = np.where(np.arange(LAST) < 390, HAZE, 190.0)

    assert not said(network, HAZE, returns, 400)


def test_what_stands_above_the_haze_does_not_linger(network: Network) -> None:
    """400 was nowhere; in steady air nothing is left of anything."""
    assert not said(network, HAZE, np.full(LAST, 400.0), 400)
    assert not said(network, np.full(LAST, 60.0), np.full(LAST, 190.0), 400)


def test_silence_says_nothing(network: Network) -> None:
    """Neighbours that were silent had nothing; a gap here is no clean air."""
    stays = np.full(LAST, 190.0)

    assert not said(network, np.where(np.arange(LAST) < 331, np.nan, HAZE), stays, 400)
    assert said(network, HAZE, np.where((np.arange(LAST) > 340) & (np.arange(LAST) < 390), np.nan, stays), 400)
