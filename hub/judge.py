"""The judge: takes the journal's entries in their order and turns them into stored readings, statuses, leads and tickets.

Its only clock is the journal: the same entries give the same leads, however they are grouped into calls.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from hub import pipeline
from hub.anomaly.rulebook import Rule
from hub.bindings import Bindings, bind
from hub.catalogue import Catalogue, is_dated
from hub.ingest.entry import Entry, ForkNote, GapNote
from hub.latest import Latest
from hub.lead.lifecycle import Episodes
from hub.lead.opening import ticket_opening
from hub.memory import Arrays, Memory, joined, parted
from hub.model import (
    MINUTE_MS,
    Area,
    AreaStatus,
    Columns,
    Datastream,
    Freshness,
    LeadOpening,
    Level,
    Snapshot,
    TicketKind,
    TicketOpening,
)
from hub.network import build_network
from hub.panel import NEVER, Panel, Readings
from hub.second_pass import KEPT, Checkpoint, Late, SecondPass
from hub.state import grown, leaves, rebuilt
from wire.batch import read_envelope
from wire.reading import Flag

# A gateway's clock may be ahead by so much; what is later still is stored, not judged.
AHEAD_MIN: Final = 2
# After a pause longer than this the minutes before it are nobody's present.
CATCH_UP_MIN: Final = 1440
_COLUMNS: Final = ("row", "time_ms", "value", "flag", "longitude", "latitude")


class Store(Protocol):
    """What the judge asks of the store; see `hub.store.store.Store`."""

    def datastreams(self, new: Sequence[Datastream]) -> None:
        """Keep the series that readings will refer to."""
        ...

    def insert(self, columns: Columns, entry_id: int) -> None:
        """Keep readings, and that the journal is applied up to `entry_id`, in one transaction."""
        ...

    def applied(self) -> int:
        """Return the last journal entry whose readings are kept."""
        ...


class Registry(Protocol):
    """What the judge asks of the registry; see `hub.registry.Registry`."""

    def open_lead(self, opening: LeadOpening) -> int | None:
        """Open a lead, or attach an episode to the open one."""
        ...

    def open_ticket(self, opening: TicketOpening) -> int | None:
        """Open a ticket unless one is open."""
        ...

    def record_levels(self, changes: Sequence[AreaStatus], judged_ms: int) -> None:
        """Keep how areas stand from now on."""
        ...


class Judge:
    """Panel, state and catalogue of one hub; used by one thread.

    Attributes:
        after: the last journal entry that was taken in, 0 for none: the journal is to be applied from behind it.
    """

    def __init__(  # what it judges by, and where it says so
        self,
        catalogue: Catalogue,
        areas: Sequence[Area],
        store: Store,
        registry: Registry,
        directory: Path | None = None,
        rules: Sequence[Rule] | None = None,
    ) -> None:
        """Go on from what is on disk.

        Args:
            catalogue: an empty one; it is the judge's alone.
            areas: of the zone.
            store: where readings are kept.
            registry: where leads, tickets and levels are kept.
            directory: of the judge's memory; without it every start reads the journal from its beginning.
            rules: instead of those that come with the program.
        """
        self.after = 0
        self._catalogue = catalogue
        self._areas = tuple(areas)
        self._store = store
        self._registry = registry
        self._rules = rules
        self._memory = Memory(directory)
        self._catalogues: list[bytes] = []
        self._panel = Panel()
        self._bindings = bind(build_network((), (), self._areas), 0, rules)
        self._state = pipeline.start(self._bindings)
        self._latest = Latest.never(0)
        self._second = SecondPass()
        self._episodes = Episodes()
        self._dirty: set[int] = set()
        self._pending: list[Columns] = []
        self._statuses = {area.id: AreaStatus(area.id, Level.NORMAL, Freshness.NO_DATA, 0) for area in self._areas}
        self._restore()

    @property
    def bindings(self) -> Bindings:
        """What judges now."""
        return self._bindings

    def apply(self, entries: Sequence[Entry]) -> Snapshot:
        """Judge entries in their order and return what is to be shown; readings are in the store when it returns."""
        for entry in entries:
            match entry.kind:
                case "catalogue":
                    self._learn(entry.envelope)
                case "batch" if entry.fresh:
                    self._take(entry)
                case "tick":
                    self._close(entry)
                case "gap" | "fork":
                    self._note(entry)
            self.after = entry.id
        self._flush()
        return self.snapshot()

    def snapshot(self) -> Snapshot:
        """Return what is to be shown: the view after the last closed minute, with the latest readings."""
        latest, checks = self._latest, self._state.quality
        doubted = np.maximum(checks.flat_flag, checks.gain_flag)
        worse = (doubted >= Flag.SUSPECT) & (latest.flag < doubted)
        return Snapshot(
            minute_ms=max(self._panel.head, 0) * MINUTE_MS,
            statuses=dict(self._statuses),
            stations=self._catalogue.stations,
            datastreams=self._catalogue.datastreams,
            latest_value=latest.value,
            latest_ms=latest.time_ms,
            latest_flag=np.where(worse, doubted, latest.flag),
            latest_longitude=latest.longitude,
            latest_latitude=latest.latitude,
        )

    def _learn(self, envelope: bytes) -> None:
        known = len(self._catalogue.datastreams)
        stations = self._catalogue.stations
        self._catalogue.add(read_envelope(envelope))
        self._catalogues.append(envelope)
        if len(self._catalogue.datastreams) > known or self._catalogue.stations != stations:
            self._store.datastreams(self._catalogue.datastreams[known:])
            self._grow()

    def _grow(self) -> None:
        network = build_network(self._catalogue.stations, self._catalogue.datastreams, self._areas)
        self._bindings = bind(network, max(self._panel.head, 0), self._rules)
        self._panel.grow(network.averaging, network.moving)
        fresh = pipeline.start(self._bindings)
        self._state = grown(self._state, fresh)
        self._second.grow(fresh)
        self._latest = self._latest.grown(len(network))

    def _take(self, entry: Entry) -> None:
        payload = read_envelope(entry.envelope)
        columns = self._catalogue.columns(payload)
        if entry.id > self._store.applied():
            self._pending.append(columns)
        if is_dated(payload):
            self._see(self._canonical(columns), entry.received_ms)

    def _canonical(self, columns: Columns) -> Readings:
        network, row = self._bindings.network, columns.row
        value = columns.value * network.scale[row] + network.offset[row]
        checked = self._bindings.range.readings(value, row)
        # A device's own doubt stands; what it does not say is the check's.
        flag = np.where(columns.flag <= Flag.UNKNOWN, checked, np.maximum(columns.flag, checked))
        return Readings(row, columns.time_ms, value, flag.astype(np.uint8), columns.longitude, columns.latitude)

    def _see(self, readings: Readings, received_ms: int) -> None:
        self._latest = self._latest.joined(readings)
        row, minute = self._panel.add(readings, received_ms // MINUTE_MS + AHEAD_MIN)
        if len(row):
            self._dirty.update(np.unique(minute).tolist())
            self._second.note(Late(row, minute), self._panel.head)

    def _close(self, entry: Entry) -> None:
        last = entry.seq // MINUTE_MS
        first = last if self._panel.head == NEVER else max(self._panel.head + 1, last - CATCH_UP_MIN + 1)
        hours = 0
        for minute in range(first, last + 1):
            self._close_minute(minute, entry.received_ms)
            hours += self._second.keep(minute, self._state)
        if hours:
            # What is in the memory on disk must be in the store before it.
            self._flush(entry.id)
            self._remember(entry.id, hours)

    def _close_minute(self, minute: int, now_ms: int) -> None:
        self._panel.head = minute
        touched = np.array(sorted(self._dirty | {minute}), np.int64)
        self._dirty.clear()
        self._bindings = self._bindings.at(minute)
        tick = pipeline.Tick(minute, touched, now_ms)
        self._state, outcome = pipeline.judge_minute(self._bindings, self._panel, self._state, tick)
        leads = outcome.leads
        self._episodes = self._episodes.joined(leads, now_ms)
        if self._second.due(minute):
            late = self._second.judged(self._bindings, self._panel, minute, now_ms, self._episodes)
            self._episodes = self._episodes.joined(late, now_ms)
            leads += late
        self._say(leads, outcome.tickets, outcome.changes, now_ms)

    def _say(
        self,
        leads: Sequence[LeadOpening],
        tickets: Sequence[TicketOpening],
        changes: Sequence[AreaStatus],
        now_ms: int,
    ) -> None:
        for lead in leads:
            self._registry.open_lead(lead)
        for ticket in tickets:
            self._registry.open_ticket(ticket)
        self._statuses |= {status.area: status for status in changes}
        if changes:
            self._registry.record_levels(changes, now_ms)

    def _note(self, entry: Entry) -> None:
        note: GapNote | ForkNote
        kind: TicketKind = "gap" if entry.kind == "gap" else "fork"
        if kind == "gap":
            note = msgspec.json.decode(entry.envelope, type=GapNote)
            detail = f"epoch {entry.epoch}: {note.first} - {note.last}"
        else:
            note = msgspec.json.decode(entry.envelope, type=ForkNote)
            detail = f"epoch {entry.epoch}, seq {entry.seq}: {note.committed[:16]} / {note.previous[:16]}"
        opening = ticket_opening(entry.gateway, kind, entry.received_ms, entry.received_ms, detail)
        self._registry.open_ticket(opening)

    def _flush(self, entry_id: int | None = None) -> None:
        """Have the store keep what is pending, up to an entry."""
        applied = self.after if entry_id is None else entry_id
        if applied > self._store.applied():
            self._store.insert(_joined(self._pending), applied)
        self._pending.clear()

    def _remember(self, entry_id: int, hours: int) -> None:
        """Keep on disk what a start needs: hourly states that are new, and everything as it is after an entry."""
        oldest = self._second.checkpoints[0].minute
        for checkpoint in list(self._second.checkpoints)[-hours:]:
            self._memory.keep_hour(checkpoint.minute, dict(leaves(checkpoint.state)), oldest)
        arrays: Arrays = {
            "entry": np.array(entry_id),
            "form": np.frombuffer(self._form(), np.uint8),
            "catalogues": joined(self._catalogues),
            "episodes": np.frombuffer(msgspec.json.encode(self._episodes), np.uint8),
        }
        for name, part in self._parts().items():
            arrays |= {f"{name}.{key}": array for key, array in part.items()}
        self._memory.keep(arrays)

    def _parts(self) -> dict[str, Mapping[str, NDArray[Any]]]:
        return {
            "state": dict(leaves(self._state)),
            "latest": vars(self._latest),
            "panel": self._panel.arrays(),
            "second": self._second.arrays(),
        }

    def _form(self) -> bytes:
        """Return what must not have changed for the memory on disk to mean the same."""
        groups = [tuple(bound.group) for bound in self._bindings.detectors]
        return msgspec.json.encode([[area.id for area in self._areas], groups])

    def _restore(self) -> None:
        kept = self._memory.newest()
        if kept is None or kept["form"].tobytes() != self._form() or int(kept["entry"]) > self._store.applied():
            return
        for envelope in parted(kept["catalogues"]):
            self._learn(envelope)
        parts = {name: _part(kept, name) for name in self._parts()}
        self._panel.restore(parts["panel"])
        self._latest = Latest(**parts["latest"])
        self._second.restore(parts["second"], self._hours())
        self._state = rebuilt(self._state, parts["state"])
        self._episodes = msgspec.json.decode(kept["episodes"].tobytes(), type=Episodes)
        self._bindings = self._bindings.at(self._panel.head)
        self._statuses |= _statuses(self._areas, self._state)
        self.after = int(kept["entry"])

    def _hours(self) -> list[Checkpoint]:
        fresh = pipeline.start(self._bindings)
        kept = {minute: self._memory.hour(minute) for minute in self._memory.hours()[-KEPT:]}
        return [
            Checkpoint(minute, grown(rebuilt(fresh, arrays), fresh))
            for minute, arrays in kept.items()
            if arrays is not None and minute <= self._panel.head
        ]


def _part(kept: Arrays, name: str) -> Arrays:
    return {key.removeprefix(f"{name}."): array for key, array in kept.items() if key.startswith(f"{name}.")}


def _statuses(areas: Sequence[Area], state: pipeline.State) -> dict[str, AreaStatus]:
    """Return how areas stand by a state alone; evidence comes with the next change."""
    stand = state.areas
    return {
        area.id: AreaStatus(area.id, Level(int(level)), Freshness(int(fresh)), int(since_ms))
        for area, level, fresh, since_ms in zip(areas, stand.shown, stand.fresh, stand.since_ms, strict=True)
    }


def _joined(parts: Sequence[Columns]) -> Columns:
    if not parts:
        nothing = np.zeros(0)
        return Columns(
            nothing.astype(np.int32), nothing.astype(np.int64), nothing, nothing.astype(np.uint8), nothing, nothing
        )
    return Columns(*(np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS))
