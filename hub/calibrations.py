"""Thresholds on disk: kept for ever, each under the hash of its content; current.json names the newest.

thresholds/{sha256}.npz
thresholds/current.json
"""

import hashlib
import io
import os
import zipfile
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from hub.checks import Calibration
from hub.errors import StoreError
from hub.hourly import HOUR_MS
from hub.past import Kit, Learnt, begun
from hub.quality import dumped, loaded
from hub.state import leaves, rebuilt

THRESHOLDS: Final = "thresholds"
_CURRENT: Final = "current.json"
_LIMITS: Final = "thresholds."
_PAST: Final = "past."
_TROUBLES: Final = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)


class Calibrations:
    """A directory of thresholds; whoever calibrates writes it, the hub reads it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def issue(self, learnt: Learnt, first: int, calibrated_ms: int) -> Calibration:
        """Keep thresholds, and have the hub take them.

        Args:
            learnt: they, and what was left at the end of their history.
            first: hour since 1970 at which their history begins.
            calibrated_ms: now.

        Raises:
            OSError: they cannot be kept.
        """
        content = _packed(learnt)
        calibration = Calibration(
            hashlib.sha256(content).hexdigest(),
            calibrated_ms,
            first * HOUR_MS,
            (int(learnt.kits[0].past.hour) + 1) * HOUR_MS,
            learnt.kits[0].thresholds.false_alarms_per_sensor_month,
            learnt.rates(),
        )
        self._directory.mkdir(parents=True, exist_ok=True)
        _write(self._path(calibration), content)
        _write(self._directory / _CURRENT, msgspec.json.encode(calibration))
        return calibration

    def current(self) -> Calibration | None:
        """Return the newest, None when there is none.

        Raises:
            StoreError: it cannot be read.
        """
        try:
            return msgspec.json.decode((self._directory / _CURRENT).read_bytes(), type=Calibration)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError) as error:
            raise StoreError(f"{self._directory / _CURRENT}: {error}") from error

    def read(self, calibration: Calibration) -> Learnt:
        """Return the thresholds that a calibration names.

        Raises:
            StoreError: the file is not there, is damaged, or is another version's.
        """
        path = self._path(calibration)
        try:
            content = path.read_bytes()
            if hashlib.sha256(content).hexdigest() != calibration.sha256:
                raise StoreError(f"{path}: the content is not what its name says")
            return _unpacked(content)
        except _TROUBLES as error:
            raise StoreError(f"{path}: {error}") from error

    def _path(self, calibration: Calibration) -> Path:
        return self._directory / f"{calibration.sha256}.npz"


def _packed(learnt: Learnt) -> bytes:
    file = io.BytesIO()
    past = {f"{_PAST}{path}": array for path, array in leaves(tuple(kit.past for kit in learnt.kits))}
    thresholds = {
        f"{_LIMITS}{at}": np.frombuffer(dumped(kit.thresholds), np.uint8) for at, kit in enumerate(learnt.kits)
    }
    np.savez_compressed(file, allow_pickle=False, **thresholds, **past)
    return file.getvalue()


def _unpacked(content: bytes) -> Learnt:
    with np.load(io.BytesIO(content), allow_pickle=False) as kept:
        arrays = {name: kept[name] for name in kept.files}
    kits = sum(name.startswith(_LIMITS) for name in arrays)
    thresholds = [loaded(arrays[f"{_LIMITS}{at}"].tobytes()) for at in range(kits)]
    past = {name.removeprefix(_PAST): array for name, array in arrays.items() if name.startswith(_PAST)}
    pasts = rebuilt(tuple(begun(one, np.zeros((0, 2)), 0) for one in thresholds), past)
    return Learnt(tuple(Kit(*pair) for pair in zip(thresholds, pasts, strict=True)))


def _write(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all."""
    fresh = path.with_name(f"{path.name}.new")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
