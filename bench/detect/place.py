"""The peers from PyPI in an environment of the benchmark's own."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TOP = HERE.parents[1]
PLACE = TOP / ".quietwatch" / "bench" / "detect"
# The second may ask for another pandas than the first, or none that there is for this Python: it is tried by itself.
WANTED = (("ioos_qc==3.0.0", "river==0.26.1", "pandas"), ("saqc==2.9.1",))


def install() -> None:
    """Install the peers once, where that is possible; what cannot be is said when it is to run."""
    if (PLACE / "made").exists():
        return
    uv = Path(sys.executable).with_name("uv")
    environment = f'eval "$({sys.executable} {TOP}/.ci/uv_env.py)"'
    shutil.rmtree(PLACE, ignore_errors=True)
    make = [f"{uv} venv -q -p {sys.executable} {PLACE}"]
    make += [f"{uv} pip install -q -p {PLACE} {' '.join(names)}" for names in WANTED]
    done = [subprocess.run(["/bin/sh", "-c", f"{environment} && {one}"], check=False).returncode for one in make]
    if not any(done[:2]):
        (PLACE / "made").touch()


def run(name: str, streams: int, into: Path) -> dict[str, Any] | str:
    """Return what a peer says of itself, or why it says nothing."""
    command = [PLACE / "bin" / "python", HERE / "peers.py", name, str(streams), into]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    except OSError as error:
        return str(error)
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["no output"])[-1]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
