"""Thresholds from the hub's own hours: what is learnt on, what is refused, what is kept for the hub."""

from pathlib import Path

import numpy as np
import pytest

from hub.calibrating import History, alike, history_of, labels_of, learnt_on
from hub.calibrations import Calibrations
from hub.errors import StoreError, TooLittleHistory
from hub.hourly import HOUR_MS, Hour, Judged
from hub.lead.label import Label, LabelOutcome
from hub.past import Learnt, step
from hub.quality import Cause
from hub.state import leaves
from hub.store.hours import HOURS, HourReader, HourStore

pytestmark = pytest.mark.component

FIRST = 394_000
DAYS = 12
STREAMS = tuple(
    Judged(row, f"m{row % 4}", f"m{row % 4}-d", name, 116.4 + 0.02 * (row % 4), 39.8, 60.0)
    for row, name in enumerate(["pm2_5"] * 4 + ["no"] * 4 + ["so2"])
)


def kept(directory: Path, days: int = DAYS) -> HourReader:
    """Return hours of a small network: PM2.5 of four stations, NO that is mostly 0, SO2 of one."""
    chance = np.random.default_rng(5)
    hours = np.arange(days * 24)
    level = 60 + 30 * np.sin(hours / 9)
    air = level[:, None] * (1 + 0.1 * chance.standard_normal((len(hours), 9)))
    air[:, 4:8] = np.where(air[:, 4:8] > 80, 1.0, 0.0)
    store = HourStore(directory / HOURS)
    store._file.execute("PRAGMA synchronous = OFF")
    for hour, means in zip(hours.tolist(), air.astype(np.float32), strict=True):
        store.keep(Hour(FIRST + hour, means, np.full(9, 60, np.uint8)), STREAMS, (), hour + 1)
    store.close()
    return HourReader(directory / HOURS)


def said(device: str, outcome: LabelOutcome, since: int, closed: int | None) -> Label:
    """Return what a person said of a ticket that was open between two hours of the history."""
    closed_ms = None if closed is None else (FIRST + closed) * HOUR_MS
    about = {"area": "", "property": "", "detector": "", "rule": "", "subject": device, "kind": "drift"}
    return Label(
        1, "ticket", 1, outcome, "", "duty", 0, **about, since_ms=(FIRST + since) * HOUR_MS, closed_ms=closed_ms
    )


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> HourReader:
    """Return the hours of the small network."""
    return kept(tmp_path_factory.mktemp("hub"))


@pytest.fixture(scope="module")
def history(reader: HourReader) -> History:
    """Return what is learnt on."""
    return history_of(reader, 365, ())


@pytest.fixture(scope="module")
def learnt(history: History) -> Learnt:
    """Return what was learnt."""
    return learnt_on(history, 0.1, lambda _doing: None)


def test_what_neighbours_cannot_judge_is_left_out_and_said(history: History) -> None:
    """A property of one device has no neighbours; one that is mostly 0 has no ratios."""
    assert ["pm2_5"] == list(history.values())
    assert {"no", "so2"} == set(history.left_out)
    assert (DAYS * 24, [4]) == (history.hours, [len(part.posts) for part in history.parts])


def test_hours_of_a_true_fault_teach_nothing(reader: HourReader) -> None:
    """Confirmed or a sensor's fault: from its beginning to its end; what was false stays in."""
    labels = [said("m1-d", "confirmed", 10, 20), said("m2-d", "sensor_fault", 280, None), said("m0-d", "false", 5, 9)]
    values = history_of(reader, 365, labels).values()["pm2_5"]

    assert [0, 11, 8, 0] == np.isnan(values).sum(axis=1).tolist()
    assert np.isnan(values[1, 10:21]).all()
    assert np.isnan(values[2, 280:]).all()


