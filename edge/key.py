"""The gateway's key pair: made on the gateway, its private half never leaves it."""

import base64
import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.errors import ConfigError


def load_or_create(path: Path) -> Ed25519PrivateKey:
    """Return the key of a file, which is created (mode 0600, PEM, PKCS 8) when it is not there.

    Raises:
        ConfigError: the file cannot be read or written, or holds something else.
    """
    try:
        if not path.exists():
            _create(path)
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigError(str(path), "gateway", "key_file", f"no usable Ed25519 key in PEM: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(str(path), "gateway", "key_file", "a key of another kind: Ed25519 is needed")
    return key


def public_text(key: Ed25519PrivateKey) -> str:
    """Return the public half as the hub's configuration wants it: base64 of the 32 raw bytes."""
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def _create(path: Path) -> None:
    """Write a new key so that a power cut leaves either all of it or no file."""
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(fd, pem)
        os.fsync(fd)
    finally:
        os.close(fd)
    draft.rename(path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
