"""What holds for every test."""

import gc

from hypothesis import settings

# How long an example takes says something of the machine and of what else it does, nothing of the code.
settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")


def pytest_collection_finish() -> None:
    """Leave what was imported out of later garbage collections: it lives to the end, and each look at it takes long."""
    gc.freeze()


def pytest_unconfigure() -> None:
    """Let the interpreter's end find it all again: libraries report what is left as leaked."""
    gc.unfreeze()
