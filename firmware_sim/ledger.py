"""What the field has said: one line per reading, on its way to disk before the bytes leave."""

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self


class Ledger:
    """A file of `device TAB property TAB time_ms TAB value`, appended by one write a frame.

    The value is what a correct driver decodes: raw times scale, in the unit that the device speaks.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = -1

    def __enter__(self) -> Self:
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)

    def enter(self, device: str, time_ms: int, stated: Mapping[str, float]) -> None:
        """Write the readings of one frame."""
        if stated:
            lines = (f"{device}\t{name}\t{time_ms}\t{value!r}\n" for name, value in stated.items())
            os.write(self._file, "".join(lines).encode())
