"""Minutes of a town through the whole judge: what drops out gets its ticket by the hour, also after a restart."""

from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pytest

from hub.calibrations import Calibrations
from hub.catalogue import Catalogue
from hub.checks import Calibration
from hub.configured import Configured, write_configured
from hub.hour_pass import KINDS
from hub.hourly import HOUR_MS, judged_streams, matrices, posts_of
from hub.judge import Judge
from hub.judgement import Judgement
from hub.keepers import Hourly
from hub.model import MINUTE_MS, TicketOpening
from hub.past import Kit, Learnt, begun
from hub.quality import Cause, calibrate, replay
from hub.store.hours import HOURS, HourReader, HourStore
from wire.reading import Flag

pytestmark = pytest.mark.component

NOON = int(1_420_776_000 / 60)
CHANCE = np.random.default_rng(3).standard_normal((25, 2, 500))
# m12 gives next to nothing, changing by the minute, so that no check of minutes sees it in that time.
MINUTES = 4 * 60 + 5


def level(hour: float) -> float:
    """Return the region's air."""
    return 90 + 30 * float(np.sin(hour / 5))


def air(station: str, name: str, minute: int) -> float:
    """Return what a device measures: the region's air with three hundredths of its own, an hour alike."""
    if name.startswith("wind") or name == "temperature" or not station[1:].isdigit():
        return 20.0
    own = CHANCE[int(station[1:]), int(name == "pm10"), 400 + minute // 60]
    value = level(minute / 60) * (1 + 0.03 * own) + minute % 3
    return 3.0 + 0.1 * (minute % 7) if station == "m12" and name == "pm2_5" else value


class Made(NamedTuple):
    """A journal, and where thresholds lie that it names."""

    entries: list[Any]
    calibrations: Calibrations
    calibration: Calibration
    areas: Any


@pytest.fixture
def made(request: pytest.FixtureRequest, town: Any, book: Any, tmp_path: Path) -> Made:
    """Return some minutes of the town, or hours; its thresholds were learnt on 400 hours of the same air."""
    town.air = air
    judgement = Judgement(Catalogue(), town.areas)
    judgement.learn(town.catalogue())
    posts = posts_of(judged_streams(judgement.bindings.network))
    hours = np.arange(-400, 0)
    region = np.array([level(hour) for hour in hours.tolist()])
    values = {name: region * (1 + 0.03 * CHANCE[:, k, :400]) for k, name in enumerate(("pm2_5", "pm10"))}
    times = ((NOON // 60 + hours) * HOUR_MS).astype("datetime64[ms]")
    thresholds = calibrate(values, times, posts.positions)
    learnt = Learnt((Kit(thresholds, begun(thresholds, posts.positions, NOON // 60 - 1)),))
    calibrations = Calibrations(tmp_path / "thresholds")
    calibration = calibrations.issue(learnt, NOON // 60 - 400, NOON * MINUTE_MS)
    book.write("config", write_configured(Configured(thresholds=calibration)), NOON * MINUTE_MS)
    book.day(range(getattr(request, "param", MINUTES)))
    return Made(book.entries, calibrations, calibration, town.areas)


class Desk:
    """Store and registry in memory; tickets as they open."""

    def __init__(self) -> None:
        self.tickets: dict[tuple[str, str], TicketOpening] = {}
        self.entry = 0

    def open_ticket(self, opening: TicketOpening) -> None:
        """Open once."""
        self.tickets.setdefault((opening.subject, opening.kind), opening)

    def insert(self, _columns: object, entry_id: int) -> None:
        """Note how far."""
        self.entry = max(self.entry, entry_id)

    def applied(self) -> int:
        """Say how far."""
        return self.entry

    def __getattr__(self, _name: str) -> Any:
        return lambda *_: None


def judge(made: Made, desk: Desk, place: Path) -> tuple[Judge, HourStore]:
    """Return a judge that keeps hours at a place."""
    place.mkdir(exist_ok=True)
    hours = HourStore(place / HOURS)
    hourly = Hourly(hours, made.calibrations)
    desk_: Any = desk
    return Judge(Catalogue(), made.areas, desk_, desk_, place / "judge", hourly=hourly), hours


def offline(reader: HourReader, made: Made) -> list[tuple[int, int, str]]:
    """Return hour, row and kind of every alarm that `replay` raises on the hours that were kept."""
    first, last = reader.span() or (0, 0)
    history, posts = reader.history(first, last), posts_of(reader.streams())
    times = (np.arange(first, last + 1) * HOUR_MS).astype("datetime64[ms]")
    thresholds = made.calibrations.read(made.calibration).kits[0].thresholds
    judged = replay(matrices(posts, history.means, history.counts), times, posts.positions, thresholds)
    return sorted(
        (first + int(hour), int(posts.streams[name][0][post]), KINDS[Cause(one.cause[post, hour])])
        for name, one in judged.items()
        for post, hour in np.argwhere(one.alarm).tolist()
    )


def test_minutes_become_hours_and_a_ticket_the_same_after_a_restart(made: Made, tmp_path: Path) -> None:
    """Live and restarted in the middle: the same ticket, doubt, hours and alarms; the journal's beginning again too."""
    whole, parted = Desk(), Desk()
    one, hours = judge(made, whole, tmp_path / "whole")
    shown = one.apply(made.entries)
    hours.close()
    cut = next(i for i, entry in enumerate(made.entries) if entry.seq == (NOON + 130) * MINUTE_MS)
    first, hours = judge(made, parted, tmp_path / "parted")
    first.apply(made.entries[:cut])
    hours.close()
    second, hours = judge(made, parted, tmp_path / "parted")
    after = second.after
    again = second.apply([entry for entry in made.entries if entry.id > after])
    hours.close()
    readers = [HourReader(tmp_path / name / HOURS) for name in ("whole", "parted")]
    span = readers[0].span() or (0, 0)
    row = next(stream.row for stream in shown.datastreams if stream.id == "m12/m12-d/pm2_5")
    ticket = whole.tickets["m12-d", "dropout"]

    assert {("m12-d", "dropout")} == set(whole.tickets)
    assert whole.tickets == parted.tickets
    assert 0 < after <= cut
    assert (NOON // 60, NOON // 60 + 3) == span
    assert (span[1] * HOUR_MS, (span[1] + 1) * HOUR_MS) == (ticket.since_ms, ticket.opened_ms)
    assert made.calibration == shown.checks.calibration == again.checks.calibration
    assert ["dropout"] == [fault.kind for fault in shown.checks.standing]
    assert shown.checks == again.checks
    assert Flag.SUSPECT <= shown.latest_flag[row]
    assert readers[0].alarms(*span) == readers[1].alarms(*span) != []
    assert offline(readers[0], made) == [(alarm.hour, alarm.row, alarm.kind) for alarm in readers[0].alarms(*span)]
    assert np.array_equal(readers[0].history(*span).means, readers[1].history(*span).means, equal_nan=True)


@pytest.mark.parametrize("made", [20], indirect=True)
def test_thresholds_that_are_lost_leave_the_other_checks(made: Made, tmp_path: Path, caplog: Any) -> None:
    """The hub says so in the log, and that none are in force."""
    for path in (tmp_path / "thresholds").glob("*.npz"):
        path.unlink()
    one, hours = judge(made, Desk(), tmp_path / "lost")
    shown = one.apply(made.entries[:40])
    hours.close()

    assert shown.checks.calibration is None
    assert made.calibration.sha256 in caplog.text


def test_a_config_entry_of_an_earlier_hub_names_no_thresholds() -> None:
    """It is read as before."""
    assert msgspec.json.decode(b'{"grace_s": 30}', type=Configured).thresholds is None
