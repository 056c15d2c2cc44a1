"""The hub's configuration: what is right is read whole, what is wrong is named by file, table and key."""

import base64
from pathlib import Path

import pytest

from hub.anomaly.rulebook import rule_texts, rules_of
from hub.config import is_loopback, load_config
from hub.errors import ConfigError

KEY = base64.b64encode(bytes(range(32))).decode()
GOOD = f"""
[hub]
directory = "var"

[mqtt]
port = 1884
username = "hub"
password_env = "BROKER"

[http]
port = 0

[judge]
grace_s = 60

[zone]
name = "示范开发区"
name_en = "Demonstration zone"

[[gateway]]
id = "gw-east"
public_key = "{KEY}"

[[receiver]]
name = "inspector"
url = "http://127.0.0.1:9/"

[store.influx]
url = "http://127.0.0.1:8428"
token_env = "TOKEN"
"""
ENVIRON = {"BROKER": "secret", "TOKEN": "token"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the path of a configuration with its GeoJSON files beside it."""
    for name in ("areas.geojson", "districts.geojson"):
        (tmp_path / name).write_text("{}", encoding="utf-8")
    path = tmp_path / "hub.toml"
    path.write_text(GOOD, encoding="utf-8")
    return path


def test_configuration_is_read_whole(file: Path) -> None:
    """Paths are relative to the file, secrets come from the environment, keys are keys."""
    config = load_config(file, ENVIRON)

    assert (file.parent / "var", file.parent / "areas.geojson") == (config.directory, config.areas)
    assert ("secret", "", "token") == (config.mqtt_password, config.http_password, config.influx_token)
    assert {"gw-east": bytes(range(32))} == {id_: bytes(key) for id_, key in config.keys.items()}
    assert (60, "inspector", "127.0.0.1") == (config.judge.grace_s, config.receivers[0].name, config.mqtt.host)
    assert config.influx is not None


def test_least_that_is_needed_is_enough(file: Path) -> None:
    """Everything else has a default."""
    file.write_text('[hub]\ndirectory = "var"\n[zone]\nname = "区"\n', encoding="utf-8")
    config = load_config(file, {})

    assert ({}, (), None, 30) == (config.keys, config.receivers, config.influx, config.judge.grace_s)


@pytest.mark.parametrize(
    ("right", "wrong", "place"),
    [
        ("grace_s = 60", "grace = 60", "[judge] grace:"),
        ("grace_s = 60", "grace_s = 0", "[judge] grace_s:"),
        ("grace_s = 60", 'rules = "nowhere"', "[judge] rules:"),
        ("port = 1884", 'port = "1884"', "[mqtt] port:"),
        ("port = 1884", "port = 70000", "[mqtt] port:"),
        ("port = 1884", 'host = "broker.example"', "[mqtt] ca_file:"),
        ("port = 0", 'host = "0.0.0.0"', "[http] tls_cert:"),
        ("port = 0", 'tls_key = "key.pem"', "[http] tls_cert:"),
        ('directory = "var"', "", "[hub] directory:"),
        ("[judge]", "[judgement]", "[judgement]:"),
        ("[store.influx]", "[store.duckdb]", "[store]:"),
        ("[[receiver]]", "[receiver]", "[receiver]:"),
        ('name = "inspector"', "", "[receiver[1]] name:"),
        ('id = "gw-east"', 'id = "GW East"', "[gateway[1]] id:"),
        (KEY, KEY[:-4], "[gateway[1]] public_key:"),
        (KEY, "not base64", "[gateway[1]] public_key:"),
        ("BROKER", "NOWHERE", "[mqtt] password_env:"),
        ('name_en = "Demonstration zone"', 'areas = "elsewhere.geojson"', "[zone] areas:"),
        ("[hub]", "[hub", "[file]:"),
    ],
)
def test_mistake_is_named_by_file_table_and_key(file: Path, right: str, wrong: str, place: str) -> None:
    """A person finds the line to put right."""
    file.write_text(GOOD.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(file, ENVIRON)

    assert str(caught.value).startswith(f"{file}: {place}")


SITE_RULE = """
version = "2026-06-01"
jurisdiction = "site"
[[rule]]
id = "cold-store"
kind = "lab_range"
property = "temperature"
unit = "degC"
stations = ["lab"]
at_stations = ["lab-b2"]
threshold = 8
enter = 4
leave = 5
level = "red"
source = "standing order of the cold store, unverified"
confidence = "C"
"""


def test_a_site_adds_rules_of_its_own(file: Path) -> None:
    """From a directory beside the file; the program's stay."""
    (file.parent / "rules").mkdir()
    (file.parent / "rules" / "limits.toml").write_text(SITE_RULE, encoding="utf-8")
    (file.parent / "rules" / "notes.txt").write_text("not a rule", encoding="utf-8")
    file.write_text(GOOD.replace("grace_s = 60", 'rules = "rules"'), encoding="utf-8")
    config = load_config(file, ENVIRON)

    assert {*rule_texts(), "site/limits.toml"} == set(config.rules)
    assert "cold-store@2026-06-01" in {rule.id for rule in rules_of(config.rules)}


@pytest.mark.parametrize(("right", "wrong", "place"), [("8", '"warm"', "[rule]:"), ("lab_range", "limit", "[rule] ")])
def test_a_rule_of_the_site_that_cannot_be_used_stops_the_hub(file: Path, right: str, wrong: str, place: str) -> None:
    """Its file is named."""
    (file.parent / "rules").mkdir()
    (file.parent / "rules" / "own.toml").write_text(SITE_RULE.replace(right, wrong, 1), encoding="utf-8")
    file.write_text(GOOD.replace("grace_s = 60", 'rules = "rules"'), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(file, ENVIRON)

    assert str(caught.value).startswith(f"site/own.toml: {place}")


def test_same_gateway_twice_is_a_mistake(file: Path) -> None:
    """Two keys for one id would leave open whose batches are taken."""
    file.write_text(f'{GOOD}\n[[gateway]]\nid = "gw-east"\npublic_key = "{KEY}"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"gateway\[2\]\] id"):
        load_config(file, ENVIRON)


def test_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The error is the same kind as for a mistake inside."""
    with pytest.raises(ConfigError, match=r"none\.toml"):
        load_config(tmp_path / "none.toml", {})


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("hub.example", False)],  # noqa: S104
)
def test_loopback_is_told_from_the_world(host: str, expected: bool) -> None:  # noqa: FBT001
    """An address that others can reach needs TLS."""
    assert expected == is_loopback(host)


THIRD_PARTY = """
[[third_party]]
id = "park"

[[third_party.station]]
id = "park-01"
kind = "micro_station"
name = "公园"
longitude = 116.5
latitude = 39.8
"""


def test_third_parties_are_listed_with_their_stations(file: Path) -> None:
    """As they stand in the file."""
    file.write_text(GOOD + THIRD_PARTY, encoding="utf-8")
    (party,) = load_config(file, ENVIRON).third_parties

    assert ("park", ["park-01"]) == (party.id, [station.id for station in party.station])


@pytest.mark.parametrize(
    ("right", "wrong", "place"),
    [
        ('id = "park"', 'id = "gw-east"', "[third_party[1]] id:"),
        ('id = "park"', 'id = "Park"', "[third_party[1]] id:"),
        ('id = "park-01"', 'id = "park/01"', "[third_party[1].station[1]] id:"),
        ("longitude = 116.5", "longitude = nan", "[third_party[1].station[1]] longitude:"),
        ("latitude = 39.8", "latitude = 116.5", "[third_party[1].station[1]] latitude:"),
        ('"micro_station"', '"vehicle"', "[third_party[1]] station:"),
        ("name =", "label =", "[third_party[1]] label:"),
        (THIRD_PARTY, THIRD_PARTY * 2, "[third_party[2]] id:"),
    ],
)
def test_third_party_that_cannot_be_is_named(file: Path, right: str, wrong: str, place: str) -> None:
    """By table and key."""
    file.write_text(GOOD + THIRD_PARTY.replace(right, wrong), encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        load_config(file, ENVIRON)

    assert place in str(raised.value)
