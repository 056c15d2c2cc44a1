"""The judge's thread: follows the journal, whoever wrote it, and shows what the judge sees."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

from hub.errors import StoreError
from hub.ingest.days import JournalReader
from hub.ingest.entry import Entry
from hub.model import Snapshot

CHUNK: Final = 128
LAST_CHUNK: Final = 16
# Real seconds that the judge goes on after the hub was told to end; what is left is judged at the next start.
LAST_WORK_S: Final = 1.0
# Real seconds before a new judge takes the place of one that failed.
PAUSE_S: Final = 1.0
# A full disk is not the entry's fault: the same is tried again until it works.
_SURROUNDINGS: Final = (StoreError, OSError, sqlite3.Error, MemoryError)
_log = logging.getLogger(__name__)


class Judges(Protocol):
    """What is asked of a judge; it is made and used in the judge's thread.

    Attributes:
        after: the last journal entry that it has taken in, 0 for none: it goes on behind it.
    """

    after: int

    def apply(self, entries: Sequence[Entry]) -> Snapshot:
        """Judge entries in order and return what is to be shown."""
        ...


class Judging:
    """A thread that keeps a judge at the end of the journal, as a context manager.

    Attributes:
        after: the last entry that was judged.
    """

    def __init__(self, journal: Path, new_judge: Callable[[], Judges], show: Callable[[Snapshot], None]) -> None:
        """Prepare the thread.

        Args:
            journal: the journal's directory.
            new_judge: makes a judge that goes on from what is on disk; called again when a judge has failed.
            show: called in the judge's thread with each new view.
        """
        self._journal = journal
        self._new_judge = new_judge
        self._show = show
        self.after = 0
        self._rung = threading.Event()
        self._ending = threading.Event()
        self._deadline_s = float("inf")
        self._doubtful_until = 0
        self._passed_over: set[int] = set()
        self._thread = threading.Thread(target=self._run, name="judge")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._deadline_s = time.monotonic() + LAST_WORK_S
        self._ending.set()
        self._rung.set()
        self._thread.join()

    @property
    def alive(self) -> bool:
        """Whether the thread runs; it ends before exit only by a fault of its own."""
        return self._thread.is_alive()

    def ring(self) -> None:
        """Look at the journal again; may be called from any thread."""
        self._rung.set()

    def _run(self) -> None:
        with JournalReader(self._journal) as reader:
            self._follow(reader, self._new_judge())
            while not self._ending.wait(PAUSE_S):
                self._follow(reader, self._new_judge())

    def _follow(self, reader: JournalReader, judge: Judges) -> None:
        """Judge until the hub ends, or until the judge fails and a new one has to go on from what is on disk."""
        self.after = judge.after
        while True:
            while chunk := self._next(reader, self.after):
                if time.monotonic() > self._deadline_s or not self._judge(judge, chunk):
                    return
                self.after = chunk[-1].id
            if self._ending.is_set():
                return
            self._rung.wait()
            self._rung.clear()

    def _next(self, reader: JournalReader, after: int) -> list[Entry]:
        size = LAST_CHUNK if self._ending.is_set() else CHUNK
        return list(islice(reader.entries(after), 1 if after < self._doubtful_until else size))

    def _judge(self, judge: Judges, chunk: Sequence[Entry]) -> bool:
        try:
            snapshot = judge.apply([entry for entry in chunk if entry.id not in self._passed_over])
        except Exception as error:  # noqa: BLE001  # the judge's supervisor: one bad entry must not end all judgement
            _log.exception("judge: failed on entries %d to %d", chunk[0].id, chunk[-1].id)
            self._doubt(chunk, error)
            return False
        self._show(snapshot)
        return True

    def _doubt(self, chunk: Sequence[Entry], error: Exception) -> None:
        """Have the entries judged one by one, and the one that fails alone passed over: it stays in the journal."""
        if isinstance(getattr(error, "orig", error), _SURROUNDINGS):
            return
        self._doubtful_until = chunk[-1].id
        if len(chunk) == 1:
            self._passed_over.add(chunk[0].id)
