"""`quietwatch hub configure`."""

import time
from argparse import Namespace
from pathlib import Path

from nacl.signing import SigningKey

from edge.config import read
from edge.errors import EdgeError
from edge.key import load_or_create
from hub.app import CONFIGURATIONS
from hub.config import load_config
from hub.configurations import Configurations
from hub.errors import HubError
from quietwatch.cli.command import fail


def configure(arguments: Namespace) -> int:
    """Sign a configuration and leave it for the hub to send; say under which number."""
    try:
        hub = load_config(arguments.hub)
        content = arguments.file.read_bytes()
        config = read(arguments.file, content, exists=_perhaps)
        gateway = config.gateway.id
        if gateway not in hub.keys:
            fail(f"{arguments.hub}: [[gateway]] {gateway} is not there: has it been enrolled?")
        key = _key(arguments.key)
        held = Configurations(hub.directory / CONFIGURATIONS)
        version = held.issue(gateway, content.decode(), key, time.time_ns() // 1_000_000)
    except (EdgeError, HubError, OSError, ValueError) as error:
        fail(error)
    print(f"{gateway}: configuration {version} is signed; the hub sends it as soon as the gateway is connected.")
    print("What becomes of it: GET /api/gateways, config_version, config_seen and config_fault.")
    return 0


def _perhaps(_: Path) -> bool:
    """Say of a file on the gateway that it is there: only the gateway knows."""
    return True


def _key(path: Path) -> SigningKey:
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file: make the operator's key with `quietwatch edge key {path}`")
    return load_or_create(path)
