"""Build quietwatch-edge_VERSION_ARCH.deb: a gateway for Debian that installs without Internet and without compiler.

    /usr/bin/quietwatch                 the command line
    /usr/lib/quietwatch/site            wire, edge, quietwatch and the libraries of docker/edge.lock for ARCH
    /usr/lib/quietwatch/start           gives the agent its passwords
    /lib/systemd/system/quietwatch-edge.service

Run it with `make deb`. It needs dpkg-deb; wheels come from where uv finds them, checked against the hashes of the
lock. The same sources give the same bytes: times are SOURCE_DATE_EPOCH's, or the last commit's.
"""  # noqa: INP001  # a script

import argparse
import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TOP: Final = Path(__file__).resolve().parents[1]
HERE: Final = Path(__file__).resolve().parent
# What Debian calls a machine: what wheels call it, and what an ELF file says of it.
MACHINES: Final = {"amd64": ("x86_64", 62), "arm64": ("aarch64", 183)}
# Debian 12 and Raspberry Pi OS of its time, and their successors: the system's Python must be that of the wheels.
DEBIANS: Final = {"3.11": "", "3.13": "+deb13"}
OWN: Final = ("wire", "edge", "quietwatch")
# The demo needs a hub and a simulated field, which are not in here.
LEFT_OUT: Final = shutil.ignore_patterns("__pycache__", "demo")
# What an installer notes for its own removal: paths of the machine that built.
NOTES: Final = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json")
SCRIPTS: Final = ("postinst", "prerm", "postrm")


@dataclass(frozen=True, slots=True)
class Package:
    """What is to be built.

    Attributes:
        version: of the project.
        machine: a key of MACHINES.
        python: a key of DEBIANS.
        epoch_s: the time that all its files bear.
    """

    version: str
    machine: str
    python: str
    epoch_s: int

    @property
    def debian_version(self) -> str:
        """The version, higher for a newer Debian, so that an upgraded system takes the right one."""
        return self.version + DEBIANS[self.python]

    @property
    def file_name(self) -> str:
        """Of the package."""
        return f"quietwatch-edge_{self.debian_version}_{self.machine}.deb"

    def control(self, installed_kb: int) -> str:
        """Return what dpkg wants to know."""
        major, minor = self.python.split(".")
        return (
            "Package: quietwatch-edge\n"
            f"Version: {self.debian_version}\n"
            f"Architecture: {self.machine}\n"
            "Maintainer: The QuietWatch authors <packages@quietwatch.invalid>\n"
            f"Installed-Size: {installed_kb}\n"
            f"Depends: python3 (>= {self.python}), python3 (<< {major}.{int(minor) + 1}), libc6 (>= 2.28), passwd\n"
            "Section: science\n"
            "Priority: optional\n"
            "Description: QuietWatch gateway for air, noise and laboratory instruments\n"
            " Reads instruments over serial lines, Modbus and MQTT, keeps every reading on disk\n"
            " until the hub has acknowledged it, and sends it signed.\n"
            " .\n"
            " Carries its Python libraries: installing it needs no Internet and no compiler.\n"
        )


def fetch(package: Package, site: Path) -> None:
    """Unpack the wheels of the lock for a machine; the lock's hashes say which files are welcome."""
    command = [str(Path(sysconfig.get_path("scripts")) / "uv"), "pip", "install", "--quiet", "--target", str(site)]
    command += ["--python-platform", f"{MACHINES[package.machine][0]}-manylinux_2_28"]
    command += ["--python-version", package.python, "--only-binary", ":all:", "--link-mode", "copy"]
    command += ["--no-deps", "--require-hashes", "--requirement", str(TOP / "docker" / "edge.lock")]
    # uv reads the indexes and certificates that pip is configured with on this machine.
    configured = f'eval "$({shlex.join([sys.executable, str(TOP / ".ci" / "uv_env.py")])})"'
    subprocess.run(["/bin/sh", "-c", f"{configured} && exec {shlex.join(command)}"], check=True)  # noqa: S603  # our own words


