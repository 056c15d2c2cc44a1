"""The feeds write as the public payloads are written."""

import json
from typing import Any

from firmware_sim.instruments.feeds import Seen, airgradient, airrohr, camera, purpleair, senml


def public(vectors: list[dict[str, Any]], name: str) -> Any:
    """Return one public payload, decoded."""
    return json.loads(next(vector["ascii"] for vector in vectors if vector["id"] == name))


def test_airrohr_writes_the_public_names(vectors: list[dict[str, Any]]) -> None:
    """Values are text, and pressure is in pascal."""
    theirs = public(vectors, "feed-airrohr-namf")
    air = {"pm10": 41.7, "pm2_5": 26.5, "temperature": 8.2, "humidity": 74.68, "pressure": 1021.827}
    ours = json.loads(airrohr("0011223344", air))

    assert ours["esp8266id"] == theirs["esp8266id"]
    assert {(row["value_type"], row["value"]) for row in theirs["sensordatavalues"][:5]} == {
        (row["value_type"], row["value"]) for row in ours["sensordatavalues"][:5]
    }


def test_airgradient_writes_the_names_of_both_firmwares(vectors: list[dict[str, Any]]) -> None:
    """Every key of ours is one of the public payload, and the same value stands there."""
    air = {"pm1": 3, "pm2_5": 7, "pm10": 8, "co2": 447, "temperature": 25.87, "humidity": 43}
    versions = {"firmware", "firmwareVersion"}
    for name, firmware in (("dev-263", (3, 0)), ("feed-airgradient-3-1", (3, 1))):
        theirs = public(vectors, name)
        ours = json.loads(airgradient("ecda3b1eaaaf", air, firmware=firmware))

        assert ours.keys() <= theirs.keys()
        assert {key: theirs[key] for key in ours.keys() - versions} == {
            key: ours[key] for key in ours.keys() - versions
        }


def test_purpleair_writes_the_public_page(vectors: list[dict[str, Any]]) -> None:
    """Time, Fahrenheit and names; the second channel has _b behind."""
    theirs = public(vectors, "feed-purpleair-7")
    air = {"pm1": 6.0, "pm2_5": 15.0, "pm10": 16.0, "temperature": 30.6, "humidity": 45, "pressure": 1010.19}
    ours = json.loads(purpleair("10:52:1c:4c:ca:95", 1_724_180_396_000, air, {"pm2_5": 15.5}))

    assert ours.pop("pm2_5_atm_b") == 15.5
    assert ours == {key: theirs[key] for key in ours}


def test_senml_writes_base_fields_once() -> None:
    """Name and time of all stand in the first record; a device without a clock says no time."""
    first, second = json.loads(senml("urn:dev:mac:24", 1_380_873_600_000, {"temperature": 23.1, "humidity": 67.0}))
    (timeless,) = json.loads(senml("urn:dev:mac:24", None, {"pressure": 1010.0}))

    assert first == {"bn": "urn:dev:mac:24:", "bt": 1380873600.0, "n": "temperature", "u": "Cel", "v": 23.1}
    assert second == {"n": "humidity", "u": "%RH", "v": 67.0}
    assert "bt" not in timeless


def test_camera_box_writes_words_and_counts() -> None:
    """As its page has it."""
    ours = json.loads(
        camera(
            4, "lab-03", 1_380_873_600_000, [Seen("no_gloves", seen=True, confidence=0.93), Seen("persons", 2, 0.88)]
        )
    )

    assert ours == {
        "sn": 4,
        "box": "lab-03",
        "time": "2013-10-04T08:00:00.000Z",
        "observations": [
            {"type": "no_gloves", "seen": True, "confidence": 0.93},
            {"type": "persons", "count": 2, "confidence": 0.88},
        ],
    }
