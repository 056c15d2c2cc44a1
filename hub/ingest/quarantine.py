"""A bounded directory of what is not taken: never acknowledged, kept for a person to look at.

What is not proven to be a gateway's, and what a third party reports that cannot be used.
"""

from pathlib import Path
from typing import Final

from hub.errors import RejectedBatch
from wire.topics import is_identifier

FILES: Final = 1000
LARGEST_BYTES: Final = 1 << 16


class Quarantine:
    """The newest envelopes, each `{number}-{gateway}.bin` with its reason in `.txt`; belongs to one thread."""

    def __init__(self, directory: Path, most: int = FILES) -> None:
        """Go on where the directory stands, with `most` envelopes at most."""
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._most = most
        numbers = sorted(int(path.name.partition("-")[0]) for path in directory.glob("*-*.txt"))
        self._kept = len(numbers)
        self._next = numbers[-1] + 1 if numbers else 1

    def put(self, rejection: RejectedBatch, envelope: bytes) -> None:
        """Keep the first LARGEST_BYTES bytes of an envelope and the reason; the oldest makes room."""
        gateway = rejection.gateway if is_identifier(rejection.gateway) else "unknown"
        stem = self._directory / f"{self._next:08d}-{gateway}"
        stem.with_suffix(".bin").write_bytes(envelope[:LARGEST_BYTES])
        stem.with_suffix(".txt").write_text(f"{rejection}\n{len(envelope)} bytes\n", encoding="utf-8")
        self._next += 1
        self._kept += 1
        if self._kept > self._most:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        # A tenth at once, so that a flood does not list the directory for each envelope.
        reasons = sorted(self._directory.glob("*-*.txt"))
        kept = self._most * 9 // 10
        for path in reasons[: len(reasons) - kept]:
            path.with_suffix(".bin").unlink(missing_ok=True)
            path.unlink(missing_ok=True)
        self._kept = min(len(reasons), kept)
