"""The journal's thread: takes all that has arrived, commits it as one group, hands on what came of it."""

import heapq
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Final, Self

from nacl.signing import VerifyKey

from hub.ingest.accept import Known
from hub.ingest.days import JournalReader
from hub.ingest.entry import EntryKind
from hub.ingest.intake import Arrival, Committed, Intake
from hub.ingest.journal import Journal
from wire.clock import Clock

GROUP: Final = 512
WAITING: Final = 8192
# What changes how other entries are read.
_TEACHING: Final[tuple[EntryKind, ...]] = ("catalogue", "config")
_log = logging.getLogger(__name__)


class GroupCommit:
    """The thread that writes a journal: runs from enter to exit, and commits what has arrived before it ends.

    Attributes:
        keys: the public key of every known gateway.
    """

    def __init__(
        self,
        journal: Journal,
        keys: Mapping[str, VerifyKey],
        clock: Clock,
        deliver: Callable[[Committed], None],
    ) -> None:
        """Prepare the thread.

        Args:
            journal: open; the thread's alone while it runs.
            keys: the public key of every known gateway.
            clock: dates the entries.
            deliver: called in the journal's thread after each commit.
        """
        self.keys = keys
        self._clock = clock
        self._deliver = deliver
        self._journal = journal
        self._intake = self._new_intake()
        self._arrivals: queue.Queue[Arrival | None] = queue.Queue(WAITING)
        self._thread = threading.Thread(target=self._run, name="journal")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._arrivals.put(None)
        self._thread.join()

    @property
    def known(self) -> Mapping[str, Known]:
        """What is committed, by gateway; the mapping is replaced, never changed."""
        return self._intake.known

    @property
    def alive(self) -> bool:
        """Whether the thread runs; it ends before exit only by a fault of its own."""
        return self._thread.is_alive()

    def put(self, arrival: Arrival) -> bool:
        """Take an arrival without waiting; False when too many wait already: its sender will send it again."""
        try:
            self._arrivals.put_nowait(arrival)
        except queue.Full:
            return False
        return True

    def _new_intake(self) -> Intake:
        with JournalReader(self._journal.directory) as reader:
            # One after the other, as each has an index and both together have none.
            listed = (reader.entries(0, (kind,)) for kind in _TEACHING)
            return Intake(self.keys, self._journal, list(heapq.merge(*listed, key=lambda entry: entry.id)))

    def _run(self) -> None:
        broken = False
        while (group := self._group()) is not None:
            try:
                committed = self._intake.take(group, self._clock.utc_ms())
            except (sqlite3.Error, OSError) as error:
                # Nothing of the group is committed, so nothing of it is acknowledged: the gateways will send it again.
                if not broken:
                    _log.error("journal: %s: nothing is acknowledged until this is put right", error)
                broken = True
                self._intake = self._new_intake()
                continue
            if broken:
                _log.info("journal: commits again")
            broken = False
            self._deliver(committed)

    def _group(self) -> list[Arrival] | None:
        """Return what waits, at least one arrival; None at the end."""
        first = self._arrivals.get()
        if first is None:
            return None
        group = [first]
        while len(group) < GROUP:
            try:
                arrival = self._arrivals.get_nowait()
            except queue.Empty:
                return group
            if arrival is None:
                self._arrivals.put(None)
                return group
            group.append(arrival)
        return group
