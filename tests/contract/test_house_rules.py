"""What no linter checks: lengths, words, paths, and who imports whom."""

import ast
import functools
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

FILE_LINES = 300
FUNCTION_LINES = 40
CODE = (".py", ".ts", ".sql")
# Words that say nothing: a thing of ours has a name of its field (docs/glossary.md).
BANNED = frozenset(
    ("data", "message", "event", "record", "metric", "sensor", "node", "manager", "handler", "helper", "util")
) | {"utils", "common", "base", "helpers", "handlers", "messages", "events", "records", "metrics", "sensors", "nodes"}
# Names that a library or an interface prescribes.
PRESCRIBED = frozenset(
    {"data_received", "callback_data", "log_message", "build_data", "NO_DATA", "event_to_red_s"}
    | {"false_alarms_per_sensor_month"}
)
# What gives a thing a name.
NAMING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.arg, ast.Name, ast.alias)
# Node.js is a product of that name.
BUILD_HOOK = "hatch_build.py"
# A path of one machine, or the address of a registry, would be wrong everywhere else.
FOREIGN = re.compile(
    r"(?:^|[^\w./-])/(?:work|farm|root|home)/\w" + r"|registry\.npm" + r"js|python" + r"hosted|pypi\.or" + r"g/simple"
)
BINARY = frozenset({".png", ".gz", ".xz", ".woff2", ".parquet", ".ico"})


@functools.cache
def words(name: str) -> list[str]:
    """Return the words of a snake_case or CamelCase name."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def own_names(parts: list[ast.AST]) -> Iterator[tuple[int, str]]:
    """Yield (line, name) of everything that a module names itself: what it only calls is not its choice."""
    prescribed = {id(arg) for part in parts for arg in prescribed_arguments(part)}
    for part in parts:
        match part:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                if not name.startswith("test_"):  # a sentence about a situation, in any words
                    yield part.lineno, name.removeprefix("record_")  # the verb is welcome
            case ast.arg(arg=name) if id(part) not in prescribed:
                yield part.lineno, name
            case ast.Name(id=name, ctx=ast.Store()) | ast.alias(asname=str(name)):
                yield part.lineno, name
            case _:
                pass


def prescribed_arguments(part: ast.AST) -> list[ast.arg]:
    """Return the arguments of a method that a library calls by name, and those that hypothesis draws from."""
    if not isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
        return []
    if part.name in PRESCRIBED:
        return part.args.args
    drawn = (arg for arg in part.args.args if arg.arg in BANNED)
    return [arg for arg in drawn if arg.annotation and ast.unparse(arg.annotation).endswith("DataObject")]


class Module(NamedTuple):
    """What is asked of a module: its tree is so large that the collector's looks at it cost more than all else.

    Attributes:
        long: line and name of the functions that are too long.
        names: line and name of what it names itself.
    """

    long: list[tuple[int, str]]
    names: list[tuple[int, str]]


def read(path: Path) -> Module:
    """Return what a file holds."""
    parts = [part for part in ast.walk(ast.parse(path.read_bytes())) if isinstance(part, NAMING)]
    long = [
        (part.lineno, part.name)
        for part in parts
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)
        and (part.end_lineno or 0) - part.lineno >= FUNCTION_LINES
    ]
    return Module(long, list(own_names(parts)))


@pytest.fixture(scope="module")
def modules(tree: tuple[Path, ...], root: Path) -> dict[Path, Module]:
    """Every Python file of the project."""
    return {path: read(root / path) for path in tree if path.suffix == ".py"}


def test_files_stay_short(tree: tuple[Path, ...], root: Path) -> None:
    """A file of more than 300 lines has become two things."""
    lengths = {str(path): len((root / path).read_text("utf-8").splitlines()) for path in tree if path.suffix in CODE}

    assert {path: length for path, length in lengths.items() if length > FILE_LINES} == {}


def test_functions_stay_short(modules: dict[Path, Module]) -> None:
    """A function of more than 40 lines does more than its name says."""
    long = [f"{path}:{line} {name}" for path, module in modules.items() for line, name in module.long]

    assert not long, "\n".join(long)


def test_names_are_of_the_field(modules: dict[Path, Module]) -> None:
    """No class, function, argument or variable of ours carries a banned word."""
    found = [
        f"{path}:{line} {name}"
        for path, module in modules.items()
        for line, name in module.names
        if (BANNED - {"node"} if str(path) == BUILD_HOOK else BANNED) & set(words(name)) and name not in PRESCRIBED
    ]

    assert not found, "\n".join(found)


def test_files_are_named_after_things_of_the_field(tree: tuple[Path, ...]) -> None:
    """The tree reads as the glossary: no utils.py, no common/."""
    assert [str(path) for path in tree if path.suffix in CODE and BANNED & set(words(str(path)))] == []


def test_no_path_of_one_machine_stands_in_the_tree(tree: tuple[Path, ...], root: Path) -> None:
    """Nor the address of a package registry: whoever builds this may be behind a mirror."""
    found = [
        f"{path}:{number} {line.strip()[:80]}"
        for path in tree
        if path.suffix not in BINARY
        for number, line in enumerate((root / path).read_text("utf-8", "replace").splitlines(), 1)
        if FOREIGN.search(line)
    ]

    assert not found, "\n".join(found)


def test_imports_point_inward(root: Path) -> None:
    """The contracts of pyproject.toml hold: edge and hub apart, the simulator a witness, judgement pure."""
    lint = Path(sys.executable).with_name("lint-imports")
    outcome = subprocess.run([lint, "--no-cache"], cwd=root, check=False, capture_output=True, text=True)

    assert outcome.returncode == 0, outcome.stdout[-3000:] + outcome.stderr[-2000:]