def assemble(package: Package, root: Path) -> None:
    """Lay out the package around the libraries that stand in `root`/usr/lib/quietwatch/site.

    Raises:
        ValueError: a library is compiled for another machine.
    """
    site = root / "usr/lib/quietwatch/site"
    for name in OWN:
        shutil.copytree(TOP / name, site / name, ignore=LEFT_OUT)
    _describe(package, site)
    _strip(site)
    check_machine(site, package.machine)
    for source, target in (
        (HERE / "quietwatch", "usr/bin/quietwatch"),
        (HERE / "start.sh", "usr/lib/quietwatch/start"),
        (HERE / "quietwatch-edge.service", "lib/systemd/system/quietwatch-edge.service"),
        (HERE / "copyright", "usr/share/doc/quietwatch-edge/copyright"),
        (TOP / "docs/installing.md", "usr/share/doc/quietwatch-edge/installing.md"),
        (TOP / "docker/edge.toml", "usr/share/doc/quietwatch-edge/examples/edge.toml"),
        *((HERE / name, f"DEBIAN/{name}") for name in SCRIPTS),
    ):
        (root / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, root / target)
    _write_control(package, root)
    _settle(root, package.epoch_s)


def check_machine(site: Path, machine: str) -> None:
    """Look at every compiled library.

    Raises:
        ValueError: one is for another machine.
    """
    for path in sorted(site.rglob("*.so*")):
        head = path.read_bytes()[:20]
        if head[:4] != b"\x7fELF" or int.from_bytes(head[18:20], "little") != MACHINES[machine][1]:
            raise ValueError(f"{path.name} is not for {machine}")


def _describe(package: Package, site: Path) -> None:
    """Say which version this is, in the way in which the agent asks."""
    notes = site / f"quietwatch-{package.version}.dist-info"
    notes.mkdir()
    (notes / "METADATA").write_text(f"Metadata-Version: 2.1\nName: quietwatch\nVersion: {package.version}\n")


def _strip(site: Path) -> None:
    """Take away what is of use only to the machine that built, or only to whoever compiles."""
    shutil.rmtree(site / "bin", ignore_errors=True)
    (site / ".lock").unlink(missing_ok=True)
    for notes in site.glob("*.dist-info"):
        for name in NOTES:
            (notes / name).unlink(missing_ok=True)


def _write_control(package: Package, root: Path) -> None:
    files = sorted(path for path in root.rglob("*") if path.is_file() and "DEBIAN" not in path.parts)
    sums = [f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(root)}" for path in files]  # noqa: S324  # dpkg's
    (root / "DEBIAN" / "md5sums").write_text("\n".join(sums) + "\n")
    kilobytes = sum(-(-path.stat().st_size // 1024) for path in files)
    (root / "DEBIAN" / "control").write_text(package.control(kilobytes))


def _settle(root: Path, epoch_s: int) -> None:
    """Give every file the mode and the time that it has on every machine that builds."""
    programs = {root / "usr/bin/quietwatch", root / "usr/lib/quietwatch/start", *(root / "DEBIAN" / n for n in SCRIPTS)}
    for path in (root, *root.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path in programs else 0o644)
        os.utime(path, (epoch_s, epoch_s))


def pack(package: Package, root: Path, target: Path) -> Path:
    """Return the finished package."""
    path = target / package.file_name
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(package.epoch_s)}
    # One thread: several would cut the archive differently on each machine.
    command = ["dpkg-deb", "--root-owner-group", "-Zxz", "--threads-max=1", "--build", str(root), str(path)]
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603  # our own words
    return path


def _epoch_s() -> int:
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given is None:
        command = ["git", "-C", str(TOP), "log", "-1", "--format=%ct"]
        given = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603  # our own words
    return int(given)


def main(words: list[str]) -> int:
    """Build what is asked for; 1 when this machine cannot."""
    parser = argparse.ArgumentParser(prog="make deb", description="Build quietwatch-edge_VERSION_ARCH.deb into dist/.")
    parser.add_argument("--machine", choices=MACHINES, action="append", help="default: both")
    parser.add_argument("--python", choices=DEBIANS, default="3.11", help="of Debian 12 (3.11) or Debian 13 (3.13)")
    parser.add_argument("--target", type=Path, default=TOP / "dist", help="folder")
    asked = parser.parse_args(words)
    if shutil.which("dpkg-deb") is None:
        sys.stderr.write("make deb: needs dpkg-deb, which every Debian system has\n")
        return 1
    version = tomllib.loads((TOP / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    asked.target.mkdir(parents=True, exist_ok=True)
    for machine in asked.machine or MACHINES:
        package = Package(version, machine, asked.python, _epoch_s())
        with tempfile.TemporaryDirectory() as place:
            fetch(package, Path(place) / "usr/lib/quietwatch/site")
            assemble(package, Path(place))
            path = pack(package, Path(place), asked.target)
        sys.stdout.write(f"{path}  {path.stat().st_size / 1e6:.1f} MB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
