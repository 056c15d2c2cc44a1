"""Leads and tickets in words."""

import shapely

from hub.lead.opening import beijing, lead_opening, ticket_opening
from hub.model import Anomaly, Area, Cause, Level

SITE = Area("site", "construction_site", "西区工地", "West Site", ("w",), shapely.box(0, 0, 1, 1))
WORKS = Area("works", "enterprise", "铸造厂", "Foundry", ("w",), shapely.box(0, 0, 1, 1))
AT = 1_420_776_000_000


def anomaly(cause: Cause, value: float, background: float, threshold: float) -> Anomaly:
    """Return an anomaly at a micro-station."""
    return Anomaly(
        AT, "m06", "m06/d/x", "site", cause, Level.RED, value, background, threshold, "r@1", 116, 39, ("works",)
    )


def test_a_lead_about_an_excess_names_value_background_and_threshold() -> None:
    """In both languages, with the alternatives by name, and that it is no finding."""
    found = anomaly(Cause("pm10", "local_excess"), 731, 30, 80)
    lead = lead_opening(SITE, {"site": SITE, "works": WORKS}, (found, found), (AT, AT + 90_000, False))

    assert (lead.area, lead.cause, lead.episode_start_ms, lead.opened_ms) == ("site", found.cause, AT, AT + 90_000)
    for words in ("West Site", "731 µg/m³", "30", "701", "80", "1 more", "Foundry", "not a finding"):
        assert words in lead.explanation_en
    for words in ("西区工地", "731 µg/m³", "高出701", "阈值80", "铸造厂", "仅为线索"):
        assert words in lead.explanation


def test_a_lead_about_an_exceedance_names_the_limit() -> None:
    """And no background."""
    found = anomaly(Cause("temperature", "exceedance"), 37.2, float("nan"), 32)
    lead = lead_opening(SITE, {}, (found,), (AT, AT, True))

    assert lead.late
    assert "beyond 32 °C" in lead.explanation_en
    assert "nan" not in lead.explanation + lead.explanation_en


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
