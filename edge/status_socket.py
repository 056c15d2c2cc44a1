"""The status socket: whoever connects is told how the agent is, as one JSON object, and is hung up on."""

import asyncio
import contextlib
import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self

# Real seconds that a reader may take.
PATIENCE_S: Final = 5.0
MODE: Final = 0o660


class StatusSocket:
    """A Unix socket, there while the context is entered; only the owner and the group can connect."""

    def __init__(self, path: Path, state: Callable[[], bytes]) -> None:
        self._path = path
        self._state = state
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        """Begin to answer.

        Raises:
            OSError: the path cannot be had, or another agent answers there.
        """
        self._clear()
        self._server = await asyncio.start_unix_server(self._answer, sock=self._bound())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)

    def _clear(self) -> None:
        """Remove what a killed agent has left."""
        if not self._path.exists() or not stat.S_ISSOCK(self._path.stat().st_mode):
            return
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(0)
            with contextlib.suppress(ConnectionRefusedError):
                probe.connect(str(self._path))
                raise OSError(f"{self._path}: another agent answers there")
        self._path.unlink()

    def _bound(self) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX)
        before = os.umask(0o777 & ~MODE)
        try:
            listener.bind(str(self._path))
        except OSError as error:
            listener.close()
            raise OSError(f"{self._path}: {error.strerror or error}") from error
        finally:
            os.umask(before)
        return listener

    async def _answer(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                writer.write(self._state())
                await writer.drain()
        writer.close()
