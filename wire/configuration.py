"""A configuration that the hub sends to a gateway: signed by the operator, numbered, meant for one gateway alone.

    magic u16 | format u8 | zero u8 | length u32 | payload | Ed25519 signature (64 bytes)
      "QC"    |     1     |         |  of the    |         | over b"qw/1/config" and all before it
              |           |         |  payload   |         |

Numbers are little-endian. The payload is a `Configuration` in MessagePack.
"""

import hashlib
import struct
from typing import Annotated, Final

import msgspec
from nacl.exceptions import CryptoError
from nacl.signing import SigningKey, VerifyKey

from wire.batch import UNDECODABLE, Millis
from wire.errors import BadSignature, NotAnEnvelope

MAGIC: Final = 0x4351  # "QC" in little-endian byte order
FORMAT: Final = 1
CONTEXT: Final = b"qw/1/config"
SIGNATURE_LENGTH: Final = 64
MAX_LENGTH: Final = 256 << 10
DIGEST_DIGITS: Final = 12
_HEAD = struct.Struct("<HBBI")


class Configuration(msgspec.Struct, frozen=True):
    """One version of a gateway's configuration.

    Attributes:
        gateway: the gateway that it is for.
        version: counts up from 1 for each gateway; a gateway takes none that is not newer than all it has seen.
        issued_ms: when it was signed, UTC.
        text: the whole TOML file.
    """

    gateway: str
    version: Annotated[int, msgspec.Meta(ge=1, le=(1 << 63) - 1)]
    issued_ms: Millis
    text: str


def digest(text: str) -> str:
    """Return how a configuration is named in words: the first 12 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_DIGITS]


def encode_configuration(configuration: Configuration, key: SigningKey) -> bytes:
    """Return the signed bytes.

    Raises:
        ValueError: they would be longer than MAX_LENGTH.
    """
    payload = msgspec.msgpack.encode(configuration)
    signed = _HEAD.pack(MAGIC, FORMAT, 0, len(payload)) + payload
    if len(signed) + SIGNATURE_LENGTH > MAX_LENGTH:
        raise ValueError(f"a configuration of {len(payload)} bytes: {MAX_LENGTH} at most with its signature")
    return signed + key.sign(CONTEXT + signed).signature


def read_configuration(signed: bytes) -> Configuration:
    """Return what the bytes say, their signature unverified.

    Raises:
        NotAnEnvelope: the bytes are not of this format.
    """
    if not _HEAD.size + SIGNATURE_LENGTH <= len(signed) <= MAX_LENGTH:
        raise NotAnEnvelope(f"{len(signed)} bytes are no signed configuration")
    magic, fmt, zero, length = _HEAD.unpack_from(signed)
    if (magic, fmt, zero) != (MAGIC, FORMAT, 0) or length != len(signed) - _HEAD.size - SIGNATURE_LENGTH:
        raise NotAnEnvelope(f"not a signed configuration of format {FORMAT}")
    try:
        return msgspec.msgpack.decode(signed[_HEAD.size : -SIGNATURE_LENGTH], type=Configuration)
    except UNDECODABLE as error:
        raise NotAnEnvelope(f"configuration unreadable: {error}") from error


def verify_configuration(signed: bytes, key: VerifyKey) -> None:
    """Return if the signature is the operator's.

    Raises:
        BadSignature: it is not.
    """
    try:
        key.verify(CONTEXT + signed[:-SIGNATURE_LENGTH], signed[-SIGNATURE_LENGTH:])
    except (CryptoError, ValueError) as error:
        raise BadSignature("the signature is not the operator's") from error
