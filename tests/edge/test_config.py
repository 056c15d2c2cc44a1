"""The configuration: what is wrong is named by file, table and key."""

from pathlib import Path

import pytest

from edge.config import load
from edge.drivers import DRIVERS
from edge.errors import ConfigError

GOOD = """
[gateway]
id = "gw-east"
flush_s = 5

[hub]
host = "127.0.0.1"

[[station]]
id = "micro-1"
kind = "micro_station"
name = "一号"
longitude = 116.5
latitude = 39.8

[[station]]
id = "patrol-1"
kind = "vehicle"
name = "巡测车"

[[device]]
id = "micro-1-pm"
station = "micro-1"
driver = "pms"
port = "/dev/ttyUSB0"
"""


def _write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "edge.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_good_file_gives_whole_paths_beside_it(tmp_path: Path) -> None:
    """Paths are relative to the file, not to where the agent was started."""
    config = load(_write(tmp_path, GOOD))

    assert config.key_file == tmp_path / "key.pem"
    assert config.outbox_dir == tmp_path / "outbox"
    assert [station.moving for station in config.stations] == [False, True]
    assert [device.id for device in config.devices] == ["micro-1-pm"]


@pytest.mark.parametrize(
    ("old", "new", "table", "key", "reason"),
    [
        ("flush_s = 5", "flush_ms = 5000", "gateway", "flush_ms", "did you mean 'flush_s'"),
        ("flush_s = 5", "flush_s = 0", "gateway", "flush_s", "> 0"),
        ("flush_s = 5", 'flush_s = "5 s"', "gateway", "flush_s", "float"),
        ('host = "127.0.0.1"', 'hots = "127.0.0.1"', "hub", "hots", "did you mean 'host'"),
        ('host = "127.0.0.1"', 'host = "hub.example"', "hub", "ca_file", "only TLS"),
        ('host = "127.0.0.1"', 'host = "127.0.0.1"\nca_file = "ca.pem"', "hub", "ca_file", "no such file"),
        ('"gw-east"', '"GW East"', "gateway", "id", "a-z"),
        ('kind = "micro_station"', 'kind = "microstation"', "station[1] (micro-1)", "kind", "microstation"),
        ("latitude = 39.8", "", "station[1] (micro-1)", "latitude", "both"),
        ("latitude = 39.8", "latitude = 116.5", "station[1] (micro-1)", "latitude", "90"),
        ('kind = "vehicle"', 'kind = "lab"', "station[2] (patrol-1)", "longitude", "stands somewhere"),
        ('"patrol-1"', '"micro-1"', "station[2] (micro-1)", "id", "already"),
        ('driver = "pms"', 'driver = "pns"', "device[1] (micro-1-pm)", "driver", "pns"),
        ('driver = "pms"\n', "", "device[1] (micro-1-pm)", "driver", "missing"),
        ('station = "micro-1"', 'station = "micro-2"', "device[1] (micro-1-pm)", "station", "did you mean 'micro-1'"),
        ('"/dev/ttyUSB0"', '"/dev/ttyUSB0"\nbuad = 9600', "device[1] (micro-1-pm)", "buad", "did you mean 'baud'"),
        (
            '"/dev/ttyUSB0"',
            '"/dev/ttyUSB0"\nproperties = ["pm25"]',
            "device[1] (micro-1-pm)",
            "properties",
            "pm25",
        ),
        ("[hub]", "[hubs]", "hubs", "", "did you mean 'hub'"),
        ("[hub]", '[page]\nhost = "0.0.0.0"\n[hub]', "page", "tls_cert", "only with TLS and a password"),
        ("[hub]", '[page]\ntls_cert = "page.pem"\n[hub]', "page", "tls_cert", "no such file"),
        ("[hub]", "[page]\nport = 0\n[hub]", "page", "port", ">= 1"),
        ("[hub]", "[page]\nprot = 80\n[hub]", "page", "prot", "did you mean 'port'"),
        ('id = "micro-1-pm"', 'id = "gw-east"', "device[1] (gw-east)", "id", "the gateway itself"),
        ('[gateway]\nid = "gw-east"\nflush_s = 5', "", "gateway", "", "missing"),
        ("[[station]]", "[station]", "file", "", ""),
    ],
)
def test_mistake_is_named_by_file_table_and_key(
    tmp_path: Path, old: str, new: str, table: str, key: str, reason: str
) -> None:
    """Whoever installs a gateway is told what to change and where."""
    path = _write(tmp_path, GOOD.replace(old, new))

    with pytest.raises(ConfigError) as caught:
        load(path)

    error = caught.value
    assert (error.file, error.table, error.key) == (str(path), table, key)
    assert reason in error.reason


def test_page_beyond_loopback_needs_certificate_key_and_password(tmp_path: Path) -> None:
    """Each is asked for by name until all three are there; paths are whole then."""
    for name in ("page.pem", "page.key"):
        (tmp_path / name).touch()
    table = '[page]\nhost = "192.0.2.1"\n'
    for line, missing in (
        ('tls_cert = "page.pem"\n', "tls_key"),
        ('tls_key = "page.key"\n', "password_env"),
        ('password_env = "QW_PAGE"\n', ""),
    ):
        table += line
        path = _write(tmp_path, table + GOOD)
        if missing:
            with pytest.raises(ConfigError, match=missing):
                load(path)

    page = load(path).page
    assert page is not None
    assert page.tls_key == str(tmp_path / "page.key")


def test_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """No traceback for a mistyped path."""
    with pytest.raises(ConfigError, match=r"nowhere\.toml"):
        load(tmp_path / "nowhere.toml")


@pytest.mark.parametrize("kind", DRIVERS)
def test_example_of_every_driver_loads(tmp_path: Path, kind: str) -> None:
    """What a driver's page shows works as it stands."""
    example = Path(f"edge/drivers/{kind}/example.toml").read_text(encoding="utf-8")
    stations = {line.split('"')[1] for line in example.splitlines() if line.startswith("station =")}
    tables = [f'[[station]]\nid = "{name}"\nkind = "vehicle"\nname = "x"\n' for name in stations]

    config = load(_write(tmp_path, '[gateway]\nid = "gw"\n[hub]\nhost = "::1"\n' + "".join(tables) + example))

    assert {device.driver for device in config.devices} == {kind}
