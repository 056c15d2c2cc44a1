"""Configurations on their way from the operator to a gateway."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from wire.configuration import (
    MAX_LENGTH,
    Configuration,
    digest,
    encode_configuration,
    read_configuration,
    verify_configuration,
)
from wire.errors import BadSignature, NotAnEnvelope

KEY = SigningKey(bytes(32))
SENT = Configuration("gw-east", 7, 1_700_000_000_000, '[gateway]\nid = "gw-east"\n')


@given(st.text(max_size=300), st.integers(1, 2**62))
def test_what_was_signed_is_read_and_verified(text: str, version: int) -> None:
    """The text arrives to the letter, whatever it holds."""
    sent = Configuration("gw-east", version, 0, text)
    signed = encode_configuration(sent, KEY)

    verify_configuration(signed, KEY.verify_key)

    assert sent == read_configuration(signed)


@given(st.integers(0, len(encode_configuration(SENT, KEY)) - 1), st.integers(0, 7))
def test_one_turned_bit_is_refused(at: int, bit: int) -> None:
    """No byte of it can be changed by somebody on the way."""
    signed = bytearray(encode_configuration(SENT, KEY))
    signed[at] ^= 1 << bit

    with pytest.raises((BadSignature, NotAnEnvelope)):
        _take(bytes(signed))


def _take(signed: bytes) -> Configuration:
    verify_configuration(signed, KEY.verify_key)
    return read_configuration(signed)


def test_another_operators_signature_is_refused() -> None:
    """A gateway obeys one key."""
    with pytest.raises(BadSignature):
        verify_configuration(encode_configuration(SENT, SigningKey(b"\x01" * 32)), KEY.verify_key)


@given(st.binary(max_size=200))
def test_noise_is_no_configuration(noise: bytes) -> None:
    """It is refused by name, whatever the bytes are."""
    with pytest.raises(NotAnEnvelope):
        read_configuration(noise)


def test_version_zero_is_refused() -> None:
    """0 stands for the file that a person wrote on the gateway."""
    with pytest.raises(NotAnEnvelope):
        read_configuration(encode_configuration(Configuration("gw-east", 0, 0, ""), KEY))


def test_a_configuration_that_no_gateway_would_take_is_not_signed() -> None:
    """The bound is told to the operator, not found out in the field."""
    with pytest.raises(ValueError, match="at most"):
        encode_configuration(Configuration("gw-east", 1, 0, "x" * MAX_LENGTH), KEY)


def test_a_digest_names_a_text() -> None:
    """The beginning of SHA-256, as `sha256sum` prints it."""
    assert "e3b0c44298fc" == digest("")
