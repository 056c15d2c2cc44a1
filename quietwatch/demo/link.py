"""A network link that can be cut: a TCP relay on loopback that swallows bytes while it is dead, like a lost modem."""

import asyncio
import contextlib
from typing import Self


class Link:
    """Relays connections to one port; while cut it keeps them open and lets every byte vanish.

    Attributes:
        port: where it listens on 127.0.0.1, once entered.
        cut: whether bytes vanish.
    """

    def __init__(self, target_port: int) -> None:
        self.port = 0
        self.cut = False
        self._target_port = target_port
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        await self.accept()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.refuse()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def accept(self) -> None:
        """Listen: at first on a free port, and again on the same one after `refuse`."""
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def refuse(self) -> None:
        """Close the port and every connection: whoever connects is refused."""
        if self._server is not None:
            self._server.close()
        self._hang_up()

    def restore(self) -> None:
        """Let bytes through again; connections of the dead time are gone, as after a modem's restart."""
        self.cut = False
        self._hang_up()

    def _hang_up(self) -> None:
        for task in self._connections:
            task.cancel()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        with contextlib.suppress(asyncio.CancelledError, OSError):
            await self._join(reader, writer)
        writer.close()
        self._connections.discard(task)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._target_port)
        pumps = [asyncio.create_task(self._pump(*pair)) for pair in ((reader, back), (there, writer))]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            back.close()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while chunk := await source.read(65536):
            if not self.cut:
                sink.write(chunk)
                await sink.drain()
