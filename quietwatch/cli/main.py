"""QuietWatch: instruments watch, so that inspectors visit only when there is something to see."""

import importlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from quietwatch.cli.command import fail, parser
from quietwatch.cli.commands import COMMANDS, GROUPS


def main() -> NoReturn:
    """Run what the command line says."""
    sys.exit(call(sys.argv[1:]))


def call(words: Sequence[str]) -> int:
    """Run one command and return its exit status: 0 well, 1 not all well, 2 it could not be done."""
    arguments = parser(COMMANDS, GROUPS, __doc__).parse_args(words)
    if not arguments.program:
        arguments.shown.print_help()
        return 2
    module, _, function = arguments.program.partition(":")
    try:
        program: Callable[[object], int] = getattr(importlib.import_module(module), function)
        return program(arguments)
    except ModuleNotFoundError as error:
        # A gateway's install has no hub in it.
        fail(f"{error}: install 'quietwatch[hub]' for the hub, 'quietwatch[demo]' for the demo")
    except BrokenPipeError:  # the reader, `head` say, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
