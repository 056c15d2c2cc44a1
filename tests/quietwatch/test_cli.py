"""What the command line says before anything is started."""

import importlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from quietwatch.cli.command import Command
from quietwatch.cli.commands import COMMANDS, GROUPS

SHOWN = [command for command in COMMANDS if command.summary]


@pytest.mark.parametrize("command", SHOWN, ids=lambda command: " ".join(command.words))
def test_every_command_answers_help_with_an_example(called: Callable[..., Any], command: Command) -> None:
    """A person sees at once how to call it, on a terminal of 80 columns."""
    status, out, err = called(*command.words, "--help")

    assert (0, "") == (status, err)
    assert f"Example: quietwatch {' '.join(command.words)}" in out.splitlines()[-1]
    assert max(len(line) for line in out.splitlines()[:-1]) <= 80


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command.words))
def test_every_command_is_done_somewhere(command: Command) -> None:
    """The module and function that the table names exist."""
    module, _, function = command.program.partition(":")

    assert callable(getattr(importlib.import_module(module), function))


@pytest.mark.parametrize("words", [[], *([group] for group in GROUPS)])
def test_called_without_a_command_it_lists_them(called: Callable[..., Any], words: list[str]) -> None:
    """Whoever types the first word only sees what may follow."""
    status, out, _ = called(*words)
    expected = {command.words[len(words)] for command in SHOWN if list(command.words[: len(words)]) == words}

    assert 2 == status
    assert expected == {word for word in expected if re.search(rf"\n    {word}\s", out)}
    assert "broker" not in out


@pytest.mark.parametrize(
    "words",
    [
        ["fog"],
        ["edge", "run"],
        ["demo", "--speed", "x"],
        ["demo", "--speed", "1000"],
        ["edge", "run", "x", "--clock", "x"],
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(called: Callable[..., Any], words: list[str]) -> None:
    """No traceback and no screen of usage; status 2."""
    status, out, err = called(*words)

    assert (2, "", 1) == (status, out, err.count("\n"))


def test_an_unknown_scene_is_refused_with_those_that_there_are(called: Callable[..., Any]) -> None:
    """No traceback, and nothing is started."""
    status, _, err = called("demo", "--scene", "fog")

    assert 2 == status
    assert "'fog': one of " in err


def test_a_demo_refuses_a_place_that_is_in_use(called: Callable[..., Any], tmp_path: Path) -> None:
    """Two runs in one directory would be compared as one."""
    (tmp_path / "ledger.tsv").touch()

    assert 2 == called("demo", "--directory", tmp_path).status


def test_a_misspelt_key_is_refused_by_name(called: Callable[..., Any], tmp_path: Path) -> None:
    """File, table and key are named, and what was probably meant."""
    path = tmp_path / "edge.toml"
    path.write_text('[gateway]\nid = "gw"\nflush = 5\n[hub]\nhost = "127.0.0.1"\n')
    status, _, err = called("edge", "check", path)

    assert 2 == status
    assert f"{path}: [gateway] flush: unknown key" in err


def test_a_key_is_made_once(called: Callable[..., Any], tmp_path: Path) -> None:
    """Asking again prints the same public half, and the file is its owner's alone."""
    path = tmp_path / "key.pem"
    first, second = (called("edge", "key", path).out for _ in range(2))

    assert first == second
    assert 0o600 == path.stat().st_mode & 0o777
