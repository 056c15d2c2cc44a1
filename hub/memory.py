"""The judge's memory on disk, so that a start need not read the journal from its beginning.

One file for the state at the end of each hour of the last day, and one for everything else as it was with the newest
of them; beside them a file a week, from which `hub.replay` judges again. What is missing, damaged or of another version
costs time, never correctness: the journal has everything.
"""

import os
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from hub.ingest.entry import EntryKind

Arrays = dict[str, NDArray[Any]]
# Of the hub's directory.
MEMORY: Final = "judge"
FORMAT: Final = 3
_NEWEST: Final = "newest.npz"
# As many as `hub.store.minutes` has days for.
WEEKS: Final = 15


class Memory:
    """A directory of checkpoints; without a directory nothing is kept."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory

    def hours(self) -> list[int]:
        """Return the minutes since 1970 of the hourly states that are kept, ascending."""
        if self._directory is None:
            return []
        return sorted(int(path.stem[5:]) for path in self._directory.glob("hour-*.npz") if path.stem[5:].isdigit())

    def keep_hour(self, minute: int, arrays: Mapping[str, NDArray[Any]], oldest: int) -> None:
        """Keep the state at the end of an hour, and drop those before the minute `oldest`."""
        if self._directory is None:
            return
        _write(self._directory / f"hour-{minute}.npz", arrays)
        for old in self.hours():
            if old < oldest:
                (self._directory / f"hour-{old}.npz").unlink(missing_ok=True)

    def hour(self, minute: int) -> Arrays | None:
        """Return the state at the end of an hour, None when it cannot be had."""
        return None if self._directory is None else _read(self._directory / f"hour-{minute}.npz")

    def keep(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Keep everything else, in place of what was kept before."""
        if self._directory is not None:
            _write(self._directory / _NEWEST, arrays)

    def newest(self) -> Arrays | None:
        """Return what `keep` was given last, None when it cannot be had."""
        return None if self._directory is None else _read(self._directory / _NEWEST)

    def weeks(self) -> list[int]:
        """Return the journal entries after which a week's state is kept, ascending."""
        if self._directory is None:
            return []
        return sorted(int(path.stem[5:]) for path in self._directory.glob("week-*.npz") if path.stem[5:].isdigit())

    def keep_week(self, entry: int, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Keep everything but the panel as it is after an entry, to judge from there again, and drop the oldest."""
        if self._directory is None:
            return
        _write(self._directory / f"week-{entry}.npz", arrays, small=True)
        self.drop_weeks(self.weeks()[:-WEEKS])

    def week(self, entry: int) -> Arrays | None:
        """Return what `keep_week` was given after an entry, None when it cannot be had."""
        return None if self._directory is None else _read(self._directory / f"week-{entry}.npz")

    def drop_weeks(self, entries: Sequence[int]) -> None:
        """Keep those after some entries no longer."""
        for entry in entries:
            assert self._directory is not None
            (self._directory / f"week-{entry}.npz").unlink(missing_ok=True)


def _write(path: Path, arrays: Mapping[str, NDArray[Any]], *, small: bool = False) -> None:
    """Write arrays to a file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    save = np.savez_compressed if small else np.savez
    with fresh.open("wb") as file:
        save(file, allow_pickle=False, **{"format": np.array(FORMAT), **arrays})
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _read(path: Path) -> Arrays | None:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            arrays = {name: kept[name] for name in kept.files}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return None
    return arrays if int(arrays.get("format", np.array(0))) == FORMAT else None


class Teaching(msgspec.Struct, frozen=True, array_like=True):
    """An entry of the journal that has changed the catalogue.

    Attributes:
        kind, gateway, envelope, received_ms: as in the journal.
    """

    kind: EntryKind
    gateway: str
    envelope: bytes
    received_ms: int


def taught(teachings: Sequence[Teaching]) -> NDArray[np.uint8]:
    """Return what the catalogue was taught, in order, as one array."""
    return np.frombuffer(msgspec.msgpack.encode(teachings), np.uint8)


def teachings(octets: NDArray[np.uint8]) -> list[Teaching]:
    """Return what `taught` was given."""
    return msgspec.msgpack.decode(octets.tobytes(), type=list[Teaching])
