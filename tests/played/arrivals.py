"""What has arrived at a running hub, read from its journal as it grows."""

from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Self

from hub.catalogue import Catalogue
from hub.ingest.days import JournalReader
from hub.ingest.entry import Entry
from wire.envelope import read_envelope


class Arrivals:
    """Readings that stand in a journal as new: what the hub stores.

    Attributes:
        times: how often each (device, value as a whole number) has arrived.
        count: of readings.
        size: bytes of all envelopes.
    """

    def __init__(self, directory: Path, *, numbered: bool = True) -> None:
        """Prepare for `look`.

        Args:
            directory: of the journal.
            numbered: whether to keep `times`; without, a look costs next to nothing.
        """
        self.numbered = numbered
        self.times: Counter[tuple[str, int]] = Counter()
        self.count = 0
        self.size = 0
        self._reader = JournalReader(directory)
        self._catalogue = Catalogue()
        self._last_id = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reader.__exit__(kind, error, trace)

    def look(self) -> int:
        """Take in what is committed since the last look; return `count`."""
        for entry in self._reader.entries(self._last_id, ("catalogue", "batch")):
            self._last_id = entry.id
            self.size += len(entry.envelope)
            if entry.kind == "catalogue":
                self._catalogue.add(read_envelope(entry.envelope))
            elif entry.fresh:
                self._add(entry)
        return self.count

    def _add(self, entry: Entry) -> None:
        columns = self._catalogue.columns(read_envelope(entry.envelope))
        rows, values = columns.row[entry.known_rows :], columns.value[entry.known_rows :]
        self.count += len(rows)
        if not self.numbered:
            return
        streams = self._catalogue.datastreams
        self.times.update((streams[row].device, int(v)) for row, v in zip(rows.tolist(), values.tolist(), strict=True))
