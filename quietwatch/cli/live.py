"""What a person sees while waiting: one line that changes, and no log."""

import contextlib
import logging
import sys
from collections.abc import Iterator

from quietwatch.cli.table import columns, wrap


class Live:
    """The line; silent when nobody looks, so that logs and pipes stay clean."""

    def __init__(self) -> None:
        self._seen = sys.stderr.isatty()
        self._shown = ""

    def show(self, text: str) -> None:
        """Replace the line."""
        self._write(text)

    def clear(self) -> None:
        """Take the line away."""
        self._write("")

    def _write(self, text: str) -> None:
        if self._seen and text != self._shown:
            self._shown = text
            # A line that is wider than the terminal could not be taken back.
            sys.stderr.write(f"\r\x1b[K{wrap(text, columns() - 1)[0]}")
            sys.stderr.flush()


@contextlib.contextmanager
def without_log() -> Iterator[None]:
    """Keep the log off the terminal: what goes wrong is in the answer."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
