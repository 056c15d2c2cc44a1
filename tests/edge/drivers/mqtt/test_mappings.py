"""Mappings: the public payloads of each, and what cannot be a mapping."""

import json
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

import edge.drivers.mqtt
from edge.drivers.mqtt.codec import Elsewhere, Report, read_payload
from edge.drivers.mqtt.mapping import Mapping, load_mapping
from edge.drivers.mqtt.senml import resolve
from edge.drivers.mqtt.settings import MqttSettings
from wire.reading import Flag

FOLDER = Path(edge.drivers.mqtt.__file__).parent
NAMES = sorted(path.stem for path in (FOLDER / "mappings").glob("*.toml"))
# What the sources call our properties.
STATED = {
    "pm01": "pm1",
    "pm25": "pm2_5",
    "pm25_atm": "pm2_5",
    "pm10": "pm10",
    "t_c": "temperature",
    "t_f": "temperature",
    "rh": "humidity",
    "hpa": "pressure",
    "pa": "pressure",
    "co2": "co2",
    "voc_index": "voc_index",
    "value": "temperature",
}
OURS = {
    "AirGradient": "airgradient",
    "PurpleAir": "purpleair",
    "sensor.community": "sensor_community",
    "SenML": "senml",
}


@pytest.mark.frames("AirGradient", "PurpleAir", "sensor.community", "SenML RFC 8428 5.1.1")
def test_public_payload_is_read_as_its_source_states_it(vector: dict[str, Any]) -> None:
    """Each value that the source names, in the unit on the wire."""
    name = next(ours for device, ours in OURS.items() if vector["device"].startswith(device))
    report = read_payload(vector["ascii"].encode(), load_mapping(name))

    assert isinstance(report, Report)
    assert report.faults == ()
    read = {one.property: one.value for one in report.values}
    if name == "purpleair":
        read |= {"t_c": (read["temperature"] - 32) * 5 / 9}
    stated = {key: number for key, number in vector["decoded"].items() if isinstance(number, int | float)}
    assert {key: read.get(key, read.get(STATED[key])) for key in stated} == pytest.approx(stated, abs=0.005)


@pytest.mark.frames("SenML RFC 8428 5.1.2")
def test_public_pack_is_resolved_as_the_standard_does(vector: dict[str, Any]) -> None:
    """Base name and names; volts and amperes are no property of ours, so no reading comes of them."""
    entries = resolve(json.loads(vector["ascii"]))
    report = read_payload(vector["ascii"].encode(), load_mapping("senml"))

    assert {entry.name: entry.value for entry in entries} == vector["decoded"]
    assert report == Report(None, None, ())


@pytest.mark.parametrize("name", NAMES)
def test_mapping_loads_and_is_documented(name: str) -> None:
    """Each has a source, and a row on the driver's page."""
    assert load_mapping(name).source
    assert f"| `{name}`" in (FOLDER / "README.md").read_text("utf-8")


def test_example_of_a_mapping_is_one() -> None:
    """The page's own mapping loads, and reads what it describes."""
    page = (FOLDER / "README.md").read_text("utf-8")
    block = page.split("## A mapping of one's own\n\n")[1].split("\n\n`edge/")[0]
    text = "\n".join(line.removeprefix("    ") for line in block.splitlines())
    mapping = msgspec.convert(tomllib.loads(text), Mapping)

    report = read_payload(b'{"at": "2013-10-04 16:00:00", "outside": {"temp": 150}}', mapping)
    assert isinstance(report, Report)
    assert report.time_ms == 1_380_873_600_000
    assert [(one.value, one.flag) for one in report.values] == [(150.0, Flag.SUSPECT)]
    missing = read_payload(b'{"outside": {"t": -999.0}}', mapping)
    assert isinstance(missing, Report)
    assert [one.flag for one in missing.values] == [Flag.MISSING]


@pytest.mark.parametrize(("second", "flag"), [(15.0, Flag.UNKNOWN), (19.9, Flag.UNKNOWN), (40.0, Flag.SUSPECT)])
def test_channels_that_contradict_each_other_are_suspect(second: float, flag: Flag) -> None:
    """By more than 5 ug/m3 and 70 % of their mean; the value is channel A's, never their mean."""
    payload = json.dumps({"SensorId": "a", "pm2_5_atm": 15.0, "pm2_5_atm_b": second}).encode()
    report = read_payload(payload, load_mapping("purpleair"))

    assert isinstance(report, Report)
    assert [(one.value, one.flag) for one in report.values] == [(15.0, flag)]


