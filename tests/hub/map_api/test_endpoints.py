"""The endpoints over a small hub."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import TypeAdapter

from wire.batch import Status

NOW_MS = 1_380_873_600_000


def ask(app: FastAPI, *paths: str, **options: Any) -> list[httpx.Response]:
    """Return the answers to GET requests."""

    async def play() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1", trust_env=False, **options
        ) as client:
            return [await client.get(path) for path in paths]

    return asyncio.run(play())


def told(app: FastAPI, path: str) -> Any:
    """Return what the interface says under /api."""
    answer = ask(app, f"/api/{path}")[0]
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_zone_has_names_and_bounds(app: FastAPI) -> None:
    """The bounds hold areas and districts."""
    assert told(app, "zone") == {"name": "开发区", "name_en": "Zone", "bounds": [116.3, 39.6, 116.7, 39.9]}


def test_area_shows_level_freshness_and_causes(app: FastAPI) -> None:
    """A red area says since when and why, in numbers."""
    red = told(app, "areas")["features"][0]

    assert [red["properties"][name] for name in ("level", "freshness", "since_ms", "kind", "districts")] == [
        "red",
        "fresh",
        NOW_MS,
        "construction_site",
        ["d-1", "d-2"],
    ]
    assert red["properties"]["causes"][0]["value"] == 412.0


def test_area_that_was_never_judged_is_grey(app: FastAPI) -> None:
    """Nothing known is grey, never green."""
    unseen = told(app, "areas")["features"][1]["properties"]

    assert (unseen["level"], unseen["freshness"], unseen["since_ms"]) == ("normal", "no_data", 0)


def test_districts_are_given_as_they_are(app: FastAPI) -> None:
    """The file's own features."""
    assert told(app, "districts")["features"][0]["properties"]["name"] == "一区"


def test_station_shows_its_latest_values(app: FastAPI) -> None:
    """In canonical units; of two devices with one property the later one speaks; a missing value is null."""
    station = told(app, "stations")["features"][0]

    assert station["geometry"]["coordinates"] == [116.5, 39.8]
    assert station["properties"]["signed"]
    assert station["properties"]["values"] == {
        "pm10": {"value": 412.0, "unit": "ug/m3", "time_ms": NOW_MS, "flag": 1},
        "no2": {"value": None, "unit": "ug/m3", "time_ms": NOW_MS - 5, "flag": 9},
    }


def test_vehicle_is_where_it_last_was(app: FastAPI) -> None:
    """A vehicle takes its readings' position; one that was never seen has no geometry."""
    seen, unseen = told(app, "stations")["features"][1:]

    assert [seen["geometry"]["coordinates"], unseen["geometry"]] == [[116.51, 39.81], None]


def test_track_is_the_last_hour_in_order(app: FastAPI) -> None:
    """One position for each time, oldest first; a vehicle that stood nowhere has no line."""
    tracks = told(app, "tracks")["features"]

    assert [track["properties"]["station"] for track in tracks] == ["patrol-1"]
    assert tracks[0]["geometry"]["coordinates"] == [[116.5, 39.8], [116.51, 39.81]]


def test_series_is_in_canonical_units(app: FastAPI) -> None:
    """NO2 sent in ppb is shown in ug/m3 (46.006 g/mol, 24.45 L/mol); a missing value is null."""
    series = told(app, "stations/micro-1/series?property=no2")

    assert series["value"] == [pytest.approx(10 * 46.006 / 24.45), None]
    assert [series["unit"], series["flag"]] == ["ug/m3", [1, 9]]


def test_series_joins_the_devices_of_a_station_by_time(app: FastAPI) -> None:
    """Two devices measure PM10 here: one series, in the order of time."""
    assert told(app, "stations/micro-1/series?property=pm10")["value"] == [100.0, 200.0, 300.0]


def test_series_keeps_to_its_span(app: FastAPI) -> None:
    """From is in, to is out."""
    start = NOW_MS - 600_000
    path = f"stations/micro-1/series?property=pm10&from_ms={start}&to_ms={start + 120_000}"

    assert told(app, path)["time_ms"] == [start, start + 60_000]


@pytest.mark.parametrize("span", ["", f"&from_ms={NOW_MS - 600_000}", f"&to_ms={NOW_MS}"])
def test_series_is_of_a_day_unless_told_otherwise(app: FastAPI, span: str) -> None:
    """The day before to, or after from, or the last one."""
    assert len(told(app, f"stations/micro-1/series?property=pm10{span}")["time_ms"]) == 3


