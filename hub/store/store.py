"""What the judge asks of a store, and what the map asks of it."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from hub.model import Columns, Datastream


class Export(NamedTuple):
    """All readings of a store, as arrays of one length, for comparison with another ledger.

    Attributes:
        datastream: object[n], `Datastream.id`.
        time_ms: int64[n].
        value: float64[n] in the datastream's own unit, NaN where missing.
    """

    datastream: NDArray[np.object_]
    time_ms: NDArray[np.int64]
    value: NDArray[np.float64]


class SeriesReader(Protocol):
    """The reading half, safe to call from any thread."""

    def series(self, rows: Sequence[int], from_ms: int, to_ms: int) -> Columns:
        """Return the readings of `rows` with from_ms <= time < to_ms, by row and then by time."""
        ...


class Store(SeriesReader, Protocol):
    """Readings that are never overwritten; the writing half belongs to one thread."""

    def datastreams(self, new: Sequence[Datastream]) -> None:
        """Keep the series that readings will refer to; what is known already is left alone.

        Raises:
            StoreError: a row or id is already kept with another meaning.
        """
        ...

    def insert(self, columns: Columns, entry_id: int) -> None:
        """Keep readings, and that the journal is applied up to `entry_id`, in one transaction.

        An `entry_id` that is applied already changes nothing: a replay may begin too early, but must not join
        entries on both sides of `applied()`.
        """
        ...

    def holds(self, columns: Columns) -> NDArray[np.bool_]:
        """Return of which readings a row and time are kept already, whatever their value."""
        ...

    def applied(self) -> int:
        """Return the last journal entry whose readings are kept, 0 for none."""
        ...

    def readings(self) -> Export:
        """Return everything, by row and then by time."""
        ...

    def close(self) -> None:
        """Close the files; a closed store is not used again."""
        ...
