"""What the running agent says of itself, asked over its socket."""

import socket
import tomllib
from pathlib import Path
from typing import Final

import msgspec

from edge.state import AgentState, decode_state
from quietwatch.cli.command import fail

# Real seconds that an agent has to answer.
PATIENCE_S: Final = 5.0
_DEFAULT: Final = Path("/run/quietwatch/agent.sock")


def ask_agent(path: Path) -> tuple[bytes, AgentState] | None:
    """Return (its JSON, what that says) of the agent behind a socket; None when there is none.

    Raises:
        PermissionError: there is one, but not for this user.
        ValueError: what answers is no agent of this version.
    """
    said = b""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE_S)
            connection.connect(str(path))
            while part := connection.recv(65_536):
                said += part
        return said, decode_state(said)
    except (FileNotFoundError, ConnectionRefusedError):
        return None
    except (msgspec.DecodeError, OSError) as error:
        if isinstance(error, PermissionError):
            raise
        raise ValueError(f"{path}: no agent of this version answers there: {error}") from error


def find_socket(named: Path | None, config: Path | None) -> Path:
    """Return the socket that a person means: the one named, the one of a configuration, or that of the service."""
    if named is not None:
        return named
    if config is None:
        return _DEFAULT
    try:
        gateway = tomllib.loads(config.read_text("utf-8")).get("gateway", {})
    except (OSError, ValueError) as error:
        fail(f"{config}: {error}")
    return config.parent / str(gateway.get("socket", "agent.sock"))
