"""The questions of `edge init`, and that what follows is a configuration."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.composing import compose
from edge.config import load
from edge.drivers import DRIVERS
from edge.interview import KINDS, Interview, Language

PORTS = ["/dev/serial/by-id/usb-FTDI_A5-port0", "/dev/ttyS0"]
ANSWERS = (
    *("", "1", "八号实验室", "", "200", "116.5", "39.9"),  # gateway; a laboratory and its place
    *("pms", "", "1", "", ""),  # the usual model on the first port
    *("modbus", "", "rtu+tcp://10.0.0.3:4001", "three", "3", "xy_md02", "", ""),  # two wrong answers
    *("", "y", "4", "巡查车", "", "", "n"),  # a vehicle without devices
    *("", ""),  # the hub on this machine
)


@dataclass
class Scripted:
    """A person whose answers are known beforehand."""

    answers: list[str]
    heard: list[str] = field(default_factory=list)

    def hear(self, text: str) -> None:
        """Note it."""
        self.heard.append(text)

    def answer(self, question: str) -> str:
        """Give the next answer."""
        self.heard.append(question)
        return self.answers.pop(0)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_answers_become_a_configuration(language: Language, tmp_path: Path) -> None:
    """Wrong answers are asked again, defaults are taken, and the file that is written can be loaded."""
    person = Scripted(list(ANSWERS))
    tables = Interview(person, language, PORTS, "Cabinet 7.local").tables()
    path = tmp_path / "edge.toml"
    path.write_text(compose(tables, path.name, language), "utf-8")
    config = load(path)

    assert [] == person.answers
    assert "gw-cabinet-7-local" == config.gateway.id
    assert [("lab", False), ("vehicle", True)] == [(station.id, station.moving) for station in config.stations]
    assert [("lab-pms", PORTS[0]), ("lab-xy-md02", "rtu+tcp://10.0.0.3:4001")] == [
        (device.id, DRIVERS[device.driver].port_of(device)) for device in config.devices
    ]


def test_a_hub_elsewhere_is_reached_with_tls_and_a_password_of_the_environment() -> None:
    """No password is ever asked for or written."""
    person = Scripted(["gw", "4", "车", "", "", "n", "hub.example", "", "", "gw-east"])

    assert {
        "host": "hub.example",
        "port": 8883,
        "ca_file": "ca.pem",
        "username": "gw-east",
        "password_env": "QW_MQTT_PASSWORD",
    } == Interview(person, "en", PORTS).tables()["hub"]


def test_every_kind_has_a_chinese_name() -> None:
    """The list of kinds is read by people who read Chinese."""
    assert set(DRIVERS) == set(KINDS)


@given(
    st.dictionaries(
        st.sampled_from(["id", "name", "port", "unit"]),
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x7f"))
        | st.integers(-9, 9)
        | st.floats(-9, 9),
    ),
    st.sampled_from(["en", "zh"]),
)
def test_what_is_written_is_what_is_read(table: dict[str, object], language: str) -> None:
    """Quotes, line ends and Chinese in a name come back as they were."""
    tables = {"gateway": table, "device": [table, table]}

    assert tables == tomllib.loads(compose(tables, "edge.toml", language))
