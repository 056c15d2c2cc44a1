"""Serves the map's interface in the hub's own loop, which keeps its own way of ending."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Final

import uvicorn
from fastapi import FastAPI

from hub.config import HttpTable
from hub.errors import ConfigError
from hub.map_api import LiveView

# Real seconds for answers that are still being given when the hub ends.
LAST_ANSWERS_S: Final = 1


def listen(table: HttpTable, file: str) -> socket.socket:
    """Return the socket on which the page will be served, bound at once so that its port is known.

    Raises:
        ConfigError: the address is not this machine's, or the port is taken.
    """
    family = socket.AF_INET6 if ":" in table.host else socket.AF_INET
    try:
        return socket.create_server((table.host, table.port), family=family)
    except OSError as error:
        raise ConfigError(file, "http", "port", f"{table.host}:{table.port}: {error.strerror}") from error


def address(table: HttpTable, listener: socket.socket) -> str:
    """Return where a browser finds the page."""
    host = f"[{table.host}]" if ":" in table.host else table.host
    return f"{'https' if table.tls_cert else 'http'}://{host}:{listener.getsockname()[1]}/"


class _Server(uvicorn.Server):
    """Leaves the signals to the program, and says when it is ready."""

    def __init__(self, config: uvicorn.Config, ready: asyncio.Event) -> None:
        super().__init__(config)
        self._ready = ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to serve."""
        await super().startup(sockets)
        self._ready.set()


async def serve(app: FastAPI, table: HttpTable, listener: socket.socket, live: LiveView, ready: asyncio.Event) -> None:
    """Serve until cancelled; then end the live streams and give answers that were begun a second.

    Args:
        app: the application.
        table: its TLS files.
        listener: from `listen`; closed at the end.
        live: closed at the end.
        ready: set once the page is served.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="on",
        ws="none",
        proxy_headers=False,
        server_header=False,
        ssl_certfile=table.tls_cert or None,
        ssl_keyfile=table.tls_key or None,
        timeout_graceful_shutdown=LAST_ANSWERS_S,
    )
    server = _Server(config, ready)
    serving = asyncio.create_task(server.serve(sockets=[listener]), name="hub.serve.uvicorn")
    try:
        await asyncio.shield(serving)
    finally:
        live.close()
        server.should_exit = True
        await serving
