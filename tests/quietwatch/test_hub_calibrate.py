"""`hub calibrate`: what a person sees, and what the hub finds."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hub.hourly import Hour, Judged
from hub.store.hours import HOURS, HourStore

CONFIG = """
[hub]
directory = "hub"
[zone]
name = "开发区"
"""
STREAMS = tuple(Judged(row, f"m{row}", f"m{row}-d", "pm2_5", 116.4 + 0.02 * row, 39.8, 60.0) for row in range(4))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return the configuration of a hub that has kept twelve days."""
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub.toml").write_text(CONFIG, "utf-8")
    for name in ("areas", "districts"):
        (tmp_path / f"{name}.geojson").write_text('{"type": "FeatureCollection", "features": []}', "utf-8")
    chance, store = np.random.default_rng(5), HourStore(tmp_path / "hub" / HOURS)
    store._file.execute("PRAGMA synchronous = OFF")
    for hour in range(12 * 24):
        means = (60 + 30 * np.sin(hour / 9)) * (1 + 0.1 * chance.standard_normal(4))
        store.keep(Hour(394_000 + hour, means.astype(np.float32), np.full(4, 60, np.uint8)), STREAMS, (), hour)
    store.close()
    return tmp_path / "hub.toml"


def test_a_person_sees_a_table_and_what_happens_next(config: Path, called: Callable[..., Any]) -> None:
    """Property, devices, months, limit, rates; that more history is better; progress beside it."""
    status, out, err = called("hub", "calibrate", config, "--false-alarms", "0.2")

    assert 0 == status
    assert ["pm2_5", "4", "2"] == out.splitlines()[2].split()[:3]
    assert all(part in out for part in ("12 days", "budget 0.2", "when there are 60 days", "within a minute"))
    assert "learning on 12 days of 4 posts" in err


def test_a_program_reads_json(config: Path, called: Callable[..., Any]) -> None:
    """The same, and the name of the file that the hub will read."""
    said = json.loads(called("hub", "calibrate", config, "--json")[1])
    thresholds = config.parent / "hub" / "thresholds"

    assert (thresholds / f"{said['sha256']}.npz").is_file()
    assert ["pm2_5"] == [row["property"] for row in said["properties"]]
    assert said["sha256"] == json.loads((thresholds / "current.json").read_text("utf-8"))["sha256"]


@pytest.mark.parametrize(
    ("extra", "why"), [(["--days", "5"], "10 days of at least 3 devices"), (["--false-alarms", "0"], "above 0")]
)
def test_what_cannot_be_is_one_line(config: Path, called: Callable[..., Any], extra: list[str], why: str) -> None:
    """With what would do; nothing is written."""
    status, _, err = called("hub", "calibrate", config, *extra)

    assert 2 == status
    assert why in err.splitlines()[-1]
    assert not (config.parent / "hub" / "thresholds").exists()
