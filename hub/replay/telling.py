"""What a judgement is told, tick by tick: from the closed minutes on disk, or from the journal itself."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from hub.calibrations import Calibrations
from hub.closed import Closed
from hub.configured import Configured, read_configured
from hub.errors import StoreError, Unusable
from hub.ingest.days import JournalReader
from hub.ingest.entry import Entry
from hub.judgement import Judgement
from hub.memory import Teaching
from hub.model import MINUTE_MS
from hub.past import Learnt
from hub.store.minutes import MinuteReader
from wire.envelope import read_envelope

Change = Callable[[Configured], Configured]


class Listener(NamedTuple):
    """Who is told.

    Attributes:
        judgement: that judges again.
        change: what config entries say is said so instead.
        calibrations: where the thresholds lie that config entries name.
    """

    judgement: Judgement
    change: Change
    calibrations: Calibrations

    def configure(self, said: Configured) -> None:
        """Judge by what an entry says, changed."""
        changed = self.change(said)
        if changed.thresholds != self.judgement.calibration:
            self.judgement.judge_by(changed.thresholds, self._learnt(changed))
        self.judgement.configure(changed)

    def _learnt(self, said: Configured) -> Learnt | None:
        try:
            return None if said.thresholds is None else self.calibrations.read(said.thresholds)
        except StoreError:
            return None  # as the judge did

    def learn(self, teaching: Teaching) -> None:
        """Take what has changed the catalogue."""
        match teaching.kind:
            case "catalogue":
                self.judgement.learn(read_envelope(teaching.envelope))
            case "config":
                self.configure(read_configured(teaching.envelope))
            case "reading":
                self.judgement.take_report(teaching.gateway, teaching.envelope, teaching.received_ms)


class Told(NamedTuple):
    """One tick, and how to tell what came before it.

    Attributes:
        entry, received_ms: of the tick.
        last: the newest minute since 1970 that it closes.
        tell: tells a listener what came since the tick before.
    """

    entry: int
    received_ms: int
    last: int
    tell: Callable[[Listener], None]


def from_minutes(reader: MinuteReader, from_ms: int) -> Iterator[Told]:
    """Yield the ticks from a UTC day on; a listener must hear all of them."""
    known = 0
    for frame in reader.frames(from_ms):
        new = frame.taught[max(known - frame.first_taught, 0) :]
        known = frame.first_taught + len(frame.taught)
        yield Told(frame.entry, frame.received_ms, frame.last, partial(_retell, new, frame.closed))


def _retell(new: tuple[Teaching, ...], closed: Closed, listener: Listener) -> None:
    for teaching in new:
        listener.learn(teaching)
    listener.judgement.reopen(closed)


def from_journal(reader: JournalReader) -> Iterator[Told]:
    """Yield the ticks of the whole journal."""
    waiting: list[Entry] = []
    for entry in reader.entries(0):
        if entry.kind == "tick":
            yield Told(entry.id, entry.received_ms, entry.seq // MINUTE_MS, partial(_apply, tuple(waiting)))
            waiting = []
        else:
            waiting.append(entry)


def _apply(entries: tuple[Entry, ...], listener: Listener) -> None:
    for entry in entries:
        try:
            _tell(entry, listener)
        except Unusable:
            continue  # as the judge did


def _tell(entry: Entry, listener: Listener) -> None:
    match entry.kind:
        case "catalogue" | "config" | "reading":
            listener.learn(Teaching(entry.kind, entry.gateway, entry.envelope, entry.received_ms))
        case "batch" if entry.fresh:
            listener.judgement.take(read_envelope(entry.envelope), entry.received_ms, entry.known_rows)
