"""The demo as a person runs it, headless; its witness is the simulator's ledger against the store read back."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.system

HOUR_MS = 3_600_000
NOON_MS = 1_420_776_000_000  # 2015-01-09 12:00 in Beijing, when the full scene begins
HALF_A_SECOND = 428  # of gw-east's readings at 360 times the pace of life: more cannot be "just on its way"
SOURCES = {("site-01", "pm10"), ("ent-07", "nox"), ("ent-09", "temperature")}


def start(directory: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start a headless demo that keeps its files."""
    command = [sys.executable, "-m", "quietwatch", "demo", "--headless", "--json", "--directory", str(directory)]
    return subprocess.Popen(
        [*command, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hearing_control_c,  # noqa: PLW1509  # there are no other threads here
    )


def hearing_control_c() -> None:
    """Undo what a shell does to what it starts in the background: as at a terminal, Ctrl-C is heard."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def outcome(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Return the JSON object with which a demo ended, and its exit status as "status"."""
    out, err = process.communicate(timeout=420)
    assert out, err
    return json.loads(out) | {"status": process.returncode}


def wait_until(reached: Callable[[], bool], seconds: float = 200) -> None:
    """Return once something is reached."""
    for _ in range(int(seconds * 10)):
        if reached():
            return
        threading.Event().wait(0.1)
    pytest.fail("not reached")


def field_ms(directory: Path) -> int:
    """Return the field time of the newest reading that the simulator made."""
    ledger = directory / "field" / "ledger.tsv"
    if not ledger.exists():
        return 0
    with ledger.open("rb") as file:
        file.seek(max(0, ledger.stat().st_size - 200))
        lines = file.read().decode().splitlines()
    return int(lines[-2].split("\t")[2]) if len(lines) > 2 else 0


def pids(directory: Path) -> dict[str, int]:
    """Return the process ids of the demo's programs, none before the first has started."""
    path = directory / "processes.json"
    return dict(json.loads(path.read_text())) if path.exists() else {}


def kill(directory: Path, name: str, at_ms: int) -> None:
    """Take a program down without a word once the field has reached a time."""
    wait_until(lambda: field_ms(directory) >= at_ms)
    os.kill(pids(directory)[name], signal.SIGKILL)


def sources(result: dict[str, Any]) -> set[tuple[str, str]]:
    """Return area and property of the leads."""
    return {(lead["area"], lead["cause"]["property"]) for lead in result["leads"]}


def test_hub_broker_and_gateway_killed_in_the_middle_lose_nothing_and_miss_nothing(tmp_path: Path) -> None:
    """Kill -9 of each, started again by its supervisor: nothing lost or doubled, the same leads, each pushed once."""
    process = start(tmp_path)
    kill(tmp_path, "hub", NOON_MS + 3 * HOUR_MS)
    kill(tmp_path, "broker", NOON_MS + 7 * HOUR_MS)
    kill(tmp_path, "gw-east", NOON_MS + 9 * HOUR_MS)

    result = outcome(process)

    assert (0, 0) == (result["lost"], result["duplicates"]), result
    assert result["in_flight_at_kill"] < HALF_A_SECOND
    assert SOURCES == sources(result)
    assert sorted(lead["area"] for lead in result["leads"]) == sorted(push["area"] for push in result["pushes"])


def test_haze_alone_brings_no_lead_and_the_run_ends_well(tmp_path: Path) -> None:
    """Bad air everywhere is nobody's fault: no red area, no lead, no push, exit status 0."""
    result = outcome(start(tmp_path, "--scene", "haze", "--speed", "720"))

    assert {"leads": [], "pushes": [], "red_areas": [], "faults": [], "status": 0} == {
        key: result[key] for key in ("leads", "pushes", "red_areas", "faults", "status")
    }


def test_control_c_leaves_no_process_and_no_port_within_three_seconds(tmp_path: Path) -> None:
    """A person who has seen enough gets the machine back at once."""
    process = start(tmp_path)
    wait_until(lambda: "gw-patrol" in pids(tmp_path))
    running = pids(tmp_path)

    process.send_signal(signal.SIGINT)
    process.communicate(timeout=3)

    assert [] == [name for name, pid in running.items() if Path(f"/proc/{pid}").exists()]
