"""The gateway's commands as a person meets them."""

import json
import socket
import threading
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.state import (
    AgentState,
    ClockState,
    ConfigState,
    DeviceState,
    OutboxState,
    StationState,
    UplinkState,
    ValueState,
    encode_state,
)
from quietwatch.cli.commands import ids

TOML = """
[gateway]
id = "gw-east"
[hub]
host = "127.0.0.1"
[[station]]
id = "lab"
kind = "lab"
name = "八号实验室"
longitude = 116.5
latitude = 39.8
[[device]]
id = "lab-dust"
driver = "pms"
station = "lab"
port = "/dev/ttyUSB-none"
"""
DUST = ValueState("pm2_5", "ug/m3", 35.5, 3, 1_380_844_800_000, 4.0)
DEVICE = DeviceState(
    id="lab-dust",
    station="lab",
    driver="pms",
    port="/dev/ttyUSB0",
    answers=10,
    failures=3,
    silent=3,
    skipped=0,
    latency_ms=0.0,
    last_s=95.0,
    fault="silent: nothing arrived",
    open=True,
    period_s=1.0,
    values=(DUST,),
)
STATE = AgentState(
    "gw-east",
    "0.1.0",
    1_380_844_800_000,
    93_784.0,
    ClockState("ntp", 1_380_844_800_000),
    UplinkState(connected=False, since_s=63.0, host="10.0.0.2", port=8883, last_ack_s=70.0, fault="timed out"),
    OutboxState(12, 1_200_000, 256_000_000, 0, 1_380_844_800_000, 1, 20, 8),
    ConfigState(0, "0123456789ab", "/etc/quietwatch/edge.toml"),
    (StationState("lab", "八号实验室", ""),),
    (DEVICE,),
)

Called = Callable[..., Any]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration with one device whose port is not there."""
    path = tmp_path / "edge.toml"
    path.write_text(TOML, "utf-8")
    return path


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[None]:
    """What an agent's status socket does, beside the configuration, for one reader."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "agent.sock"))
    listener.listen()

    def tell() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(encode_state(STATE))

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    yield
    teller.join()
    listener.close()


def test_check_shows_stations_devices_and_datastreams(called: Called, config: Path) -> None:
    """On 80 columns, and the same as JSON."""
    shown, said = called("edge", "check", config), json.loads(called("edge", "check", config, "--json").out)

    assert 0 == shown.status
    assert "lab      八号实验室  lab   116.50000 39.80000" in shown.out
    assert ["pm1", "pm2_5", "pm10"] == [each["property"] for each in said["devices"][0]["datastreams"]]


def test_check_refuses_devices_that_cannot_share_a_port(called: Called, config: Path) -> None:
    """What the agent would refuse at its start is refused before."""
    config.write_text(TOML + TOML[TOML.index("[[device]]") :].replace("lab-dust", "lab-dust-2"), "utf-8")
    status, _, err = called("edge", "check", config)

    assert 2 == status
    assert "cannot share one" in err


def test_probe_says_which_ports_there_are(called: Called, config: Path) -> None:
    """Status 1, a table, and what to try; in Chinese on demand."""
    status, out, _ = called("edge", "probe", config, "--lang", "en")
    chinese = called("edge", "probe", config, "--lang", "zh").out

    assert 1 == status
    assert "lab-dust  /dev/ttyUSB-none  NO PORT" in out
    assert "Ports that are there:" in out
    assert "没有这个端口" in chinese


def test_probe_of_an_unknown_device_names_the_known(called: Called, config: Path) -> None:
    """One line, nothing is opened."""
    status, _, err = called("edge", "probe", config, "--device", "lab-noise")

    assert 2 == status
    assert "one of lab-dust" in err


@pytest.mark.usefixtures("agent")
def test_probe_leaves_the_ports_to_the_running_agent(called: Called, config: Path) -> None:
    """It shows what the agent has heard instead."""
    status, out, _ = called("edge", "probe", config)

    assert 1 == status
    assert "holds the ports" in out
    assert "pm2_5 35.5 ug/m3" in out


@pytest.mark.usefixtures("agent")
def test_status_says_what_is_not_well(called: Called, config: Path) -> None:
    """A link that is down and a device that has fallen silent stand out; a doubtful value is marked."""
    status, out, _ = called("edge", "status", config)

    assert 0 == status
    assert "up 1 d 2 h" in out
    assert "NOT CONNECTED to 10.0.0.2:8883 for 1 min 3 s: timed out" in out
    assert "12 blocks wait for the hub" in out
    assert "NO, last 1 min" in out
    assert "suspect" in out
    assert max(map(len, out.splitlines())) <= 80


