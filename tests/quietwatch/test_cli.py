"""What the command line says before anything is started."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from quietwatch.cli import app


@pytest.mark.parametrize(
    "arguments", [["demo"], ["edge", "run"], ["edge", "check"], ["edge", "key"], ["hub", "run"], ["sim", "run"]]
)
def test_every_command_answers_help_with_an_example(arguments: list[str]) -> None:
    """A person sees at once how to call it."""
    result = CliRunner().invoke(app, [*arguments, "--help"])

    assert (0, True) == (result.exit_code, "Example: quietwatch" in result.output)


def test_an_unknown_scene_is_refused_with_those_that_there_are() -> None:
    """No traceback, and nothing is started."""
    result = CliRunner().invoke(app, ["demo", "--scene", "fog"])

    assert 2 == result.exit_code
    assert "'fog': one of " in result.output


def test_a_demo_refuses_a_place_that_is_in_use(tmp_path: Path) -> None:
    """Two runs in one directory would be compared as one."""
    (tmp_path / "ledger.tsv").touch()
    result = CliRunner().invoke(app, ["demo", "--directory", str(tmp_path)])

    assert 2 == result.exit_code


def test_a_misspelt_key_is_refused_by_name(tmp_path: Path) -> None:
    """File, table and key are named, and what was probably meant."""
    path = tmp_path / "edge.toml"
    path.write_text('[gateway]\nid = "gw"\nflush = 5\n[hub]\nhost = "127.0.0.1"\n')
    result = CliRunner().invoke(app, ["edge", "check", str(path)])

    assert 2 == result.exit_code
    assert f"{path}: [gateway] flush: unknown key" in result.output


def test_a_key_is_made_once(tmp_path: Path) -> None:
    """Asking again prints the same public half, and the file is its owner's alone."""
    path = tmp_path / "key.pem"
    first, second = (CliRunner().invoke(app, ["edge", "key", str(path)]).output for _ in range(2))

    assert first == second
    assert 0o600 == path.stat().st_mode & 0o777
