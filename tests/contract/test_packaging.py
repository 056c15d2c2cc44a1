"""The Debian package and its systemd unit, as far as they can be checked without wheels and without systemd running."""

import importlib.util
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from types import ModuleType

import pytest

from quietwatch.cli.edge_init import placed

pytestmark = pytest.mark.component

EPOCH_S = 1_790_000_000
ELF_HEAD = b"\x7fELF" + bytes(14)


@pytest.fixture(scope="module")
def unit(root: Path) -> dict[str, list[str]]:
    """What the unit says, by key; a key may stand there more than once."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in (root / "packaging" / "quietwatch-edge.service").read_text("utf-8").splitlines():
        key, sign, value = line.partition("=")
        if sign and not line.startswith("#"):
            found[key].append(value)
    return found


@pytest.fixture(scope="module")
def deb(root: Path) -> ModuleType:
    """The builder."""
    spec = importlib.util.spec_from_file_location("quietwatch_deb", root / "packaging" / "deb.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def built(deb: ModuleType, place: Path) -> Path:
    """Return a package around one library that stands in for all."""
    package = deb.Package("1.2.3", "arm64", "3.11", EPOCH_S)
    notes = place / "root/usr/lib/quietwatch/site/library-1.dist-info"
    notes.mkdir(parents=True)
    (notes / "RECORD").write_text(f"{place}\n")
    (notes.parent / "core.so").write_bytes(ELF_HEAD + (183).to_bytes(2, "little"))
    deb.assemble(package, place / "root")
    return Path(deb.pack(package, place / "root", place))


@pytest.fixture(scope="module")
def listing(deb: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The package's files: mode and owner, by path."""
    package = built(deb, tmp_path_factory.mktemp("deb"))
    lines = subprocess.run(["dpkg-deb", "-c", package], check=True, capture_output=True, text=True).stdout.splitlines()
    return {line.split()[5]: " ".join(line.split()[:2]) for line in lines}


def test_systemd_understands_the_unit(root: Path, tmp_path: Path) -> None:
    """No key is misspelt and no value refused; where there is no systemd, nothing is said."""
    if (analyze := shutil.which("systemd-analyze")) is None:
        pytest.skip("no systemd-analyze here")
    text = (root / "packaging" / "quietwatch-edge.service").read_text("utf-8")
    (tmp_path / "quietwatch-edge.service").write_text(text.replace("/usr/lib/quietwatch/start", "/bin/true"))
    command = [analyze, "verify", "--man=no", tmp_path / "quietwatch-edge.service"]
    outcome = subprocess.run(command, check=False, capture_output=True, text=True)

    assert [line for line in outcome.stderr.splitlines() if "quietwatch" in line] == []


def test_an_agent_that_hangs_or_ends_is_started_again(unit: dict[str, list[str]]) -> None:
    """Type=notify is what a watchdog needs; there is no number of starts after which systemd gives up."""
    assert unit["Type"] == ["notify"]
    assert unit["WatchdogSec"] == ["60"]
    assert unit["Restart"] == ["always"]
    assert unit["StartLimitIntervalSec"] == ["0"]
    assert unit["ExecReload"] == ["/bin/kill -HUP $MAINPID"]


def test_the_agent_gives_up_every_right_that_it_does_not_need(unit: dict[str, list[str]]) -> None:
    """No root, no capability, nothing writable but its state, no device but serial ports."""
    assert unit["User"] == ["quietwatch"]
    assert unit["CapabilityBoundingSet"] == [""]
    assert unit["NoNewPrivileges"] == ["yes"]
    assert unit["ProtectSystem"] == ["strict"]
    assert unit["DevicePolicy"] == ["closed"]
    assert all(value.startswith("char-tty") for value in unit["DeviceAllow"])


def test_the_agent_may_ask_whether_its_clock_is_right(unit: dict[str, list[str]]) -> None:
    """ProtectClock= and the plain system-call list would refuse the question, and every date would be the hub's."""
    assert "ProtectClock" not in unit
    assert "adjtimex" in unit["SystemCallFilter"][-1]


