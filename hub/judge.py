"""The judge: turns the journal's entries, in their order, into stored readings, statuses, leads and tickets.

Its only clock is the journal: the same entries give the same leads, however they are grouped into calls.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from hub.anomaly.rulebook import Rule
from hub.catalogue import Catalogue
from hub.checks import Calibration
from hub.configured import read_configured
from hub.errors import StoreError, Unusable
from hub.ingest.entry import Entry, ForkNote, GapNote
from hub.judgement import Judgement
from hub.keepers import Hourly, Registry, Store
from hub.lead.opening import ticket_opening
from hub.lead.outcome import Outcome
from hub.memory import Arrays, Memory, Teaching, taught, teachings
from hub.model import (
    MINUTE_MS,
    Area,
    Columns,
    Datastream,
    Snapshot,
    TicketKind,
    TicketOpening,
)
from hub.state import leaves
from hub.store.minutes import MinuteWriter
from wire.envelope import read_envelope

_log = logging.getLogger(__name__)
# Beside the memory: what `hub.replay` judges again.
MINUTES: Final = "minutes"
WEEK_MIN: Final = 7 * 1440
_COLUMNS: Final = ("row", "time_ms", "value", "flag", "longitude", "latitude")


class Judge:
    """A judgement that is told the journal, and says what follows to store and registry; used by one thread.

    Attributes:
        after: the last journal entry that was taken in, 0 for none: the journal is to be applied from behind it.
    """

    def __init__(  # noqa: PLR0913  # what it judges by, and where it says so
        self,
        catalogue: Catalogue,
        areas: Sequence[Area],
        store: Store,
        registry: Registry,
        directory: Path | None = None,
        rules: Sequence[Rule] | None = None,
        *,
        hourly: Hourly | None = None,
    ) -> None:
        """Go on from what is on disk.

        Args:
            catalogue: an empty one; from here on it is the judge's alone.
            areas: of the zone, until the journal says which.
            store: where readings are kept.
            registry: where leads, tickets and levels are kept.
            directory: of the judge's memory, and of the closed minutes to be judged again; without it every start reads
                the journal from its beginning.
            rules: instead of those that come with the program, until the journal says which.
            hourly: without it no device is judged by its neighbours' hours.
        """
        self.after = 0
        self._own = areas, rules
        self._judgement = Judgement(catalogue, areas, rules)
        self._store = store
        self._registry = registry
        self._memory = Memory(directory)
        self._hourly = hourly
        self._teachings: list[Teaching] = []
        self._pending: list[Columns] = []
        self._unsigned: set[tuple[int, int]] = set()
        self._minutes: MinuteWriter | None = None
        self._taught_kept = 0
        self._week = -1
        self._recall()
        if directory is not None:
            self._begin_keeping(directory / MINUTES)

    def _begin_keeping(self, directory: Path) -> None:
        """Go on keeping closed minutes and weekly states; what is there of later ones goes, it will be said again."""
        self._minutes = MinuteWriter(directory, self.after)
        self._taught_kept = len(self._teachings)
        self._memory.drop_weeks([entry for entry in self._memory.weeks() if entry > self.after])
        if self._memory.weeks():
            self._week = self._judgement.head // WEEK_MIN

    def apply(self, entries: Sequence[Entry]) -> Snapshot:
        """Judge entries in their order and return what is to be shown; their readings are in the store then."""
        for entry in entries:
            match entry.kind:
                case "catalogue":
                    self._learn(Teaching("catalogue", entry.gateway, entry.envelope, entry.received_ms))
                case "config":
                    self._admit(entry)
                case "reading":
                    self._report(entry)
                case "batch" if entry.fresh:
                    self._take(entry)
                case "tick":
                    self._close(entry)
                case "gap" | "fork":
                    self._registry.open_ticket(_ticket(entry))
            self.after = entry.id
        self._flush(self.after)
        return self._judgement.snapshot()

    def snapshot(self) -> Snapshot:
        """Return what is to be shown now."""
        return self._judgement.snapshot()

    def _learn(self, teaching: Teaching) -> Columns:
        """Have the catalogue grow by an entry, and return the readings that came with it."""
        new: Sequence[Datastream] = ()
        columns = _concatenated(())
        match teaching.kind:
            case "catalogue":
                new = self._judgement.learn(read_envelope(teaching.envelope))
            case "config":
                said = read_configured(teaching.envelope)
                self._judge_by(said.thresholds)
                for flaw in self._judgement.configure(said):
                    _log.warning("what the journal says cannot be read, the program's own holds: %s", flaw)
            case "reading":
                new, columns = self._judgement.take_report(teaching.gateway, teaching.envelope, teaching.received_ms)
        if new or teaching.kind != "reading":
            self._teachings.append(teaching)
        self._store.datastreams(new)
        return columns

    def _judge_by(self, calibration: Calibration | None) -> None:
        """Have the hourly checks judge by thresholds; where they are lost, only the others judge."""
        if calibration == self._judgement.calibration or self._hourly is None:
            return
        learnt = None
        try:
            learnt = None if calibration is None else self._hourly.calibrations.read(calibration)
        except StoreError as error:
            _log.error("devices are not judged by their neighbours' hours: %s", error)
        self._judgement.judge_by(calibration, learnt)

    def _admit(self, entry: Entry) -> None:
        said = [one.envelope for one in self._teachings if one.kind == "config"]
        if not said or entry.envelope != said[-1]:
            self._learn(Teaching("config", "", entry.envelope, entry.received_ms))

    def _report(self, entry: Entry) -> None:
        try:
            columns = self._learn(Teaching("reading", entry.gateway, entry.envelope, entry.received_ms))
        except Unusable as reason:
            _log.warning("entry %d is not used: %s", entry.id, reason)
            return
        if entry.id > self._store.applied():
            self._pending.append(self._unheld(columns))

    def _unheld(self, columns: Columns) -> Columns:
        """Return what neither the store has nor what is pending: of one stream and time the first that came stands."""
        keys = list(zip(columns.row.tolist(), columns.time_ms.tolist(), strict=True))
        fresh = ~self._store.holds(columns) & np.array([key not in self._unsigned for key in keys], np.bool_)
        self._unsigned.update(keys)
        return Columns(*(getattr(columns, name)[fresh] for name in _COLUMNS))

    def _take(self, entry: Entry) -> None:
        columns = self._judgement.take(read_envelope(entry.envelope), entry.received_ms, entry.known_rows)
        if entry.id > self._store.applied():
            self._pending.append(columns)

    def _close(self, entry: Entry) -> None:
        known = {checkpoint.minute for checkpoint in self._judgement.checkpoints()}
        for outcome in self._judgement.close(entry.seq // MINUTE_MS, entry.received_ms):
            self._say(outcome, entry.received_ms)
            if outcome.hour is not None and self._hourly is not None:
                self._hourly.hours.keep(outcome.hour.hour, outcome.hour.streams, outcome.hour.alarms, entry.id)
        self._keep_minutes(entry)
        if known != {checkpoint.minute for checkpoint in self._judgement.checkpoints()}:
            # What the memory on disk goes on from must be in the store before it.
            self._flush(entry.id)
            self._remember(entry.id, known)

    def _keep_minutes(self, entry: Entry) -> None:
        if self._minutes is None:
            return
        taught = self._teachings, self._taught_kept
        when = entry.id, entry.received_ms
        self._minutes.append(when, entry.seq // MINUTE_MS, self._judgement.closed(), taught)
        self._taught_kept = len(self._teachings)

    def _say(self, outcome: Outcome, now_ms: int) -> None:
        for lead in outcome.leads:
            self._registry.open_lead(lead)
        for ticket in outcome.tickets:
            self._registry.open_ticket(ticket)
        if outcome.changes:
            self._registry.record_levels(outcome.changes, now_ms)

    def _flush(self, entry_id: int) -> None:
        """Have the store keep what is pending, up to an entry."""
        if entry_id > self._store.applied():
            self._store.insert(_concatenated(self._pending), entry_id)
        self._pending.clear()
        self._unsigned.clear()

    def _remember(self, entry_id: int, known: set[int]) -> None:
        """Keep on disk what a start needs: the hourly states that are new, and everything as it is after an entry."""
        checkpoints = self._judgement.checkpoints()
        for checkpoint in checkpoints:
            if checkpoint.minute not in known:
                self._memory.keep_hour(checkpoint.minute, dict(leaves(checkpoint.state)), checkpoints[0].minute)
        arrays = remembered(self._judgement, entry_id, self._teachings)
        if self._minutes is not None:
            self._minutes.sync()
        self._memory.keep(arrays)
        if (week := self._judgement.head // WEEK_MIN) != self._week:
            self._memory.keep_week(entry_id, without_panel(arrays))
            self._week = week

    def _recall(self) -> None:
        """Go on from the memory on disk if it is of this zone and these rules and the store has all that it has."""
        kept = self._memory.newest()
        if kept is None or int(kept["entry"]) > self._store.applied():
            return
        known = teachings(kept["taught"])
        if kept["form"].tobytes() != self._form(known):
            return
        for teaching in known:
            self._learn(teaching)
        hours = {minute: self._memory.hour(minute) for minute in self._memory.hours()}
        self._judgement.restore(kept, {minute: state for minute, state in hours.items() if state is not None})
        self.after = int(kept["entry"])

    def _form(self, known: Sequence[Teaching]) -> bytes:
        """Return the form of a judgement that was taught so."""
        trial = Judgement(Catalogue(), *self._own)
        for teaching in known:
            if teaching.kind == "config":
                trial.configure(read_configured(teaching.envelope))
        return trial.form()


def remembered(judgement: Judgement, entry_id: int, teachings: Sequence[Teaching]) -> Arrays:
    """Return all that a judgement is after an entry, to be kept, but for its hourly states."""
    return {
        "entry": np.array(entry_id),
        "head": np.array(judgement.head),
        "form": np.frombuffer(judgement.form(), np.uint8),
        "taught": taught(teachings),
        **judgement.arrays(),
    }


def without_panel(arrays: Arrays) -> Arrays:
    """Return what a replay goes on from: the panel is filled from the closed minutes."""
    return {name: array for name, array in arrays.items() if not name.startswith(("panel.", "latest."))}


def _ticket(entry: Entry) -> TicketOpening:
    """Return the ticket that a gap or a fork opens about its gateway."""
    kind: TicketKind = "gap" if entry.kind == "gap" else "fork"
    if kind == "gap":
        gap = msgspec.json.decode(entry.envelope, type=GapNote)
        detail = f"epoch {entry.epoch}: {gap.first} - {gap.last}"
    else:
        fork = msgspec.json.decode(entry.envelope, type=ForkNote)
        detail = f"epoch {entry.epoch}, seq {entry.seq}: {fork.committed[:16]} / {fork.previous[:16]}"
    return ticket_opening(entry.gateway, kind, entry.received_ms, entry.received_ms, detail)


def _concatenated(parts: Sequence[Columns]) -> Columns:
    if not parts:
        none = np.zeros(0)
        return Columns(none.astype(np.int32), none.astype(np.int64), none, none.astype(np.uint8), none, none)
    return Columns(*(np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS))
