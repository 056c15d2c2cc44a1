"""The background as it is told to a person is the one that was judged by."""

from typing import Any

import numpy as np
import pytest

from hub.anomaly.background import background
from hub.area.held import SHOWN, held, reference
from hub.area.sight import Sight
from hub.catalogue import Catalogue
from hub.judgement import Judgement
from hub.network import PROPERTY_INDEX
from hub.panel import Newest

NOON = int(1_420_776_000 / 60)
CHANCE = np.random.default_rng(3).standard_normal((40, 120))
MINUTES = 70


@pytest.fixture
def judged(town: Any) -> Judgement:
    """Return the judgement of a town whose stations scatter, fall silent now and then, and one for good."""

    def air(station: str, name: str, minute: int) -> float:
        if name.startswith("wind"):
            return 2.0 if name == "wind_speed" else 225.0
        row = int(station[1:]) if station[1:].isdigit() else 30
        return float(round(60 * (1 + 0.2 * CHANCE[row, minute]), 1))

    town.air = air
    judgement = Judgement(Catalogue(), town.areas)
    judgement.learn(town.catalogue())
    for minute in range(MINUTES):
        gone = {f"m{i:02}" for i in range(25) if (i * 7 + minute) % 5 == 0} | ({"m03"} if minute > 20 else set())
        payload = town.minute(minute, lambda s, gone=gone: s not in gone)
        judgement.take(payload, payload.t0 + 50_000)
        for _ in judgement.close(NOON + minute, payload.t0 + 90_000):
            pass
    return judgement


def test_every_minute_of_it_is_the_judges_own(judged: Judgement) -> None:
    """For every series, fixed and moving, against the function that the judge calls, minute by minute."""
    bindings, panel = judged.bindings, judged._panel
    network, honest = bindings.network, np.zeros(len(bindings.network), np.bool_)
    newest, past = Newest.never(len(network)), {}
    for minute in range(NOON, NOON + MINUTES):
        newest = panel.advanced(newest, np.array([minute]))
        past[minute] = background(network, panel, newest, minute, honest).highest
    last = NOON + MINUTES - 1
    sight = Sight(bindings, panel, newest, past[last], honest, ~honest, (), last)
    known = {name: held(sight, PROPERTY_INDEX[name]) for name in ("pm10", "nox")}

    for row in np.flatnonzero(np.isin(network.property, [PROPERTY_INDEX[name] for name in known])).tolist():
        expected = [past[minute][row] for minute in range(last - 9, last + 1)]
        found = reference(sight, known[network.datastreams[row].property], row)
        np.testing.assert_allclose(found.past, expected, atol=1e-4)
        assert len(found.neighbours) <= SHOWN
        if np.isfinite(expected[-1]):
            middle = float(np.median([one.value for one in found.neighbours]))
            assert middle == pytest.approx(expected[-1], abs=1e-4)
