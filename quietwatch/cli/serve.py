"""How the programs that run for years are run."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Coroutine
from typing import Any

from quietwatch.cli.command import fail
from wire.clock import Clock, parse_clock


def clock_of(text: str) -> Clock:
    """Return the clock that an option `--clock` names, or end the program."""
    try:
        return parse_clock(text)
    except ValueError as error:
        fail(error)


def serve(program: Coroutine[Any, Any, None], expected: type[Exception]) -> int:
    """Run a program; SIGTERM and SIGINT cancel it unless it listens for them itself.

    Args:
        program: its coroutine.
        expected: what it raises when it cannot go on: said in one line, status 2.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)

    async def until_told() -> None:
        task = asyncio.ensure_future(program)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    try:
        asyncio.run(until_told())
    except expected as error:
        fail(error)
    return 0
