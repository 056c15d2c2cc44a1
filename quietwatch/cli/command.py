"""What a command is, and the parser of all of them."""

import argparse
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn

WIDTH: Final = 79

Arguments = Callable[[argparse.ArgumentParser], None]


class Command(NamedTuple):
    """One command.

    Attributes:
        words: how it is called, after `quietwatch`.
        summary: one sentence; "" hides it: only our own programs call it.
        example: a whole line that a person can type.
        program: "module:function"; imported when it is called, so that a gateway needs nothing of the hub's. The
            function takes the parsed arguments and returns the exit status.
        arguments: adds what it takes to its parser.
    """

    words: tuple[str, ...]
    summary: str
    example: str
    program: str
    arguments: Arguments


class Parser(argparse.ArgumentParser):
    """A parser that ends its help with an example and complains in one line."""

    def __init__(self, prog: str, about: str = "", example: str = "", **_: object) -> None:
        super().__init__(
            prog=prog,
            description=textwrap.fill(about, WIDTH),
            epilog=f"Example: {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def error(self, reason: str) -> NoReturn:
        """End the program with status 2, in one line."""
        fail(f"{reason} (see {self.prog} --help)")


def fail(reason: object) -> NoReturn:
    """End the program with one line on stderr and status 2: it could not do what was asked."""
    sys.stderr.write(f"quietwatch: {reason}\n")
    raise SystemExit(2)


def parser(commands: Sequence[Command], groups: Mapping[str, str], about: str) -> Parser:
    """Return the parser of the whole command line.

    Args:
        commands: all that there are; the first of a group is the group's example.
        groups: first words that several commands share, and what they are about.
        about: what the program is.
    """
    top = Parser("quietwatch", about, commands[0].example)
    below = {"": _below(top)}
    for command in commands:
        group = command.words[0] if len(command.words) > 1 else ""
        if group not in below:
            below[group] = _below(_add(below[""], group, groups[group], command.example))
        own = _add(below[group], command.words[-1], command.summary, command.example)
        own.set_defaults(program=command.program)
        command.arguments(own)
    return top


if TYPE_CHECKING:
    _Below = argparse._SubParsersAction[Parser]  # noqa: SLF001  # argparse gives its type no public name


def _below(parent: Parser) -> "_Below":
    """Make room for the commands below one; called without any, it shows its help."""
    parent.set_defaults(program="", shown=parent)
    return parent.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)


def _add(below: "_Below", name: str, about: str, example: str) -> Parser:
    if not about:
        return below.add_parser(name, about=about, example=example)
    return below.add_parser(name, help=about, about=about, example=example)
