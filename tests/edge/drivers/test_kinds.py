"""The table of kinds: each has its page, an example that loads, and settings that refuse what cannot be used."""

import tomllib
from pathlib import Path

import msgspec
import pytest

import edge.drivers
from edge.drivers import DRIVERS
from wire.clock import Clock
from wire.properties import to_canonical

FOLDER = Path(edge.drivers.__file__).parent
KINDS = sorted(DRIVERS)


def example(kind: str) -> list[dict[str, object]]:
    """Return the [[device]] tables of the kind's example."""
    return tomllib.loads((FOLDER / kind / "example.toml").read_text("utf-8"))["device"]


def test_every_folder_is_in_the_table() -> None:
    """A kind that is written but not listed would be a dead folder."""
    folders = sorted(path.name for path in FOLDER.iterdir() if (path / "driver.py").exists())

    assert folders == KINDS


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("section", ["Known faults", "Source"])
def test_page_names_faults_and_source(kind: str, section: str) -> None:
    """The page of a kind says what goes wrong with it and where its facts are from."""
    assert section in (FOLDER / kind / "README.md").read_text("utf-8")


@pytest.mark.parametrize("kind", KINDS)
def test_example_loads_and_opens(kind: str, clock: Clock) -> None:
    """The example is valid, its datastreams have units that the catalogue knows, and its first port gets a driver."""
    devices = [msgspec.convert(table, DRIVERS[kind].settings) for table in example(kind)]
    first = [d for d in devices if DRIVERS[kind].port_of(d) == DRIVERS[kind].port_of(devices[0])]

    driver = DRIVERS[kind].open(first, clock)

    assert sorted(driver.health) == sorted(device.id for device in first)
    for device in devices:
        assert DRIVERS[kind].datastreams(device)
        for name, unit in DRIVERS[kind].datastreams(device):
            to_canonical(name, unit)


@pytest.mark.parametrize("kind", KINDS)
def test_example_shows_every_key(kind: str) -> None:
    """A key that no example shows is a key that nobody finds; model is shown where there is a choice."""
    shown = {key for table in example(kind) for key in table}
    fields = {f.name for f in msgspec.structs.fields(DRIVERS[kind].settings)}

    assert fields - shown <= {"model"}


@pytest.mark.parametrize("kind", KINDS)
def test_misspelt_key_is_refused_by_name(kind: str) -> None:
    """A key that is not known is an error that names it."""
    table = {**example(kind)[0], "perod_s": 5.0}

    with pytest.raises(msgspec.ValidationError, match="perod_s"):
        msgspec.convert(table, DRIVERS[kind].settings)


@pytest.mark.parametrize("kind", KINDS)
def test_property_that_the_device_does_not_measure_is_refused(kind: str) -> None:
    """The error begins with the key and names both the wrong property and those that would do."""
    table = {**example(kind)[0], "properties": ["radon"]}

    with pytest.raises(msgspec.ValidationError, match=r"properties: 'radon' .* use some of "):
        msgspec.convert(table, DRIVERS[kind].settings)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("period_s", [0.0, -1.0, "often"])
def test_period_must_be_above_zero(kind: str, period_s: object) -> None:
    """A period that is none is refused."""
    with pytest.raises(msgspec.ValidationError, match="period_s"):
        msgspec.convert({**example(kind)[0], "period_s": period_s}, DRIVERS[kind].settings)


@pytest.mark.parametrize("kind", ["nmea", "pms", "winsen", "sds011", "sps30", "hpma"])
def test_serial_port_takes_one_talking_device(kind: str, clock: Clock) -> None:
    """Devices that talk by themselves, or have no address, cannot share a line."""
    device = msgspec.convert(example(kind)[0], DRIVERS[kind].settings)

    with pytest.raises(ValueError, match="port: "):
        DRIVERS[kind].open([device, device], clock)


@pytest.mark.parametrize(
    "port", ["tcp://h", "tcp://h:0", "tcp://h:99999", "udp://h:502", "tcp://:502", "rtu+tcp://a:b"]
)
def test_modbus_port_that_is_no_address_is_refused(port: str) -> None:
    """The error names the key and shows what a port looks like."""
    with pytest.raises(msgspec.ValidationError, match=r"port: .*tcp://host:502"):
        msgspec.convert({**example("modbus")[0], "port": port}, DRIVERS["modbus"].settings)


def test_modbus_devices_of_one_port_must_agree_on_the_line(clock: Clock) -> None:
    """A line has one speed; the error names the key and both devices."""
    first, second = (msgspec.convert(table, DRIVERS["modbus"].settings) for table in example("modbus")[:2])

    with pytest.raises(ValueError, match="baud: lab-03-noise and lab-03-climate"):
        DRIVERS["modbus"].open([first, msgspec.structs.replace(second, baud=4800)], clock)


def test_mqtt_topic_belongs_to_one_device(clock: Clock) -> None:
    """Two devices with one topic would take each other's readings."""
    device = msgspec.convert(example("mqtt")[0], DRIVERS["mqtt"].settings)

    with pytest.raises(ValueError, match="topic: "):
        DRIVERS["mqtt"].open([device, msgspec.structs.replace(device, id="other")], clock)