def test_a_password_reaches_the_agent_by_the_name_of_its_file(root: Path, tmp_path: Path) -> None:
    """What systemd lays down as secret_NAME is the variable NAME; nothing else is."""
    (tmp_path / "secret_QW_MQTT_PASSWORD").write_text("drei Wörter $HOME\n")
    (tmp_path / "other").write_text("x")
    command = ["/bin/sh", root / "packaging" / "start.sh", "/usr/bin/env"]
    environment = {"CREDENTIALS_DIRECTORY": str(tmp_path), "PATH": "/usr/bin:/bin"}
    said = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout

    assert "QW_MQTT_PASSWORD=drei Wörter $HOME" in said.splitlines()
    assert "other" not in {line.split("=")[0] for line in said.splitlines()}


def test_without_a_password_the_agent_starts_all_the_same(root: Path) -> None:
    """A broker on loopback asks for none."""
    command = ["/bin/sh", root / "packaging" / "start.sh", "/bin/echo", "started"]

    assert subprocess.run(command, check=True, capture_output=True, text=True, env={}).stdout == "started\n"


def test_a_configuration_made_for_the_service_names_what_the_service_may_write(unit: dict[str, list[str]]) -> None:
    """`edge init` beside the unit's configuration puts key, outbox and socket into the unit's folders."""
    config = Path(unit["ExecStart"][0].split()[-1])
    tables = placed({"gateway": {"id": "gw", "outbox_dir": "/mnt/outbox"}}, config)

    assert tables["gateway"]["key_file"] == f"/var/lib/{unit['StateDirectory'][0]}/key.pem"
    assert tables["gateway"]["socket"] == f"/run/{unit['RuntimeDirectory'][0]}/agent.sock"
    assert tables["gateway"]["outbox_dir"] == "/mnt/outbox"
    assert placed({"gateway": {}}, Path("edge.toml")) == {"gateway": {}}


def test_the_package_holds_the_gateway_and_nothing_of_the_hub(listing: dict[str, str]) -> None:
    """Programs are executable, everything is root's, and what only a bureau needs is not there."""
    site = "./usr/lib/quietwatch/site/"

    assert listing["./usr/bin/quietwatch"] == "-rwxr-xr-x root/root"
    assert listing["./usr/lib/quietwatch/start"] == "-rwxr-xr-x root/root"
    assert listing["./lib/systemd/system/quietwatch-edge.service"] == "-rw-r--r-- root/root"
    assert f"{site}edge/agent.py" in listing
    assert f"{site}quietwatch-1.2.3.dist-info/METADATA" in listing
    assert not [name for name in listing if name.startswith((f"{site}hub", f"{site}firmware_sim"))]
    assert not [name for name in listing if "__pycache__" in name or name.endswith("RECORD")]


def test_the_package_asks_for_the_python_that_its_libraries_are_made_for(deb: ModuleType) -> None:
    """Debian 12 has 3.11 and Debian 13 has 3.13; the newer system's package is the newer version."""
    control = deb.Package("1.2.3", "arm64", "3.11", EPOCH_S).control(1)
    newer = deb.Package("1.2.3", "arm64", "3.13", EPOCH_S).control(1)

    assert "Depends: python3 (>= 3.11), python3 (<< 3.12)," in control
    assert "Depends: python3 (>= 3.13), python3 (<< 3.14)," in newer
    assert "Version: 1.2.3\n" in control
    assert "Version: 1.2.3+deb13\n" in newer


def test_the_same_sources_give_the_same_package(deb: ModuleType, tmp_path: Path) -> None:
    """Whoever doubts a package builds it again and compares."""
    packages = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        packages.append(built(deb, tmp_path / name).read_bytes())

    assert packages[0] == packages[1]


def test_a_library_for_another_machine_is_refused(deb: ModuleType, tmp_path: Path) -> None:
    """An ELF file says for which machine it is."""
    (tmp_path / "core.so").write_bytes(ELF_HEAD + (62).to_bytes(2, "little"))

    deb.check_machine(tmp_path, "amd64")
    with pytest.raises(ValueError, match=r"core\.so is not for arm64"):
        deb.check_machine(tmp_path, "arm64")
