"""Thresholds written and read again, and what is no such writing."""

import io
from typing import Any

import numpy as np
import pytest

from hub.quality import Thresholds, calibrate, dumped, loaded, replay

STEPS = 400
TIMES = np.datetime64("2025-01-01", "ms") + np.arange(STEPS) * np.timedelta64(3_600_000, "ms")
POSITIONS = np.array([[116.3, 39.9], [116.4, 39.9], [116.3, 40.0]])
CHANCE = np.random.default_rng(3)
VALUES = {name: np.round(CHANCE.lognormal(3, 0.5, (3, STEPS))) for name in ("no2", "o3", "pm10")}


@pytest.fixture(scope="module")
def thresholds() -> Thresholds:
    """Return some."""
    return calibrate(VALUES, TIMES, POSITIONS)


def archive(arrays: dict[str, Any]) -> bytes:
    """Return the bytes of an archive."""
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def test_thresholds_outlive_a_restart(thresholds: Thresholds) -> None:
    """The same thresholds give the same bytes, and the bytes the same verdicts."""
    content = dumped(thresholds)
    back = loaded(content)
    before, after = (replay(VALUES, TIMES, POSITIONS, which) for which in (thresholds, back))

    assert dumped(back) == content
    assert (back.rate, back.step_h, back.false_alarms_per_sensor_month) == (thresholds.rate, 1.0, 0.1)
    assert all(np.array_equal(before[name].score, after[name].score) for name in VALUES)


@pytest.mark.parametrize("size", [0, 9, 2000, -99])
def test_a_torn_writing_is_refused(thresholds: Thresholds, size: int) -> None:
    """However much of it is there."""
    with pytest.raises(ValueError, match="calibrate again"):
        loaded(dumped(thresholds)[:size])


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"limit": 1.0}, "no thresholds"),
        ({"version": 9}, "layout 9"),
        ({"version": 1}, "layout 1"),
        ({"version": 2}, "damaged"),
        ({"version": np.array([{}])}, "no thresholds: .* allow_pickle"),
    ],
)
def test_another_archive_is_refused(arrays: dict[str, Any], reason: str) -> None:
    """Neither another layout is guessed, nor an object unpickled."""
    with pytest.raises(ValueError, match=reason):
        loaded(archive(arrays))


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("limits/o3/limit", np.nan),
        ("limits/o3/shape/spread", np.full((3, 8), np.inf)),
        ("learnt/positions", np.zeros((3, 3))),
        ("learnt/nearest", np.full((3, 2), 99)),
        ("learnt/alone/o3/square", np.zeros((3, 3))),
    ],
)
def test_a_damaged_array_is_refused(thresholds: Thresholds, path: str, wrong: Any) -> None:
    """What is not finite or of another shape would judge nonsense."""
    with np.load(io.BytesIO(dumped(thresholds))) as archived:
        arrays = dict(archived)

    assert path in arrays
    with pytest.raises(ValueError, match="damaged"):
        loaded(archive({**arrays, path: wrong}))
