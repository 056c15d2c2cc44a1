"""The command line: `quietwatch edge|hub|sim|demo …`, for people and for systemd."""

from quietwatch.cli.main import main

__all__ = ["main"]