def test_series_of_what_a_station_does_not_measure_is_empty(app: FastAPI) -> None:
    """No datastream is no error."""
    assert told(app, "stations/micro-1/series?property=noise")["time_ms"] == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("stations/nowhere/series?property=pm10", 404),
        ("stations/micro-1/series?property=happiness", 404),
        ("stations/micro-1/series", 422),
        ("stations/micro-1/series?property=pm10&from_ms=9&to_ms=3", 400),
        (f"stations/micro-1/series?property=pm10&from_ms=0&to_ms={NOW_MS}", 400),
        ("stations/micro-1/series?property=pm10&from_ms=-1", 422),
        ("stations/micro-1/series?property=pm10&to_ms=99999999999999999999", 422),
        ("leads/7", 404),
        ("leads/0", 422),
        ("leads/first", 422),
        ("nothing", 404),
    ],
)
def test_what_cannot_be_answered_is_refused(app: FastAPI, path: str, status: int) -> None:
    """A question about nothing, or a span that is none, is the asker's error."""
    assert ask(app, f"/api/{path}")[0].status_code == status


def test_lead_comes_with_its_evidence(app: FastAPI) -> None:
    """The list names it; the detail says everything."""
    listed, detail = told(app, "leads"), told(app, "leads/1")

    assert [lead["cause"] for lead in listed] == [{"property": "pm10", "detector": "local_excess"}]
    assert [detail["evidence"][0]["value"], detail["episodes"][0]["start_ms"]] == [412.0, NOW_MS]
    assert detail["pushes"][0]["delivered_ms"] is None


def test_tickets_levels_and_properties_are_listed(app: FastAPI) -> None:
    """What the registry and the catalogue of properties hold."""
    assert told(app, "tickets")[0]["kind"] == "flat_line"
    assert told(app, "levels") == [
        {"area": "site-1", "level": "red", "freshness": "fresh", "since_ms": NOW_MS, "judged_ms": NOW_MS + 90_000}
    ]
    assert "dB(A)" in [prop["unit"] for prop in told(app, "properties") if prop["name"] == "noise"]


def test_gateway_that_was_not_heard_is_listed_as_unknown(own_hub: Any) -> None:
    """Its stations are known from the journal; whether it is online is not."""
    own_hub.live.note_status("gw-east", Status(online=True, outbox_blocks=3), NOW_MS)

    heard, unheard = told(own_hub.app(), "gateways")

    assert [heard["id"], heard["online"], heard["stations"], heard["outbox_blocks"]] == ["gw-east", True, 1, 3]
    assert [unheard["id"], unheard["online"], unheard["stations"]] == ["gw-patrol", None, 2]


def test_answers_have_the_shapes_that_are_promised(app: FastAPI, hub: Any) -> None:
    """Each endpoint's answer is what the interface's description (OpenAPI) says."""
    for route in hub.described():
        if "GET" not in route.methods:
            continue
        path = route.path.format(station="micro-1", lead_id=1, number=1)
        answer = ask(app, path, params={"property": "pm10"})[0]
        TypeAdapter(route.response_model).validate_json(answer.content, strict=True)


def test_every_answer_forbids_foreign_content(app: FastAPI) -> None:
    """Page, interface and errors alike carry the policy; the interface is not cached."""
    answers = ask(app, "/", "/api/zone", "/api/nothing", "/api/leads/first")

    assert all("default-src 'self'" in answer.headers["Content-Security-Policy"] for answer in answers)
    assert [answer.headers.get("Cache-Control") for answer in answers[1:]] == ["no-store"] * 3


def test_foreign_host_name_is_refused(app: FastAPI) -> None:
    """A page elsewhere that rebinds its name to this machine reads nothing."""
    answer = ask(app, "/api/leads", headers={"Host": "evil.example"})[0]

    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("credentials", "status"),
    [
        (None, 401),
        (("quietwatch", "wrong"), 401),
        (("other", "secret"), 401),
        (("quietwatch", "secret"), 200),
    ],
)
def test_password_is_asked_for(hub: Any, credentials: tuple[str, str] | None, status: int) -> None:
    """Beyond loopback nobody reads without the password."""
    assert ask(hub.app(password="secret"), "/api/zone", auth=credentials)[0].status_code == status  # noqa: S106


@pytest.mark.parametrize("given", ["Basic ä", "Basic !", "Basic", "Bearer cXVpZXR3YXRjaDpzZWNyZXQ="])
def test_garbled_credentials_are_refused(hub: Any, given: str) -> None:
    """What is not HTTP basic is an unknown visitor, not a failure of the hub."""
    answers = ask(hub.app(password="secret"), "/api/zone", "/healthz", headers={"Authorization": given.encode()})  # noqa: S106

    assert [answer.status_code for answer in answers] == [401, 200]


def test_page_is_served_when_it_was_built(hub: Any, tmp_path: Path) -> None:
    """The built page at /, its files beside it."""
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "index.html").write_text("<p>the map")
    (tmp_path / "page" / "a.js").write_text("1")

    page, script = ask(hub.app(page=tmp_path / "page"), "/", "/a.js")

    assert [page.text, script.text] == ["<p>the map", "1"]


def test_missing_page_says_how_to_build_it(hub: Any, tmp_path: Path) -> None:
    """A clear word instead of an empty screen."""
    answer = ask(hub.app(page=tmp_path / "none"), "/")[0]

    assert [answer.status_code, "make web" in answer.text] == [503, True]
