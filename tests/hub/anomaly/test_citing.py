"""Rules that cite a standard: whose limit, from when, and what is refused."""

from datetime import date
from typing import Any

import numpy as np
import pytest

from hub.anomaly.rulebook import Rule, default_rules, in_force, read_rules
from hub.bindings import bind
from hub.catalogue import Catalogue
from hub.errors import ConfigError
from hub.network import Network, build_network

IN_2026 = int(1_780_000_000 / 60)
HEAD = 'version = "t"\njurisdiction = "site"\n'
REST = 'stations = ["micro_station", "lab"]\nenter = 1\nleave = 1\nlevel = "attention"\n'
OWN = 'source = "ours, unverified"\nconfidence = "C"\n'


def rules(*texts: str) -> tuple[Rule, ...]:
    """Return rules of which each text is the part that matters."""
    return read_rules("x.toml", HEAD + "".join(f'[[rule]]\nid = "r{i}"\n{t}\n{REST}' for i, t in enumerate(texts)))


def test_a_limit_takes_numbers_days_and_confidence_from_its_standard() -> None:
    """A rule for each step, with the conditions of its mean."""
    before, after = rules('kind = "limit"\nproperty = "pm10"\nstandard = "GB 3095-2026"\naveraging = "day"\ngrade = 2')

    assert (120, date(2026, 3, 1), date(2030, 12, 31)) == (before.threshold, before.valid_from, before.valid_to)
    assert (100, date(2031, 1, 1), date.max) == (after.threshold, after.valid_from, after.valid_to)
    assert ("r0-2026@t", "r0-2031@t") == (before.id, after.id)
    assert (1440, 45, 20, True) == (before.average_min, before.valid_min, before.valid_hours, before.natural_day)
    assert ("GB 3095-2026", "CN", "A") == (before.standard, before.jurisdiction, before.confidence)
    assert "table 1, day, grade 2" in before.source


def test_nitrogen_oxides_are_judged_only_where_a_decision_is_named() -> None:
    """Clause 4.5; the decision stands in the source."""
    nox = 'kind = "limit"\nproperty = "nox"\nstandard = "GB 3095-2026"\naveraging = "1h"\ngrade = 2'
    with pytest.raises(ConfigError, match="needs a decision"):
        rules(nox)
    (rule,) = rules(f'{nox}\ndecision = "Province, no. 7 of 2026"')

    assert 250 == rule.threshold
    assert "switched on by Province, no. 7 of 2026" in rule.source


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('kind = "limit"\nproperty = "pm2_5"\nstandard = "GB 3095-2026"\naveraging = "1h"\ngrade = 2', "below a day"),
        ('kind = "limit"\nproperty = "o3"\nstandard = "GB 3095-2026"\naveraging = "8h"\ngrade = 2', "no limit for o3"),
        (
            'kind = "limit"\nproperty = "so2"\nstandard = "GB 3095-2026"\naveraging = "year"\ngrade = 2',
            "minute by minute",
        ),
        ('kind = "limit"\nproperty = "so2"\nstandard = "GB 3095-2026"\naveraging = "1h"', "grade"),
        ('kind = "limit"\nproperty = "so2"\nstandard = "GB 3095-2012"\naveraging = "1h"', "no table of"),
        ('kind = "limit"\nproperty = "so2"\nunit = "ug/m3"\nthreshold = 1', "names its standard"),
        (
            'kind = "limit"\nproperty = "so2"\nstandard = "HJ 633-2026"\naveraging = "1h"\niaqi = 50',
            "cannot be a limit",
        ),
        ('kind = "aqi_level"\nproperty = "co"\nstandard = "HJ 633-2026"\naveraging = "1h"\niaqi = 120', "one of 0, 50"),
        ('kind = "aqi_level"\nproperty = "nox"\nstandard = "HJ 633-2026"\naveraging = "1h"\niaqi = 50', "no index"),
        ('kind = "noise_zone"\nproperty = "noise"\nstandard = "GB 3096-2008"\nzone_class = "4"', "no class '4'"),
        ('kind = "noise_zone"\nproperty = "noise"\nstandard = "GB 3096-2008"\nthreshold = 9', "the limit is that of"),
        ('kind = "local_threshold"\nproperty = "co"\nunit = "mg/m3"', "give a threshold"),
        ('kind = "local_threshold"\nproperty = "co"\nunit = "mg/m3"\nthreshold = 1', "say where"),
        (f'kind = "local_threshold"\nproperty = "co"\nunit = "ug"\nthreshold = 1\n{OWN}', "cannot be in 'ug'"),
        (
            f'kind = "local_threshold"\nproperty = "co"\nunit = "ppm"\nthreshold = 1\naverage_min = 60\n{OWN}',
            "60 min needs",
        ),
    ],
)
def test_what_no_standard_says_is_refused(text: str, said: str) -> None:
    """With the rule's id and the reason."""
    with pytest.raises(ConfigError, match=said) as caught:
        rules(text)

    assert ": r0: " in str(caught.value)


