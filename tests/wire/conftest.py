"""A gateway's key and a block as an outbox would hold it."""

import struct

import pytest
from nacl.signing import SigningKey

from wire.batch import NO_HASH, Payload, ReadingsBody, encode_body
from wire.columns import Columns


@pytest.fixture(scope="session")
def key() -> SigningKey:
    """The key pair of a gateway."""
    return SigningKey(bytes(range(32)))


@pytest.fixture(scope="session")
def columns() -> Columns:
    """Three readings of two datastreams, with positions."""
    return Columns(
        stream=struct.pack("<3H", 0, 1, 0),
        offset_ms=struct.pack("<3I", 0, 0, 60_000),
        value=struct.pack("<3d", 35.0, 71.5, 36.0),
        flag=bytes([2, 2, 2]),
        longitude=struct.pack("<3d", 116.5, 116.5, 116.6),
        latitude=struct.pack("<3d", 39.8, 39.8, 39.9),
    )


@pytest.fixture(scope="session")
def payload(columns: Columns) -> Payload:
    """The first batch of an epoch."""
    body = encode_body(ReadingsBody(bytes(16), 1, 5000, columns))
    return Payload("gw-east", 7, 1, 1, NO_HASH, "readings", 1_380_844_800_000, "ntp", body)
