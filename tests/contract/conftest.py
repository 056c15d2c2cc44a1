"""The tree as it would be committed."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    """The top of the project."""
    return ROOT


@pytest.fixture(scope="session")
def tree() -> tuple[Path, ...]:
    """Every file of the project, relative to its top; what git ignores is left out."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listing = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return tuple(sorted(path for name in set(listing.split("\0")) if name and (ROOT / (path := Path(name))).is_file()))


@pytest.fixture(autouse=True, scope="module")
def _quick_disk() -> Iterator[None]:
    """Have no call wait for the disk of this machine: what survives a power cut is played."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("fdatasync", "fsync"):
            patch.setattr(os, name, os.fstat)
        yield
