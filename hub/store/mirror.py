"""A mirror that follows the store at its own pace: the judge never waits for it, and it may be away for any time."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

import msgspec

from hub.errors import StoreError
from hub.model import Columns, Datastream
from hub.store.duckdb import DuckStore

# Real seconds. Databases of this kind answer up to 20 s before what they took is on disk.
SETTLED_S: Final = 60.0
LOOK_S: Final = 1.0
LONGEST_WAIT_S: Final = 60.0
BATCH: Final = 10_000
_LOG = logging.getLogger(__name__)


class Writer(Protocol):
    """Where a mirror writes to; writing a reading twice changes nothing there."""

    def datastreams(self, new: Sequence[Datastream]) -> None:
        """Take note of the series that readings will refer to."""
        ...

    def insert(self, columns: Columns) -> None:
        """Write readings of known datastreams; raises `StoreError` when they were not taken."""
        ...


class Mirror:
    """Copies readings from a store to a database that may be away for any time.

    What it has written counts as kept only after a while, and after any failure it goes back to what is: the database
    may have died with answers given and readings not yet on disk. Writing twice is harmless there. (A database that
    dies and returns between two writes, unnoticed, loses what it had answered: the store has it.)
    """

    def __init__(
        self,
        store: DuckStore,
        writer: Writer,
        position: Path,
        monotonic_s: Callable[[], float] = time.monotonic,
        first_wait_s: float = 1.0,
    ) -> None:
        """Go on from where the position file says.

        Args:
            store: what is copied.
            writer: where to.
            position: file that keeps the last journal entry that counts as kept; without it all is copied again.
            monotonic_s: real time.
            first_wait_s: real seconds after a failure, doubling.
        """
        self._store = store
        self._writer = writer
        self._position = position
        self._now_s = monotonic_s
        self._first_wait_s = first_wait_s
        self._kept = _read(position)
        self._written = self._kept
        self._settling: deque[tuple[float, int]] = deque()
        self._rows = 0

    def run(self, stop: threading.Event) -> None:
        """Follow until told to stop; for a thread of its own."""
        failures = 0
        while not stop.is_set():
            try:
                copied = self.step()
            except StoreError as error:
                failures += 1
                if failures == 1:
                    _LOG.warning("mirror lost: %s", error)
                stop.wait(min(LONGEST_WAIT_S, self._first_wait_s * 2.0 ** min(failures - 1, 10)))
                continue
            if failures:
                _LOG.info("mirror is back after %d failures", failures)
            failures = 0
            if not copied:
                stop.wait(LOOK_S)

    def step(self) -> int:
        """Copy the next readings; return how many, 0 when there are none.

        Raises:
            StoreError: the database did not take them: the next step begins where it is known to have kept all.
        """
        columns, last = self._store.since(self._written, BATCH)
        try:
            self._tell_datastreams()
            self._writer.insert(columns)
        except StoreError:
            self._written = self._kept
            self._settling.clear()
            raise
        if last != self._written:
            self._written = last
            self._settling.append((self._now_s() + SETTLED_S, last))
        self._settle()
        return len(columns)

    def _tell_datastreams(self) -> None:
        catalogue = self._store.catalogue(self._rows)
        if catalogue:
            self._writer.datastreams(catalogue)
            self._rows = catalogue[-1].row + 1

    def _settle(self) -> None:
        kept = self._kept
        while self._settling and self._settling[0][0] <= self._now_s():
            kept = self._settling.popleft()[1]
        if kept != self._kept:
            self._kept = kept
            fresh = self._position.with_suffix(".new")
            fresh.write_bytes(msgspec.json.encode({"entry_id": kept}))
            fresh.replace(self._position)


def _read(position: Path) -> int:
    try:
        return int(msgspec.json.decode(position.read_bytes(), type=dict[str, int])["entry_id"])
    except (FileNotFoundError, KeyError, msgspec.MsgspecError):
        return 0
