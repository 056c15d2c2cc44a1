"""New thresholds without a restart, and what the past knows of faults that last."""

from collections import deque
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from hub.calibrations import Calibrations
from hub.catalogue import Catalogue
from hub.checks import Calibration
from hub.config_entries import ConfigEntries
from hub.configured import Configured, read_configured
from hub.ingest.entry import Draft
from hub.ingest.intake import Arrival
from hub.ingest.journal import Journal
from hub.judgement import Judgement
from hub.quality import Cause
from hub.second_pass import Checkpoint

pytestmark = pytest.mark.component

NOON = int(1_420_776_000 / 60)
NEW = Calibration("ab" * 32, 5, 1, 2, 0.1, {"pm2_5": 0.09})


class Said(list[Arrival]):
    """What was put into the journal."""

    def put(self, arrival: Arrival) -> bool:
        """Take it."""
        self.append(arrival)
        return True


def calibrated(directory: Path, calibration: Calibration) -> None:
    """Leave thresholds as a calibration does."""
    (directory / "current.json").write_bytes(msgspec.json.encode(calibration))


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Return the directory of an empty journal."""
    Journal(tmp_path / "journal").close()
    return tmp_path / "journal"


def test_the_journal_says_new_thresholds_once(journal: Path, tmp_path: Path) -> None:
    """At the first look after they were left; what cannot be put now is put at the next."""
    said = Said()
    taken = iter([True, False, True])

    def put(arrival: Arrival) -> bool:
        return next(taken) and said.put(arrival)

    entries = ConfigEntries(journal, Configured(grace_s=3), Calibrations(tmp_path), put)
    entries.look()
    entries.look()
    calibrated(tmp_path, NEW)
    for _ in range(3):
        entries.look()

    assert [None, NEW] == [read_configured(arrival.body).thresholds for arrival in said]
    assert {3.0} == {read_configured(arrival.body).grace_s for arrival in said}


def test_what_the_journal_says_already_is_not_said_again(journal: Path, tmp_path: Path) -> None:
    """A start with the same configuration and thresholds."""
    calibrated(tmp_path, NEW)
    said = Said()
    ConfigEntries(journal, Configured(), Calibrations(tmp_path), said.put).look()
    with Journal(journal) as open_journal:
        open_journal.append_many([Draft("config", envelope=said[0].body)], 7)
    ConfigEntries(journal, Configured(), Calibrations(tmp_path), said.put).look()

    assert 1 == len(said)


def test_thresholds_that_cannot_be_read_change_nothing(journal: Path, tmp_path: Path, caplog: Any) -> None:
    """The log says so once."""
    said = Said()
    calibrated(tmp_path, NEW)
    entries = ConfigEntries(journal, Configured(), Calibrations(tmp_path), said.put)
    entries.look()
    (tmp_path / "current.json").write_text("torn", "utf-8")
    entries.look()
    entries.look()

    assert 1 == len(said)
    assert 1 == caplog.text.count("thresholds stay as they are")


@pytest.mark.parametrize("stuck", [True, False])
def test_late_readings_are_judged_with_the_faults_of_their_own_hour(town: Any, book: Any, stuck: bool) -> None:  # noqa: FBT001
    """A device whose fault lasted then opens no lead afterwards, whatever it says; the present is left alone."""
    judgement = Judgement(Catalogue(), town.areas)
    judgement.learn(town.catalogue())
    held, found = [], []
    for minute in range(50, 125):
        payload = town.minute(minute)
        if 60 <= minute < 110:
            held.append(payload)
        else:
            for late in held:
                judgement.take(late, payload.t0 + 50_000)
            held.clear()
            judgement.take(payload, payload.t0 + 50_000)
        found += list(judgement.close(NOON + minute, payload.t0 + 90_000))
        if stuck and minute == 59:
            (kept,) = judgement._second.checkpoints
            lasting = kept.state.quality.standing.copy()
            lasting[town.streams.index(("m06", "pm10"))] = Cause.STUCK
            quality = kept.state.quality._replace(standing=lasting)
            judgement._second.checkpoints = deque([Checkpoint(kept.minute, kept.state._replace(quality=quality))], 24)

    assert ([] if stuck else ["site"]) == [lead.area for outcome in found for lead in outcome.leads]
    assert not np.any(judgement._state.quality.standing)


@pytest.mark.parametrize("announced", [Cause.NONE, Cause.STUCK])
def test_what_the_hours_have_announced_gets_no_second_ticket(town: Any, announced: Cause) -> None:
    """The value repeats while the air clears: the minutes see it too."""
    town.air = lambda s, n, m: 300.0 - 4 * (0 if (s, n) == ("m12", "pm10") else m) + (m + ord(s[-1])) % 5 * (s != "m12")
    judgement = Judgement(Catalogue(), town.areas)
    judgement.learn(town.catalogue())
    standing = np.zeros(len(town.streams), np.uint8)
    standing[town.streams.index(("m12", "pm10"))] = announced
    judgement._state = judgement._state._replace(quality=judgement._state.quality._replace(standing=standing))
    kinds = set()
    for minute in range(58):
        payload = town.minute(minute)
        judgement.take(payload, payload.t0 + 50_000)
        outcomes = judgement.close(NOON + minute, payload.t0 + 90_000)
        kinds |= {ticket.kind for outcome in outcomes for ticket in outcome.tickets if ticket.subject == "m12-d"}

    assert (set() if announced else {"flat_line"}) == kinds
