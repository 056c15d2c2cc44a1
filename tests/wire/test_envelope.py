"""The envelope: what is signed is what arrives, and nothing else gets in."""

import struct
import zlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from wire.batch import Payload
from wire.envelope import MAX_PAYLOAD, ZLIB, encode_envelope, read_envelope, verify_envelope
from wire.errors import BadSignature, NotAnEnvelope, WireError

HEAD = struct.Struct("<HBBI")
NUMBERS = st.integers(1, (1 << 63) - 1)
PAYLOADS = st.builds(
    Payload,
    gateway=st.from_regex(r"[a-z0-9]{1,20}", fullmatch=True),
    epoch=NUMBERS,
    seq=NUMBERS,
    oldest=NUMBERS,
    previous=st.binary(min_size=32, max_size=32),
    kind=st.sampled_from(["readings", "catalogue", "void"]),
    t0=st.integers(0, 253_402_300_799_999),
    clock=st.sampled_from(["ntp", "hub", "estimated"]),
    body=st.binary(max_size=2000),
)


def forged(packed: bytes, flags: int = 0) -> bytes:
    """Return an envelope of right shape with this payload and no signature: what anyone on the broker can send."""
    return HEAD.pack(0x5751, 2, flags, len(packed)) + packed + bytes(64)


@given(PAYLOADS)
def test_what_is_signed_is_what_is_read(payload: Payload) -> None:
    """Round trip: the payload comes back and its signature verifies."""
    key = SigningKey(bytes(32))
    envelope = encode_envelope(payload, key)
    verify_envelope(envelope, key.verify_key)

    assert read_envelope(envelope) == payload


def test_the_same_payload_gives_the_same_bytes(payload: Payload, key: SigningKey) -> None:
    """A batch that is sent again is known by its hash."""
    assert encode_envelope(payload, key) == encode_envelope(payload, key)


@pytest.mark.parametrize("mask", [0x01, 0x80, 0xFF])
def test_a_change_of_any_byte_is_refused(payload: Payload, key: SigningKey, mask: int) -> None:
    """Head, payload and signature: no byte can change unnoticed."""
    envelope, public = encode_envelope(payload, key), key.verify_key
    passed = []
    for place in range(len(envelope)):
        bad = bytearray(envelope)
        bad[place] ^= mask
        try:
            read_envelope(bytes(bad))
            verify_envelope(bytes(bad), public)
        except WireError:
            continue
        passed.append(place)

    assert passed == []


def test_every_truncation_and_extension_is_refused(payload: Payload, key: SigningKey) -> None:
    """The length field covers the whole envelope: a cut or a tail is not of this format."""
    envelope = encode_envelope(payload, key)
    for wrong in (*(envelope[:length] for length in range(len(envelope))), envelope + b"\0"):
        with pytest.raises(NotAnEnvelope):
            read_envelope(wrong)


def test_another_gateways_key_does_not_verify(payload: Payload, key: SigningKey) -> None:
    """The signature names who sent it."""
    with pytest.raises(BadSignature):
        verify_envelope(encode_envelope(payload, key), SigningKey.generate().verify_key)


def test_a_signature_for_another_purpose_does_not_verify(payload: Payload, key: SigningKey) -> None:
    """The key signs the words "qw/1/batch" too: what it signed elsewhere is no batch."""
    signed = encode_envelope(payload, key)[:-64]
    with pytest.raises(BadSignature):
        verify_envelope(signed + key.sign(signed).signature, key.verify_key)


@given(st.binary(max_size=400))
def test_no_bytes_crash_the_reader(junk: bytes) -> None:
    """Anyone may publish: whatever comes is not an envelope, and says so."""
    for wrong in (junk, forged(junk), forged(junk, ZLIB), forged(zlib.compress(junk), ZLIB)):
        with pytest.raises(NotAnEnvelope):
            read_envelope(wrong)


@pytest.mark.parametrize(
    "packed",
    [
        b"\x99\xa2\xff\xfe",
        b"\x91" * 100_000 + b"\x01",
        b"\x99\xdb\xff\xff\xff\xff",
        b"\xdd\xff\xff\xff\xff",
    ],
    ids=["text that is not UTF-8", "nesting without end", "a length of 4 GiB", "an array of 4 billion"],
)
def test_a_hostile_payload_is_refused(packed: bytes) -> None:
    """What msgspec reports in four different ways is one refusal for the hub."""
    with pytest.raises(NotAnEnvelope):
        read_envelope(forged(packed))


@pytest.mark.parametrize("size", [MAX_PAYLOAD + 1, 64 * MAX_PAYLOAD])
def test_a_length_bomb_is_refused(size: int) -> None:
    """A small message that inflates beyond the limit is refused before it takes the memory."""
    with pytest.raises(NotAnEnvelope, match="inflates to more"):
        read_envelope(forged(zlib.compress(bytes(size)), ZLIB))


def test_a_compressed_payload_that_is_cut_off_is_refused(payload: Payload) -> None:
    """Half a stream is not a payload, even where what is left would decode."""
    packed = zlib.compress(msgspec.msgpack.encode(payload))
    with pytest.raises(NotAnEnvelope):
        read_envelope(forged(packed[:-6], ZLIB))


def test_a_length_field_beyond_the_limit_is_refused() -> None:
    """However many bytes came."""
    with pytest.raises(NotAnEnvelope, match="length field"):
        read_envelope(forged(bytes(MAX_PAYLOAD + 1)))


def test_the_largest_payload_goes_through_and_one_more_byte_does_not(payload: Payload, key: SigningKey) -> None:
    """What the encoder lets out the reader lets in, compressed or not."""
    room = MAX_PAYLOAD - len(msgspec.msgpack.encode(msgspec.structs.replace(payload, body=bytes(1 << 17))))
    largest = msgspec.structs.replace(payload, body=bytes(room + (1 << 17)))

    assert len(msgspec.msgpack.encode(largest)) == MAX_PAYLOAD
    assert read_envelope(encode_envelope(largest, key)) == largest
    with pytest.raises(ValueError, match="at most"):
        encode_envelope(msgspec.structs.replace(largest, body=largest.body + b"\0"), key)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("epoch", -1),
        ("seq", 1 << 63),
        ("oldest", -1),
        ("previous", b"short"),
        ("t0", -1),
        ("t0", 1 << 60),
        ("kind", "x"),
    ],
)
def test_a_number_that_no_column_can_hold_is_refused(
    payload: Payload, key: SigningKey, field: str, value: object
) -> None:
    """Also when a known gateway signed it: journal and store hold int64, dates end with the year 9999."""
    envelope = encode_envelope(msgspec.structs.replace(payload, **{field: value}), key)
    with pytest.raises(NotAnEnvelope, match="payload unreadable"):
        read_envelope(envelope)