def test_status_without_an_agent_is_an_error(called: Called, config: Path) -> None:
    """One line that says how to look at the service."""
    status, _, err = called("edge", "status", config)

    assert (2, 1) == (status, err.count("\n"))
    assert "systemctl" in err


def test_enrol_prints_what_the_hub_takes(called: Called, config: Path) -> None:
    """The line under the code becomes the hub's table."""
    out = called("edge", "enrol", config, "--no-connect", "--lang", "en").out
    line = next(line for line in out.splitlines() if line.startswith("qw1:"))
    table = tomllib.loads(called("hub", "enrol", line).out)["gateway"][0]

    assert {"id": "gw-east", "public_key": line.split(":")[2]} == table
    assert "█" in out
    assert max(map(len, out.splitlines())) <= 80


def test_enrol_names_a_broker_that_is_not_reached(called: Called, config: Path) -> None:
    """Nobody listens on port 1 of this machine."""
    config.write_text(TOML.replace("[hub]", "[hub]\nport = 1\n"), "utf-8")
    status, out, _ = called("edge", "enrol", config, "--lang", "en", "--patience", "0.3")

    assert 1 == status
    assert "NOT WELL: the broker 127.0.0.1:1 is not reached" in " ".join(out.split())


def test_a_cut_line_is_not_enrolled(called: Called) -> None:
    """Better no key than a wrong one."""
    assert 2 == called("hub", "enrol", "qw1:gw-east:AAEC").status


def test_init_writes_what_the_answers_say(called: Called, tmp_path: Path) -> None:
    """From a file, without a terminal; a file that is there is not replaced."""
    answers, path = tmp_path / "answers.toml", tmp_path / "new.toml"
    answers.write_text(TOML, "utf-8")

    assert 0 == called("edge", "init", path, "--answers", answers).status
    assert tomllib.loads(TOML) == tomllib.loads(path.read_text("utf-8"))
    assert 2 == called("edge", "init", path, "--answers", answers).status
    assert 0 == called("edge", "init", path, "--answers", answers, "--force").status


def test_init_refuses_answers_that_are_no_configuration(called: Called, tmp_path: Path) -> None:
    """Nothing is left behind."""
    answers, path = tmp_path / "answers.toml", tmp_path / "new.toml"
    answers.write_text(TOML.replace('driver = "pms"', 'driver = "pmz"'), "utf-8")
    status, _, err = called("edge", "init", path, "--answers", answers)

    assert (2, ["answers.toml"]) == (status, [each.name for each in tmp_path.iterdir()])
    assert "'pmz' is no driver" in err


def test_init_says_that_the_certificate_is_still_to_come(called: Called, tmp_path: Path) -> None:
    """Who has no certificate in hand yet still gets the file."""
    answers, path = tmp_path / "answers.toml", tmp_path / "new.toml"
    answers.write_text(TOML.replace('"127.0.0.1"', '"hub.example"\nca_file = "ca.pem"'), "utf-8")
    status, out, _ = called("edge", "init", path, "--answers", answers)

    assert 0 == status
    assert f"copy the CA certificate of the hub's broker to {tmp_path / 'ca.pem'}" in out


@pytest.mark.parametrize(("text", "expected"), [("5", [5]), ("1-3,7", [1, 2, 3, 7]), ("2-2", [2])])
def test_unit_numbers_are_written_as_ranges(text: str, expected: list[int]) -> None:
    """As on the label of a bus plan."""
    assert expected == ids(text)


@pytest.mark.parametrize("text", ["", "0", "1-300", "a", "3-1"])
def test_unit_numbers_that_cannot_be_are_refused(called: Called, text: str) -> None:
    """Modbus knows 1 to 255."""
    assert 2 == called("edge", "scan", "/dev/ttyUSB0", "--ids", text).status


def test_scan_of_a_port_that_is_not_there_says_so(called: Called) -> None:
    """One line, with the ports that there are."""
    status, _, err = called("edge", "scan", "/dev/ttyUSB-none", "--lang", "en")

    assert (2, 1) == (status, err.count("\n"))
    assert "Ports that are there" in err
