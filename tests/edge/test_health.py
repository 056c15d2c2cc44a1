"""The gateway's own health: what the board tells, and what it does not."""

import math
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge.drivers.driver import DeviceHealth
from edge.drivers.pms.settings import PmsSettings
from edge.health import Answers, Board, cpu_temperature, disk_free, gateway_readings, memory_used, outbox_values, series
from wire.properties import PROPERTIES, to_canonical
from wire.reading import Reading

if TYPE_CHECKING:
    from tests.edge.conftest import Lives

PM = PmsSettings(id="micro-1-pm", station="micro-1", driver="pms", port="/dev/pm")


def _zone(thermal: Path, number: int, kind: str, temp: str) -> None:
    zone = thermal / f"thermal_zone{number}"
    zone.mkdir(parents=True)
    (zone / "type").write_text(f"{kind}\n")
    (zone / "temp").write_text(f"{temp}\n")


def test_hottest_processor_zone_counts_not_the_battery(tmp_path: Path) -> None:
    """A board has zones for many things; the kernel writes thousandths of a degree."""
    _zone(tmp_path, 0, "battery", "71000")
    _zone(tmp_path, 1, "cpu-thermal", "48312")
    _zone(tmp_path, 2, "soc_thermal", "50100")

    assert cpu_temperature(tmp_path) == 50.1


@pytest.mark.parametrize("temp", ["", "n/a"])
def test_board_without_a_thermometer_says_nothing(tmp_path: Path, temp: str) -> None:
    """No zone, or one that cannot be read, gives no value, and no reading is made of it."""
    assert math.isnan(cpu_temperature(tmp_path / "nowhere"))

    _zone(tmp_path, 0, "cpu-thermal", temp)
    values = Board(tmp_path, tmp_path, tmp_path / "meminfo").values() | dict.fromkeys(
        ("outbox_depth", "outbox_bytes", "readings_dropped"), 0.0
    )

    assert [each.property for each in gateway_readings("gw", 0, "ntp", values)] == [
        "disk_free",
        "outbox_depth",
        "outbox_bytes",
        "readings_dropped",
        "clock_quality",
    ]


def test_memory_that_could_be_had_is_not_used(tmp_path: Path) -> None:
    """Caches can be given up: what counts is what the kernel calls available."""
    path = tmp_path / "meminfo"
    path.write_text("MemTotal:  1000000 kB\nMemFree:  100 kB\nMemAvailable:  600000 kB\nHugePages_Total:  0\n")

    assert memory_used(path) == pytest.approx(40.0)
    assert math.isnan(memory_used(tmp_path / "none"))


def test_disk_is_that_of_the_outbox(tmp_path: Path) -> None:
    """A percentage, and no value where the directory is gone."""
    assert 0 <= disk_free(tmp_path) <= 100
    assert math.isnan(disk_free(tmp_path / "gone"))


def test_every_reading_of_health_is_in_the_catalogue(tmp_path: Path, lives: "Lives") -> None:
    """Each has a listed series, in a unit that the hub converts."""
    listed = {(each.device, each.property): each.unit for each in series("gw", (PM,), 60)}
    with lives.open(tmp_path) as outbox:
        said = gateway_readings("gw", 0, "hub", Board(tmp_path).values() | outbox_values(outbox, 3))
    said += next(Answers().since({PM.id: DeviceHealth(answers=1, latency_ms=2.0)}, 0))

    assert {(each.device, each.property) for each in said} - listed.keys() == set()
    assert all(PROPERTIES[name].subject == "gateway" for _, name in listed)
    assert {to_canonical(name, unit) for (_, name), unit in listed.items()} == {(1.0, 0.0)}
    assert next(each.value for each in said if each.property == "clock_quality") == 1.0


def test_no_health_is_listed_where_none_is_wanted() -> None:
    """A period of zero takes all of it away."""
    assert series("gw", (PM,), 0) == ()


def test_rate_is_of_what_happened_since_the_last_look() -> None:
    """A device that failed once a year ago and answers now is at 100 %; one that nobody asked says nothing."""
    health = {"a": DeviceHealth(answers=3, failures=1, latency_ms=12.5), "b": DeviceHealth()}
    answers = Answers()
    first = list(answers.since(health, 1000))
    health["a"].answers += 5
    second = list(answers.since(health, 2000))

    assert first == [[Reading("a", "success_rate", 1000, 75.0), Reading("a", "latency", 1000, 12.5)]]
    assert second == [[Reading("a", "success_rate", 2000, 100.0), Reading("a", "latency", 2000, 12.5)]]
    assert list(answers.since(health, 3000)) == []


def test_silent_device_has_a_rate_and_no_latency() -> None:
    """Nothing took no time."""
    health = {"a": DeviceHealth(answers=9, latency_ms=12.5)}
    answers = Answers()
    list(answers.since(health, 1000))
    health["a"].failed("no answer")

    assert list(answers.since(health, 2000)) == [[Reading("a", "success_rate", 2000, 0.0)]]


def test_device_behind_a_shut_port_fails() -> None:
    """An adapter that was pulled out is no reason to go on showing the last good rate."""
    answers = Answers()
    list(answers.since({"a": DeviceHealth(answers=9)}, 1000))

    assert list(answers.since({"a": DeviceHealth(answers=9)}, 2000, {"a"})) == [
        [Reading("a", "success_rate", 2000, 0.0)]
    ]


def test_device_that_was_opened_anew_counts_from_zero() -> None:
    """A changed port has a new driver, whose counts begin again."""
    answers = Answers()
    list(answers.since({"a": DeviceHealth(answers=9, failures=9)}, 1000))

    assert list(answers.since({"a": DeviceHealth(answers=1, failures=3)}, 2000)) == [
        [Reading("a", "success_rate", 2000, 25.0)]
    ]
