"""The gateway's key pair: made on the gateway, its private half never leaves it.

The file is PKCS 8 in PEM, as `openssl genpkey -algorithm ed25519` writes it and `openssl pkey` reads it:

    30 2e | 02 01 00  | 30 05 06 03 2b 65 70 | 04 22 04 20 | 32 bytes
          | version 0 |  Ed25519 (1.3.101.112) |             | of seed

Source: RFC 8410, section 7.
"""

import base64
import binascii
import os
from pathlib import Path
from typing import Final

from nacl.signing import SigningKey

from edge.errors import ConfigError

_PREFIX: Final = bytes.fromhex("302e020100300506032b657004220420")
_BEGIN: Final = "-----BEGIN PRIVATE KEY-----"
_END: Final = "-----END PRIVATE KEY-----"
_SEED_LENGTH: Final = 32
_LONGEST_FILE: Final = 4096


def load_or_create(path: Path) -> SigningKey:
    """Return the key of a file, which is created (mode 0600) when it is not there.

    Raises:
        ConfigError: the file cannot be read or written, or holds something else.
    """
    try:
        if not path.exists():
            _create(path)
        return _parse(_read(path))
    except (OSError, ValueError) as error:
        raise ConfigError(str(path), "gateway", "key_file", f"no usable Ed25519 key in PEM: {error}") from error


def public_text(key: SigningKey) -> str:
    """Return the public half as the hub's configuration wants it: base64 of the 32 raw bytes."""
    return base64.b64encode(bytes(key.verify_key)).decode()


def _read(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(_LONGEST_FILE).decode("ascii")


def _parse(pem: str) -> SigningKey:
    """Return the key of a PEM text.

    Raises:
        ValueError: it holds no Ed25519 key in the one form that is written here.
    """
    text = pem.strip()
    if not (text.startswith(_BEGIN) and text.endswith(_END)):
        raise ValueError("it does not begin with " + _BEGIN)
    try:
        der = base64.b64decode("".join(text[len(_BEGIN) : -len(_END)].split()), validate=True)
    except binascii.Error as error:
        raise ValueError(f"its base64 is broken: {error}") from error
    if len(der) != len(_PREFIX) + _SEED_LENGTH or not der.startswith(_PREFIX):
        raise ValueError("a key of another kind: Ed25519 is needed, without a password")
    return SigningKey(der[len(_PREFIX) :])


def _pem(key: SigningKey) -> bytes:
    return f"{_BEGIN}\n{base64.b64encode(_PREFIX + bytes(key)).decode()}\n{_END}\n".encode()


def _create(path: Path) -> None:
    """Write a new key so that a power cut leaves either all of it or no file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(fd, _pem(SigningKey.generate()))
        os.fsync(fd)
    finally:
        os.close(fd)
    draft.rename(path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
