"""What the check of rules finds, and that the program's own have nothing to find."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.anomaly.lint import Flaw, lint, report
from hub.anomaly.rule import Rule
from hub.anomaly.rulebook import default_rules, in_force

GOOD = Rule(
    id="one@t",
    kind="local_threshold",
    property="co2",
    unit="ppm",
    stations=("lab",),
    threshold=1500,
    average_min=10,
    valid_min=5,
    enter=1,
    leave=1,
    level="attention",
    jurisdiction="site",
    source="standing order 3",
    confidence="B",
)


def but(rule: Rule = GOOD, **changes: Any) -> Rule:
    """Return a rule with changes."""
    return msgspec.structs.replace(rule, **changes)


def about(*rules: Rule) -> set[tuple[str, str]]:
    """Return (rule, what of it) of all flaws of some rules."""
    return {(flaw.rule, flaw.about) for flaw in lint(rules)}


def test_the_rules_that_come_with_the_program_have_no_flaw() -> None:
    """Total, without overlap, cited, in known units, with the conditions of their means."""
    assert lint(default_rules()) == ()
    assert report(default_rules(), ())[-1].endswith("no flaw")


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"property": "radon"}, "property"),
        ({"property": "disk_free", "unit": "%"}, "property"),
        ({"property": "wind_direction", "unit": "deg"}, "average_min"),
        ({"unit": "ug/m3"}, "unit"),
        ({"source": " "}, "source"),
        ({"jurisdiction": ""}, "jurisdiction"),
        ({"confidence": "C"}, "confidence"),
        ({"kind": "limit"}, "standard"),
        ({"kind": "noise_zone", "standard": "GB 3096-2008"}, "night_threshold"),
        ({"standard": "GB 1-1900"}, "standard"),
        ({"average_min": 1500}, "average_min"),
        ({"valid_min": 11}, "valid_min"),
        ({"valid_hours": 1}, "valid_hours"),
        ({"average_min": 480, "valid_min": 45, "valid_hours": 9}, "valid_hours"),
        ({"natural_day": True}, "natural_day"),
        ({"night_threshold": 1.0, "average_min": 960}, "average_min"),
        ({"stations": ()}, "stations"),
        ({"areas": ("road",), "at_stations": ("b2",)}, "areas"),
        ({"valid_from": date(2027, 1, 1), "valid_to": date(2026, 1, 1)}, "valid_to"),
        ({"threshold": float("nan")}, "threshold"),
        ({"margin": -1.0}, "threshold"),
    ],
)
def test_a_rule_that_cannot_be_right_is_named(changes: dict[str, Any], what: str) -> None:
    """By its id, and what of it."""
    assert lint([GOOD]) == ()
    assert ("one@t", what) in about(but(**changes))


def test_a_limit_keeps_its_standards_conditions() -> None:
    """The day's 20 hours, the hour's 45 minutes; an hour of particulates has no limit, whoever writes one."""
    limits = {rule.id.partition("@")[0]: rule for rule in default_rules() if rule.kind == "limit"}
    day, hour = limits["gb3095-2026-pm10-day-2026"], limits["gb3095-2026-no2-1h"]

    assert (day.id, "valid_min") in about(but(day, valid_hours=19))
    assert (hour.id, "valid_min") in about(but(hour, valid_min=44))
    assert (day.id, "average_min") in about(but(day, average_min=60, valid_hours=0, natural_day=False))


def test_an_id_stands_for_one_rule() -> None:
    """Whatever the version."""
    assert ("one@u", "id") in about(GOOD, but(id="one@u", property="voc_index", unit="1"))


@pytest.mark.parametrize(
    ("one", "other", "overlaps"),
    [
        ({}, {"threshold": 2000.0}, True),
        ({}, {"property": "voc_index", "unit": "1"}, False),
        ({}, {"below": True}, False),
        ({}, {"level": "red", "threshold": 2000.0}, False),
        ({}, {"kind": "lab_range"}, False),
        ({}, {"average_min": 60}, False),
        ({}, {"stations": ("reference",)}, False),
        ({}, {"at_stations": ("b2",)}, False),
        ({"at_stations": ("b1", "b2")}, {"at_stations": ("b2",)}, True),
        ({"at_stations": ("b1",)}, {"at_stations": ("b2",)}, False),
        ({"at_areas": ("a",)}, {"at_areas": ("a",)}, True),
        ({"at_areas": ("a",)}, {"at_stations": ("b2",)}, False),
        ({"valid_to": date(2026, 6, 1)}, {"valid_from": date(2026, 6, 1)}, True),
        ({"valid_to": date(2026, 5, 31)}, {"valid_from": date(2026, 6, 1)}, False),
    ],
)
def test_two_rules_that_answer_one_question_overlap(one: dict[str, Any], other: dict[str, Any], overlaps: bool) -> None:  # noqa: FBT001
    """At one place, on one day, for one level; a more particular one stands in place of the general."""
    found = about(but(**one), but(id="two@t", **other))

    assert (("one@t", "overlap") in found) is overlaps


def test_a_place_without_an_answer_is_a_hole() -> None:
    """Rules by kind of area name every kind, outside of all areas included."""
    rules = [but(areas=("enterprise", "road", "construction_site")), but(id="two@t", areas=("lab_building",))]

    (flaw,) = lint(rules)
    assert flaw == Flaw("one@t", "hole", "nothing says it for lab in none from 0001-01-01 to 9999-12-31")
    assert lint([*rules, but(id="three@t", areas=("none",))]) == ()


def test_an_area_that_is_not_in_the_zone_is_named() -> None:
    """Where the zone is known: a slip of the pen would leave the place to the general rule."""
    rule = but(at_areas=("north-park", "nort-park"))

    assert lint([rule]) == lint([rule], areas=["north-park", "nort-park"]) == ()
    assert [flaw.reason for flaw in lint([rule], areas=["north-park"])] == ["there is no area 'nort-park' in the zone"]


def test_a_day_without_an_answer_is_a_hole() -> None:
    """Between two rules, or for ever after the last; rules of another kind may take over."""
    until, on = but(valid_to=date(2026, 2, 28)), date(2026, 3, 1)

    assert ("one@t", "hole") in about(until)
    assert ("one@t", "hole") in about(until, but(id="two@t", valid_from=on + timedelta(1)))
    assert about(until, but(id="two@t", valid_from=on, kind="lab_range")) == set()


def test_red_comes_after_attention() -> None:
    """On both sides."""
    red = but(id="red@t", level="red")

    assert ("red@t", "level") in about(GOOD, but(red, threshold=1400.0))
    assert about(GOOD, but(red, threshold=1600.0)) == set()
    assert ("red@t", "level") in about(but(below=True), but(red, below=True, threshold=1600.0))


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 20)), min_size=1, max_size=6))
def test_no_hole_is_left_out_and_none_invented(spans: list[tuple[int, int]]) -> None:
    """Against counting day by day which rule is in force."""
    begin = date(2026, 1, 1)
    rules = [
        but(id=f"r{i}@t", valid_from=begin + timedelta(a), valid_to=begin + timedelta(a + b), kind=kind)
        for i, ((a, b), kind) in enumerate(zip(spans, ["lab_range", "local_threshold"] * 3, strict=False))
    ]
    last = but(id="last@t", valid_from=begin + timedelta(60))
    first = min(rule.valid_from for rule in rules)
    empty = [day for n in range(60) if (day := begin + timedelta(n)) >= first and not in_force(rules, day)]
    told = [flaw.reason for flaw in lint([*rules, last]) if flaw.about == "hole" and " in none " in flaw.reason]
    spoken = [day for day in empty if any(begins(reason) <= day <= ends(reason) for reason in told)]

    assert spoken == empty
    assert bool(told) == bool(empty)


def begins(reason: str) -> date:
    """Return the first day of a hole."""
    return date.fromisoformat(reason.split()[-3])


def ends(reason: str) -> date:
    """Return the last day of a hole."""
    return date.fromisoformat(reason.rsplit(maxsplit=1)[-1])


def test_the_report_counts_rules_by_how_sure_they_are() -> None:
    """A line for each flaw, then the sum."""
    rules = [but(jurisdiction=""), but(id="two@t", property="voc_index", unit="1", confidence="A")]

    assert report(rules, lint(rules)) == [
        "one@t: jurisdiction: says nowhere who has set it: CN, a province's code, project, or site",
        "2 rules (1 A, 1 B): 1 flaws",
    ]