def test_small_absolute_difference_is_none() -> None:
    """1 against 4 ug/m3 is three times as much, and nothing to worry about."""
    report = read_payload(b'{"pm2_5_atm": 1.0, "pm2_5_atm_b": 4.0}', load_mapping("purpleair"))

    assert isinstance(report, Report)
    assert report.values[0].flag == Flag.UNKNOWN


@pytest.mark.parametrize("text", ["nan", "inf", "1e999", "", "12,5", "1_000", "0x10"])
def test_text_that_is_no_number_is_a_fault(text: str) -> None:
    """Python reads some of these; a device does not mean them."""
    payload = json.dumps({"sensordatavalues": [{"value_type": "P1", "value": text}]}).encode()
    report = read_payload(payload, load_mapping("sensor_community"))

    assert isinstance(report, Report)
    assert report.values == ()
    assert report.faults[0].startswith("P1: no number")


def test_another_device_of_the_topic_is_passed_over() -> None:
    """Known by its own name."""
    payload = b'{"serialno": "84fce612eff4", "pm02": 7}'

    assert read_payload(payload, load_mapping("airgradient"), "ecda3b1eaaaf") == Elsewhere("84fce612eff4")
    assert isinstance(read_payload(payload, load_mapping("airgradient"), "84fce612eff4"), Report)


VALUE = {"property": "pm10", "unit": "ug/m3", "path": ["a"]}


@pytest.mark.parametrize(
    ("tables", "word"),
    [
        ({"value": []}, "value"),
        ({"value": [VALUE, VALUE]}, "two"),
        ({"value": [VALUE | {"unit": "degC"}]}, "unit"),
        ({"value": [VALUE | {"property": "radon"}]}, "catalogue"),
        ({"value": [VALUE | {"path": []}]}, "path"),
        ({"value": [VALUE], "layout": "pairs"}, "pairs"),
        ({"value": [VALUE], "acknowledge": "sn"}, "time"),
        ({"value": [VALUE], "time": {"path": "t", "format": "yesterday"}}, "format"),
        ({"value": [VALUE], "colour": "red"}, "colour"),
    ],
)
def test_mapping_that_cannot_be_used_is_refused(tmp_path: Path, tables: dict[str, Any], word: str) -> None:
    """At start, with the file's name, and never as a silent absence."""
    path = tmp_path / "ours.toml"
    path.write_text(
        "\n".join(f"{key} = {_toml(value)}" for key, value in ({"title": "t", "source": "s"} | tables).items())
    )

    with pytest.raises(ValueError, match=rf"mapping: .*ours\.toml.*{word}"):
        load_mapping(str(path))


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)


def device(**keys: Any) -> MqttSettings:
    """Return the table of a device, as a file would give it."""
    table = {"id": "a", "station": "s", "driver": "mqtt", "host": "127.0.0.1", "topic": "t"} | keys
    return msgspec.convert(table, MqttSettings)


def test_unknown_mapping_names_those_that_there_are() -> None:
    """And says that a path would do."""
    with pytest.raises(
        msgspec.ValidationError, match=r"mapping: there is no 'car': use one of airgradient, .*, or a path"
    ):
        device(mapping="car")


@pytest.mark.parametrize("host", ["192.0.2.7", "broker.example", "::2"])
def test_broker_elsewhere_needs_tls(host: str) -> None:
    """No password and no reading travels in the clear beyond this machine."""
    with pytest.raises(msgspec.ValidationError, match=r"ca_file: .* is not this machine: only TLS"):
        device(host=host)


@pytest.mark.parametrize("path", ["ca.pem", "/nowhere/ca.pem"])
def test_authority_is_a_file_with_its_whole_path(path: str) -> None:
    """A path that depends on where the agent was started would fail on the next boot."""
    with pytest.raises(msgspec.ValidationError, match="ca_file: "):
        device(host="192.0.2.7", ca_file=path)


def test_broker_with_an_authority_is_another_port(tmp_path: Path) -> None:
    """Connections with and without TLS are never shared."""
    (tmp_path / "ca.pem").touch()

    assert device(host="localhost", ca_file=str(tmp_path / "ca.pem")).ca_file
    with pytest.raises(msgspec.ValidationError, match="identity: "):
        device(identity="x")
