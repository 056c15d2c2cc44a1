"""The lock files: what is installed is what was chosen, on every machine."""

import re
import tomllib
from pathlib import Path

import pytest

CORE = {
    *("aiomqtt", "msgspec", "paho-mqtt", "pymodbus", "pynacl", "pyserial", "pyserial-asyncio-fast", "segno"),
}
LOCKS = {"requirements.lock": ("dev", "demo", "hub"), "docker/edge.lock": (), "docker/hub.lock": ("hub",)}
ENTRY = re.compile(
    r"(?m)^([a-z0-9][a-z0-9.-]*)(?:\[[a-z,]+\])?==(\S+)((?: ;[^\\\n]*)?)((?:\s*\\\n\s+--hash=sha256:[0-9a-f]{64})*)$"
)


def entries(path: Path) -> list[tuple[str, str, str, str]]:
    """Return (name, version, marker, hashes) of everything in a lock."""
    return ENTRY.findall(path.read_text("utf-8"))


@pytest.mark.parametrize("lock", LOCKS)
def test_everything_is_pinned_by_hash(root: Path, lock: str) -> None:
    """A file that was changed anywhere between its author and this machine is refused."""
    found = entries(root / lock)

    assert found
    assert [name for name, _, _, hashes in found if "--hash" not in hashes] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_index(root: Path, lock: str) -> None:
    """Where packages come from is the machine's business: nothing but entries and hashes."""
    rest = ENTRY.sub("", (root / lock).read_text("utf-8"))

    assert rest.strip() == ""


@pytest.mark.parametrize(("lock", "extras"), LOCKS.items())
def test_a_lock_holds_all_that_is_asked_for(root: Path, lock: str, extras: tuple[str, ...]) -> None:
    """A dependency that was added to pyproject.toml and not to the lock would be missing: run `make lock`."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    asked = [*project["dependencies"], *(line for extra in extras for line in project["optional-dependencies"][extra])]
    names = {re.split(r"[\[<>=~! ;]", line)[0].lower().replace("_", "-") for line in asked} - {"quietwatch"}

    assert names - {name for name, *_ in entries(root / lock)} == set()


@pytest.mark.parametrize("lock", ["docker/edge.lock", "docker/hub.lock"])
def test_images_run_what_was_tested(root: Path, lock: str) -> None:
    """The images' locks hold the versions of the lock that the tests run with."""
    tested = {(name, version) for name, version, *_ in entries(root / "requirements.lock")}

    assert {(name, version) for name, version, *_ in entries(root / lock)} <= tested


def test_a_gateway_depends_on_eight_packages(root: Path) -> None:
    """What reaches every board is chosen one by one: docs/decisions/0011 says why each is there."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]

    assert CORE == {re.split(r"[<>=~! ]", line)[0] for line in project["dependencies"]}


def test_a_gateway_carries_only_what_those_bring(root: Path) -> None:
    """PyNaCl brings cffi and its parser; no NumPy, no web framework, no database."""
    names = {name for name, *_ in entries(root / "docker/edge.lock")}

    assert names <= CORE | {"cffi", "pycparser"}
