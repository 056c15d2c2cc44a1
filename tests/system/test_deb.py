"""The Debian package with its real libraries: laid out for both machines, run on this one with the network cut."""

import importlib.util
import platform
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.system

ROOT = Path(__file__).resolve().parents[2]
CUT = ["unshare", "--map-root-user", "--net"]
LARGEST_MB = 15
OWN = {"wire", "edge", "quietwatch"}
RUN = "import sys; sys.path.insert(0, sys.argv.pop(1)); from quietwatch.cli import main; main()"


@pytest.fixture(scope="module")
def deb() -> ModuleType:
    """The builder."""
    spec = importlib.util.spec_from_file_location("quietwatch_deb", ROOT / "packaging" / "deb.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def laid_out(deb: ModuleType, machine: str, place: Path) -> Path:
    """Return the folder of the libraries, everything as it would be installed."""
    package = deb.Package("1.2.3", machine, "3.11", 1_790_000_000)
    site = place / "usr/lib/quietwatch/site"
    deb.fetch(package, site)
    deb.assemble(package, place)
    return site


def megabytes(site: Path) -> float:
    """Return what the libraries take, without our own code."""
    files = (path for path in site.rglob("*") if path.is_file() and path.relative_to(site).parts[0] not in OWN)
    return sum(path.stat().st_size for path in files) / 1e6


def test_a_gateway_needs_nothing_but_its_package(deb: ModuleType, tmp_path: Path) -> None:
    """The command line checks a configuration without the libraries of this environment and without a network."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
    site = laid_out(deb, machine, tmp_path)
    (tmp_path / "edge.toml").write_text('[gateway]\nid = "gw"\n[hub]\nhost = "127.0.0.1"\n')
    cut = CUT if subprocess.run([*CUT, "true"], check=False, capture_output=True).returncode == 0 else []
    python = getattr(sys, "_base_executable", sys.executable)
    command = [*cut, python, "-I", "-S", "-c", RUN, site, "edge", "check", tmp_path / "edge.toml"]
    outcome = subprocess.run(command, check=False, capture_output=True, text=True)

    assert outcome.returncode == 0, outcome.stderr
    assert megabytes(site) <= LARGEST_MB


def test_a_board_gets_libraries_for_its_processor(deb: ModuleType, tmp_path: Path) -> None:
    """Each compiled library in the package for 64-bit ARM says so in its head; none is missing."""
    site = laid_out(deb, "arm64", tmp_path)
    compiled = sorted(path.name for path in site.rglob("*.so*"))

    assert compiled
    assert all("x86" not in name for name in compiled)
    assert megabytes(site) <= LARGEST_MB
