"""`quietwatch edge run`."""

from argparse import Namespace

from edge.agent import run
from edge.errors import EdgeError
from quietwatch.cli.serve import clock_of, serve


def run_agent(arguments: Namespace) -> int:
    """Run the agent until it is told to end."""
    return serve(run(arguments.config, clock_of(arguments.clock)), EdgeError)
