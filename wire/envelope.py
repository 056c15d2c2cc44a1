"""The envelope in which a gateway sends one sealed block to the hub.

    magic u16 | format u8 | flags u8 | length u32 | payload | Ed25519 signature (64 bytes)
      "QW"    |     2     |  bit 0:  |  of the    |         | over b"qw/1/batch" and all before it
              |           |  zlib    |  payload   |         |

Numbers are little-endian. The payload is a `wire.batch.Payload` in MessagePack.
"""

import struct
import zlib
from typing import Final

import msgspec
from nacl.exceptions import CryptoError
from nacl.signing import SigningKey, VerifyKey

from wire.batch import UNDECODABLE, Payload
from wire.errors import BadSignature, NotAnEnvelope

MAGIC: Final = 0x5751  # "QW" in little-endian byte order
FORMAT: Final = 2
ZLIB: Final = 1
CONTEXT: Final = b"qw/1/batch"
SIGNATURE_LENGTH: Final = 64
MAX_PAYLOAD: Final = 1 << 20
_HEAD = struct.Struct("<HBBI")
_decode_payload = msgspec.msgpack.Decoder(Payload).decode


def encode_envelope(payload: Payload, key: SigningKey) -> bytes:
    """Return the signed envelope; the same payload and key always give the same bytes on one machine's zlib.

    Raises:
        ValueError: the payload is longer than MAX_PAYLOAD.
    """
    plain = msgspec.msgpack.encode(payload)
    if len(plain) > MAX_PAYLOAD:
        raise ValueError(f"payload of {len(plain)} bytes: {MAX_PAYLOAD} at most")
    packed = zlib.compress(plain, 6)
    small, flags = (packed, ZLIB) if len(packed) < len(plain) else (plain, 0)
    signed = _HEAD.pack(MAGIC, FORMAT, flags, len(small)) + small
    return signed + key.sign(CONTEXT + signed).signature


def read_envelope(envelope: bytes) -> Payload:
    """Return what an envelope says, its signature unverified: to learn whose key to verify it with.

    Raises:
        NotAnEnvelope: the bytes are not of this format.
    """
    packed, flags = _split(envelope)
    try:
        return _decode_payload(_inflate(packed) if flags & ZLIB else packed)
    except (*UNDECODABLE, zlib.error) as error:
        raise NotAnEnvelope(f"payload unreadable: {error}") from error


def _split(envelope: bytes) -> tuple[bytes, int]:
    if len(envelope) < _HEAD.size + SIGNATURE_LENGTH:
        raise NotAnEnvelope(f"{len(envelope)} bytes are too few for an envelope")
    magic, fmt, flags, length = _HEAD.unpack_from(envelope)
    if magic != MAGIC or fmt != FORMAT or flags & ~ZLIB:
        raise NotAnEnvelope(f"not an envelope of format {FORMAT}: magic {magic:#06x}, format {fmt}, flags {flags:#04x}")
    if length != len(envelope) - _HEAD.size - SIGNATURE_LENGTH or length > MAX_PAYLOAD:
        raise NotAnEnvelope(f"length field says {length}, {len(envelope)} bytes came")
    return envelope[_HEAD.size : _HEAD.size + length], flags


def _inflate(packed: bytes) -> bytes:
    inflater = zlib.decompressobj()
    plain = inflater.decompress(packed, MAX_PAYLOAD)
    if inflater.unconsumed_tail or not inflater.eof:
        raise NotAnEnvelope(f"payload inflates to more than {MAX_PAYLOAD} bytes, or is cut off")
    return plain


def verify_envelope(envelope: bytes, key: VerifyKey) -> None:
    """Return if the signature is the key's.

    Raises:
        BadSignature: it is not.
    """
    try:
        key.verify(CONTEXT + envelope[:-SIGNATURE_LENGTH], envelope[-SIGNATURE_LENGTH:])
    except CryptoError as error:
        raise BadSignature("the signature is not this gateway's") from error
