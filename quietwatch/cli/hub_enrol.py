"""`quietwatch hub enrol`."""

from argparse import Namespace

from quietwatch.cli.command import fail
from wire.enrolment import read_enrolment


def enrol(arguments: Namespace) -> int:
    """Print what to add to hub.toml for a gateway that has introduced itself."""
    try:
        enrolment = read_enrolment(arguments.line)
    except ValueError as error:
        fail(error)
    print(f'[[gateway]]\nid = "{enrolment.gateway}"\npublic_key = "{enrolment.public_key()}"')
    return 0
