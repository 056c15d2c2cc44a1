"""GET /api/checks: the thresholds in force, and what the last month brought beside their budget."""

import asyncio
import dataclasses
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.map_api import LiveView
from hub.model import TicketOpening
from hub.store.hours import HourReader

pytestmark = pytest.mark.component

NOW_MS = 1_380_873_600_000


def told(hub: Any) -> Any:
    """Return what the interface says."""

    async def play() -> httpx.Response:
        transport = httpx.ASGITransport(app=hub.app())
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", trust_env=False) as client:
            return await client.get("/api/checks")

    return asyncio.run(play()).json()


def test_the_thresholds_in_force_say_their_age_and_budget(hub: Any) -> None:
    """They were calibrated ten days ago."""
    said = told(hub)["calibration"]

    assert ("ab" * 32, 0.1, 10.0) == (said["thresholds"], said["false_alarms_per_sensor_month"], said["age_days"])


def test_what_came_stands_beside_what_was_expected(hub: Any) -> None:
    """One alarm in 36 hours of one stream is 20 a month of 720 hours."""
    (said,) = told(hub)["properties"]

    assert ("pm10", 1, 0.09, 1) == tuple(said[key] for key in ("property", "streams", "estimated_rate", "alarms"))
    assert (pytest.approx(0.05), pytest.approx(20.0)) == (said["stream_months"], said["alarm_rate"])


def test_faults_that_last_are_listed(hub: Any) -> None:
    """With station, device, property, kind and beginning."""
    expected = {"station": "micro-1", "device": "micro-1-pm", "property": "pm10", "kind": "drift", "since_ms": NOW_MS}

    assert [expected] == told(hub)["standing"]


def test_only_tickets_of_hourly_checks_count(own_hub: Any) -> None:
    """The flat line that the minute showed is not theirs."""
    own_hub.registry.open_ticket(TicketOpening("micro-1-pm", "drift", NOW_MS, NOW_MS, "漂移", "Drift"))

    assert (1, pytest.approx(20.0)) == tuple(told(own_hub)[key] for key in ("tickets", "ticket_rate"))


def test_a_hub_without_thresholds_and_hours_says_so(own_hub: Any, tmp_path: Path) -> None:
    """Nothing in force, nothing judged: null, not nought."""
    bare = dataclasses.replace(own_hub, live=LiveView(), hours=HourReader(tmp_path / "none.sqlite"))

    assert {
        "calibration": None,
        "properties": [],
        "tickets": 0,
        "ticket_rate": None,
        "standing": [],
    } == told(bare)
