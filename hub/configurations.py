"""Configurations for gateways, as an operator signed them: kept for ever, the newest sent to whoever has not seen it.

configurations/{gateway}/0000000007.qwc
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from nacl.signing import SigningKey

from wire.batch import Status
from wire.configuration import Configuration, encode_configuration

# Real seconds after which a configuration that a gateway does not speak of is sent again.
AGAIN_S: Final = 600.0
_SUFFIX: Final = ".qwc"


class Configurations:
    """A directory of signed configurations, one folder a gateway; readers and writers may be different processes."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def issue(self, gateway: str, text: str, key: SigningKey, issued_ms: int) -> int:
        """Sign the next version for a gateway, keep it, and return its number.

        Args:
            gateway: its id.
            text: the whole TOML file, checked by the caller.
            key: the operator's.
            issued_ms: UTC.

        Raises:
            ValueError: the text is too long.
            OSError: it cannot be kept.
        """
        folder = self._directory / gateway
        folder.mkdir(parents=True, exist_ok=True)
        # Whoever runs the hub must be able to read what another user has signed; there is no secret in it.
        version = self.newest(gateway) + 1
        signed = encode_configuration(Configuration(gateway, version, issued_ms, text), key)
        fd = os.open(folder / "draft", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        try:
            os.write(fd, signed)
            os.fsync(fd)
        finally:
            os.close(fd)
        (folder / "draft").rename(self._path(gateway, version))
        return version

    def newest(self, gateway: str) -> int:
        """Return the newest version for a gateway, 0 for none."""
        folder = self._directory / gateway
        numbers = (path.stem for path in folder.glob(f"*{_SUFFIX}") if path.stem.isdecimal())
        return max(map(int, numbers), default=0)

    def read(self, gateway: str, version: int) -> bytes:
        """Return the signed bytes of one version.

        Raises:
            OSError: it is not there.
        """
        return self._path(gateway, version).read_bytes()

    def _path(self, gateway: str, version: int) -> Path:
        return self._directory / gateway / f"{version:010d}{_SUFFIX}"


@dataclass(slots=True)
class Outstanding:
    """Who has to be sent what. No clock, no network here.

    Attributes:
        newest: the newest version for a gateway, 0 for none.
    """

    newest: Callable[[str], int]
    _sent: dict[str, tuple[int, float]] = field(default_factory=dict)

    def due(self, statuses: Mapping[str, Status], now_s: float) -> list[tuple[str, int]]:
        """Return (gateway, version) for every connected gateway that has not seen the newest; they count as sent.

        Args:
            statuses: what gateways said last.
            now_s: real seconds of any origin.
        """
        found = []
        for gateway, status in statuses.items():
            version = self.newest(gateway) if status.online else 0
            sent, when_s = self._sent.get(gateway, (0, now_s))
            if version > status.config_seen and (version != sent or now_s - when_s >= AGAIN_S):
                self._sent[gateway] = (version, now_s)
                found.append((gateway, version))
        return found

    def forget(self, gateway: str) -> None:
        """Note that a gateway has connected anew: what was on its way may be lost."""
        self._sent.pop(gateway, None)
