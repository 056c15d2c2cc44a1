"""`quietwatch edge key`."""

from argparse import Namespace

from edge.errors import EdgeError
from edge.key import load_or_create, public_text
from quietwatch.cli.command import fail


def print_key(arguments: Namespace) -> int:
    """Print the public half of a key, which is made when it is not there."""
    try:
        print(public_text(load_or_create(arguments.path)))
    except EdgeError as error:
        fail(error)
    return 0
