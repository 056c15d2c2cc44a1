"""One line on the terminal that changes while a person waits."""

import sys


class Live:
    """The line; silent when nobody looks, so that logs and pipes stay clean."""

    def __init__(self) -> None:
        self._seen = sys.stderr.isatty()

    def show(self, text: str) -> None:
        """Replace the line."""
        self._write(text)

    def clear(self) -> None:
        """Take the line away."""
        self._write("")

    def _write(self, text: str) -> None:
        if self._seen:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
