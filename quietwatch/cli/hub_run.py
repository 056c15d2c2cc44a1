"""`quietwatch hub run`."""

from argparse import Namespace

from hub.app import run
from hub.errors import HubError
from quietwatch.cli.serve import clock_of, serve


def run_hub(arguments: Namespace) -> int:
    """Run the hub until it is told to end."""
    return serve(run(arguments.config, clock_of(arguments.clock)), HubError)
