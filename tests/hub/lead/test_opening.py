"""Leads and tickets in words."""

from dataclasses import replace

import shapely

from hub.lead.opening import beijing, lead_opening, ticket_opening
from hub.model import Anomaly, Area, Basis, Cause, Level
from hub.reasons import Candidate, Explanation, Settle

SITE = Area("site", "construction_site", "西区工地", "West Site", ("w",), shapely.box(0, 0, 1, 1))
WORKS = Area("works", "enterprise", "铸造厂", "Foundry", ("w",), shapely.box(0, 0, 1, 1))
WHO = (Candidate("site", 0.62), Candidate("works", 0.28), Candidate(None, 0.1))
AT = 1_420_776_000_000


def anomaly(cause: Cause, value: float, background: float, threshold: float) -> Anomaly:
    """Return an anomaly at a micro-station."""
    explanation = Explanation(
        "arithmetic",
        background_of="neighbours",
        background_count=16,
        absolute=threshold,
        relative=0.6,
        enter=3,
        leave=5,
    )
    settle = Settle("between", 116.1, 39.1, "site", None, 260.0, 400.0, 40.0, 0.4, "去测", "Go there.")
    return Anomaly(
        *(AT, "m06", "m06/d/x", "site", cause, Level.RED, value, background, threshold, "r@1", 116, 39),
        basis=Basis(standard="GB 3096-2008", average_min=20),
        candidates=WHO,
        settle=settle,
        explanation=explanation,
    )


def test_a_lead_about_an_excess_names_value_background_and_threshold() -> None:
    """In both languages, with the alternatives by name, and that it is no finding."""
    found = anomaly(Cause("pm10", "local_excess"), 731, 30, 80)
    lead = lead_opening(SITE, {"site": SITE, "works": WORKS}, (found, found), (AT, AT + 90_000, False))

    assert (lead.area, lead.cause, lead.episode_start_ms, lead.opened_ms) == ("site", found.cause, AT, AT + 90_000)
    for words in ("West Site", "731 µg/m³", "16 neighbours is 30: 701 above", "0.6 x background", "1 more"):
        assert words in lead.explanation_en
    for words in ("West Site 62%, Foundry 28%, a source outside the known areas 10%", "Go there.", "not a finding"):
        assert words in lead.explanation_en
    for words in ("西区工地", "731 µg/m³", "高出701", "阈值80", "铸造厂28%", "去测", "仅为线索"):
        assert words in lead.explanation


def test_a_lead_about_an_exceedance_names_the_limit() -> None:
    """And no background."""
    found = anomaly(Cause("temperature", "exceedance"), 37.2, float("nan"), 32)
    lead = lead_opening(SITE, {}, (found,), (AT, AT, True))

    assert lead.late
    assert "beyond 32 °C" in lead.explanation_en
    assert "nan" not in lead.explanation + lead.explanation_en


def test_a_lead_names_its_rule_and_standard() -> None:
    """And over what it averages, how it is entered and left."""
    lead = lead_opening(SITE, {}, (anomaly(Cause("noise", "exceedance"), 71, float("nan"), 65),), (AT, AT, False))

    assert "Rule r@1 (GB 3096-2008, mean of 20 min)." in lead.explanation_en
    assert "规则r@1（GB 3096-2008，20分钟平均）。" in lead.explanation
    assert "3 in a row enter, 5 leave." in lead.explanation_en


def test_an_area_that_is_only_the_likeliest_is_called_so() -> None:
    """Below a half, in both languages, with all percentages."""
    found = replace(
        anomaly(Cause("pm10", "local_excess"), 731, 30, 80),
        candidates=(Candidate("site", 0.4), Candidate("works", 0.35), Candidate(None, 0.25)),
    )
    lead = lead_opening(SITE, {"site": SITE, "works": WORKS}, (found,), (AT, AT, False))

    assert "remains open" in lead.explanation_en
    assert "West Site 40%, Foundry 35%" in lead.explanation_en
    assert "归属未定" in lead.explanation


def test_a_ticket_names_device_fault_and_time() -> None:
    """In both languages."""
    ticket = ticket_opening("m06-pm", "flat_line", AT, AT + 60_000, "detail")

    assert (ticket.subject, ticket.kind, ticket.since_ms, ticket.opened_ms) == ("m06-pm", "flat_line", AT, AT + 60_000)
    assert (
        ticket.explanation_en == "m06-pm repeats one value while the air around it changes, since 01-09 12:00. detail"
    )
    assert "01-09 12:00" in ticket.explanation


def test_times_are_those_of_beijing() -> None:
    """Whatever the machine thinks."""
    assert beijing(AT) == "01-09 12:00"


def test_a_ticket_says_its_numbers_in_each_language() -> None:
    """A pair of details stands in its own language at the end of each text."""
    ticket = ticket_opening("m06-pm", "flat_line", AT, AT + 60_000, ("20次均为31", "20 times 31"))

    assert (" 20次均为31", " 20 times 31") == (ticket.explanation[-8:], ticket.explanation_en[-12:])
