"""What tests of the command line share."""

from collections.abc import Callable
from typing import NamedTuple

import pytest

from quietwatch.cli.main import call


class Outcome(NamedTuple):
    """What a person would see."""

    status: int
    out: str
    err: str


Called = Callable[..., Outcome]


@pytest.fixture
def called(capsys: pytest.CaptureFixture[str]) -> Called:
    """Calls `quietwatch` with these words, in this process."""

    def run(*words: object) -> Outcome:
        try:
            status: object = call([str(word) for word in words])
        except SystemExit as end:
            status = end.code
        assert isinstance(status, int)
        return Outcome(status, *capsys.readouterr())

    return run
