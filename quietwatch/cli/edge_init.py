"""`quietwatch edge init`."""

import socket
import sys
import tomllib
from argparse import Namespace
from pathlib import Path

from edge.composing import compose
from edge.config import load
from edge.errors import ConfigError
from edge.interview import Interview, Tables
from edge.serial_ports import serial_ports
from quietwatch.cli.command import fail
from quietwatch.cli.language import language

# The service of the Debian package reads its configuration here, and may write only there.
_SERVICE_FOLDER = Path("/etc/quietwatch")
_SERVICE_PATHS = {
    "key_file": "/var/lib/quietwatch/key.pem",
    "outbox_dir": "/var/lib/quietwatch/outbox",
    "socket": "/run/quietwatch/agent.sock",
}


class Terminal:
    """The person at the terminal; questions go to stderr."""

    def hear(self, text: str) -> None:
        """Show a line."""
        sys.stderr.write(f"{text}\n")

    def answer(self, question: str) -> str:
        """Ask; the end of the input ends the program."""
        sys.stderr.write(question)
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:
            fail("the answers end here, nothing was written")
        return line.strip()


def init(arguments: Namespace) -> int:
    """Ask what is connected and write a configuration."""
    path: Path = arguments.config
    if path.exists() and not arguments.force:
        fail(f"{path} is there already: --force replaces it")
    tongue = language(arguments.lang)
    if arguments.answers:
        tables = _answers(arguments.answers)
    elif sys.stdin.isatty() or arguments.piped:
        tables = Interview(Terminal(), tongue, serial_ports(), socket.gethostname()).tables()
    else:
        fail("nobody is at a terminal: give --answers FILE")
    tables = placed(tables, path)
    draft = path.with_suffix(".new")
    draft.write_text(compose(tables, path.name, tongue), "utf-8")
    to_do = _to_do(draft)
    draft.replace(path)
    print(f"{path}: written")
    for line in [*to_do, f"next: quietwatch edge check {path}; quietwatch edge probe {path}"]:
        print(line)
    return 0


def placed(tables: Tables, path: Path) -> Tables:
    """Return the tables with the service's paths where the file is the service's; what they name themselves stays."""
    if path.absolute().parent != _SERVICE_FOLDER:
        return tables
    return {**tables, "gateway": {**_SERVICE_PATHS, **tables.get("gateway", {})}}


def _answers(path: Path) -> Tables:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        fail(f"{path}: {error}")


def _to_do(draft: Path) -> list[str]:
    """Return what a person still has to do, or end the program when the answers are no configuration."""
    try:
        load(draft)
    except ConfigError as error:
        if error.key == "ca_file" and "no such file" in error.reason:
            return [f"first: copy the CA certificate of the hub's broker to {error.reason.split(': ')[0]}"]
        draft.unlink()
        fail(str(error).replace(str(draft), "these answers"))
    return []