def test_a_fault_that_people_know_of_and_that_lasts_goes_on_lasting(tmp_path: Path) -> None:
    """Its hours teach nothing, and yet the hub must not believe the device when it takes the thresholds."""
    kept(tmp_path)
    store = HourStore(tmp_path / HOURS)
    for hour in range(DAYS * 24 - 60, DAYS * 24):
        means = HourReader(tmp_path / HOURS).history(FIRST + hour, FIRST + hour).means[0].copy()
        means[1] = 44.0
        store.keep(Hour(FIRST + hour, means, np.full(9, 60, np.uint8)), STREAMS, (), hour + 1)
    store.close()
    history = history_of(HourReader(tmp_path / HOURS), 365, [said("m1-d", "confirmed", DAYS * 24 - 60, None)])
    (kit,) = learnt_on(history, 0.1, lambda _doing: None).kits

    assert np.isnan(history.values()["pm2_5"][1, -60:]).all()
    assert [0, Cause.STUCK, 0, 0] == kit.past.standing[0].tolist()


@pytest.mark.parametrize(("days", "asked"), [(9, 365), (DAYS, 5)])
def test_too_little_history_is_refused_with_what_is_needed(tmp_path: Path, days: int, asked: int) -> None:
    """Kept, or asked for."""
    with pytest.raises(TooLittleHistory, match="10 days of at least 3 devices") as refused:
        history_of(kept(tmp_path, days), asked, ())

    assert min(days, asked) == refused.value.days


def test_a_hub_without_hours_is_refused(tmp_path: Path) -> None:
    """It has not seen the end of an hour yet."""
    with pytest.raises(TooLittleHistory, match="not kept an hour"):
        history_of(HourReader(tmp_path / HOURS), 365, ())


def test_nobody_has_said_anything_before_there_is_a_registry(tmp_path: Path) -> None:
    """And none is made."""
    assert [] == labels_of(tmp_path / "registry.sqlite")
    assert [] == list(tmp_path.iterdir())


def test_the_hub_reads_what_was_left_for_it(tmp_path: Path, learnt: Learnt) -> None:
    """Thresholds and what was carried, to the bit: the next hour is judged the same."""
    calibrations = Calibrations(tmp_path)
    issued = calibrations.issue(learnt, FIRST, 7)
    read = calibrations.read(issued)
    hour = {"pm2_5": np.array([[60.0], [61.0], [200.0], [np.nan]])}
    one, two = (step(kit.past, hour, kit.thresholds) for kit in (*learnt.kits, *read.kits))

    assert issued == calibrations.current()
    assert (FIRST * HOUR_MS, (FIRST + DAYS * 24) * HOUR_MS) == (issued.first_ms, issued.last_ms)
    assert np.array_equal(one[0]["pm2_5"].score, two[0]["pm2_5"].score)
    for (path, array), (other, same) in zip(leaves(one[1]), leaves(two[1]), strict=True):
        assert path == other
        assert np.array_equal(array, same, equal_nan=array.dtype.kind == "f"), path


def test_thresholds_that_are_lost_or_rotten_are_not_used(tmp_path: Path, learnt: Learnt) -> None:
    """The name is the hash of the content."""
    calibrations = Calibrations(tmp_path)
    issued = calibrations.issue(learnt, FIRST, 7)
    path = tmp_path / f"{issued.sha256}.npz"
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(StoreError, match="not what its name says"):
        calibrations.read(issued)
    path.unlink()
    with pytest.raises(StoreError, match=issued.sha256):
        calibrations.read(issued)


def test_properties_of_the_same_stations_witness_for_each_other() -> None:
    """What only few of many stations measure is judged among those few."""
    every, some, few = np.ones(20, np.bool_), np.arange(20) < 12, np.arange(20) < 5
    there = {"pm2_5": every, "pm10": every, "co": some, "no2": few, "o3": few}

    assert [{"pm2_5", "pm10", "co"}, {"no2", "o3"}] == alike(there)


def test_nothing_was_calibrated_or_nobody_can_read_it(tmp_path: Path) -> None:
    """The first is no error, the second is."""
    assert Calibrations(tmp_path).current() is None
    (tmp_path / "current.json").write_text("{}")
    with pytest.raises(StoreError, match=r"current\.json"):
        Calibrations(tmp_path).current()
