"""A wake-up from any thread to the event loop."""

import asyncio


class Bell:
    """What `ring` says in any thread, `wait` hears in the event loop in which the bell was made; rings coalesce."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake who waits, or who waits next; does nothing when the loop is gone."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._rung.set)

    async def wait(self) -> None:
        """Return when it was rung since the last time."""
        await self._rung.wait()
        self._rung.clear()