def test_an_index_and_a_noise_class_are_looked_up() -> None:
    """Particulates of an hour use the column of a day; noise has two limits."""
    own = "average_min = 60\nvalid_min = 45"
    level, fence = rules(
        f'kind = "aqi_level"\nproperty = "pm2_5"\nstandard = "HJ 633-2026"\naveraging = "1h"\niaqi = 200\n{own}',
        f'kind = "noise_zone"\nproperty = "noise"\nstandard = "GB 12348-2008"\nzone_class = "2"\n{own}',
    )

    assert (150, date(2026, 3, 1)) == (level.threshold, level.valid_from)
    assert (60, 50, "dB(A)", "B") == (fence.threshold, fence.night_threshold, fence.unit, fence.confidence)


@pytest.mark.parametrize(
    ("name", "unit", "written", "canonical", "margin"),
    [("co", "ppm", 9, 10.31, 1.1456), ("temperature", "degF", 50, 10.0, 0.5556), ("no2", "mg/m3", 0.2, 200, 1000)],
)
def test_thresholds_are_judged_in_canonical_units(
    name: str, unit: str, written: float, canonical: float, margin: float
) -> None:
    """Whatever unit a person prefers; a margin is a difference."""
    text = f'kind = "local_threshold"\nproperty = "{name}"\nunit = "{unit}"\nthreshold = {written}\nmargin = 1\n{OWN}'
    (rule,) = rules(text)

    assert (canonical, margin) == pytest.approx((rule.threshold, rule.margin), rel=1e-3)


def test_every_limit_of_the_air_is_applied_that_can_be() -> None:
    """All of table 1 but the years; both steps in their time; nothing of table 2."""
    limits = [rule for rule in default_rules() if rule.kind == "limit"]
    days = [date(2026, 6, 1), date(2031, 6, 1)]
    so2 = [{r.threshold for r in in_force(limits, day) if r.property == "so2"} for day in days]

    assert [{500, 150}, {150, 50}] == so2
    assert {"nox", "tsp"}.isdisjoint(rule.property for rule in limits)
    assert {"attention"} == {rule.level for rule in limits}
    assert not [rule for rule in limits if rule.valid_from < date(2026, 3, 1)]


@pytest.fixture(name="network")
def of_town(town: Any) -> Network:
    """Return the town's network."""
    catalogue = Catalogue()
    catalogue.add(town.catalogue())
    return build_network(catalogue.stations, catalogue.datastreams, town.areas)


LAB = 'kind = "lab_range"\nproperty = "temperature"\nunit = "degC"\n' + OWN
DUST = 'kind = "local_threshold"\nproperty = "pm10"\nunit = "ug/m3"\n' + OWN


def thresholds(network: Network, found: tuple[Rule, ...], name: str) -> dict[str, float]:
    """Return what each station is judged by, for a property."""
    (bound,) = bind(network, IN_2026, found).detectors
    limit = bound.detector.threshold(np.zeros(len(network)))
    return {s.station: float(limit[s.row]) for s in network.datastreams if s.property == name}


def test_a_room_has_its_own_range(network: Network) -> None:
    """In place of the general one, be it wider or narrower."""
    general = f"threshold = 32\n{LAB}"

    assert {"lab": 32.0} == thresholds(network, rules(general), "temperature")
    for own in (25.0, 60.0):
        particular = f'threshold = {own}\nat_stations = ["lab"]\n{LAB}'
        assert {"lab": own} == thresholds(network, rules(general, particular), "temperature")
    other = f'threshold = 8\nat_stations = ["another"]\n{LAB}'
    assert {"lab": 32.0} == thresholds(network, rules(general, other), "temperature")


def test_an_area_has_its_own_threshold(network: Network) -> None:
    """At the stations that stand in it; a station's own goes before it, a kind of area behind."""
    found = thresholds(
        network,
        rules(
            f"threshold = 100\n{DUST}",
            f'threshold = 200\nareas = ["construction_site", "enterprise"]\n{DUST}',
            f'threshold = 300\nat_areas = ["site"]\n{DUST}',
            f'threshold = 400\nat_stations = ["m00"]\n{DUST}',
        ),
        "pm10",
    )

    assert (300, 200, 400, 100) == (found["m06"], found["m22"], found["m00"], found["m01"])


def test_of_rules_that_are_as_particular_the_strictest_holds(network: Network) -> None:
    """Above or below."""
    assert 100 == thresholds(network, rules(f"threshold = 300\n{DUST}", f"threshold = 100\n{DUST}"), "pm10")["m01"]
    cold = rules(*(f"threshold = {value}\nbelow = true\n{LAB}" for value in (2, 5)))
    assert {"lab": 5.0} == thresholds(network, cold, "temperature")


def test_a_sites_threshold_hides_no_limit(network: Network) -> None:
    """Kinds are judged apart, each with its own state: a stricter threshold does not stand in place of a limit."""
    own = "average_min = 60\nvalid_min = 45"
    index = f'kind = "aqi_level"\nproperty = "pm10"\nstandard = "HJ 633-2026"\naveraging = "1h"\niaqi = 150\n{own}'
    found = bind(network, IN_2026, rules(index, f"threshold = 100\n{own}\n{DUST}")).detectors
    row = next(s.row for s in network.datastreams if (s.station, s.property) == ("m01", "pm10"))

    assert {"aqi_level": 250.0, "local_threshold": 100.0} == {
        bound.group.kind: float(bound.detector.threshold(np.zeros(len(network)))[row]) for bound in found
    }
