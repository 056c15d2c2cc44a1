"""NMEA sentences: the public ones, and whatever a line can do to them."""

import functools
import math
import operator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.drivers.decoder import Fault
from edge.drivers.nmea.codec import KNOT_M_S, Fix, NmeaDecoder, Passed, read_sentence

GOOD = b"$GPRMC,225446,A,4916.45,N,12311.12,W,000.5,054.7,191194,020.3,E*68"


def sentence(body: str) -> bytes:
    """Return a sentence with its checksum."""
    return f"${body}*{functools.reduce(operator.xor, body.encode()):02X}".encode()


@pytest.mark.frames("NMEA")
def test_public_sentence_is_taken_or_refused_as_marked(vector: dict[str, Any]) -> None:
    """RMC gives the position that its source states; other good sentences pass; a wrong sum is a fault."""
    (found,) = NmeaDecoder().feed(vector["ascii"].encode())

    stated = vector["decoded"]
    if not vector["expect_accept"]:
        assert isinstance(found, Fault)
    elif "RMC," in vector["ascii"]:
        assert isinstance(found, Fix)
        if "lat" in stated:
            assert (found.latitude, found.longitude) == pytest.approx((stated["lat"], stated["lon"]), abs=1e-7)
        if "sog_kn" in stated:
            assert found.speed == stated["sog_kn"] * KNOT_M_S
    else:
        assert isinstance(found, Passed)


@pytest.mark.parametrize(
    "body",
    [
        "GPRMC,,V,,,,,,,,,,N",
        "GNRMC,064607.000,V,,,,,,,230619,,,N",
        "GPRMC,225446,V,4916.45,N,12311.12,W,000.5,054.7,191194,020.3,E",
        "GPRMC,225446,A,,,,,000.5,054.7,191194,020.3,E",
    ],
)
def test_receiver_without_a_fix_gives_no_position(body: str) -> None:
    """Neither 0, 0 nor the last position it remembers."""
    assert isinstance(read_sentence(sentence(body)), Passed)


def test_beidou_receiver_with_five_decimals_is_read() -> None:
    """Talker BD, variable decimals, no course."""
    found = read_sentence(sentence("BDRMC,062357.00,A,2502.3376,N,12133.52528,E,0.132,,231221,,,A"))

    assert isinstance(found, Fix)
    assert (found.latitude, found.longitude) == pytest.approx((25.03896, 121.558754667))


def test_speed_that_is_missing_is_not_zero() -> None:
    """An empty field is no standstill."""
    found = read_sentence(sentence("GPRMC,062357.00,A,2502.3376,N,12133.52528,E,,,231221,,,A"))

    assert isinstance(found, Fix)
    assert math.isnan(found.speed)


@pytest.mark.parametrize(
    "raw",
    [
        b"$GPRMC,225446,A,4916.45,N,12311.12,W,000.5,054.7,191194,020.3,E",
        b"$GPRMC,225446,A,4916.45,N,12311.12,W,000.5,054.7,191194,020.3,E*69",
        b"GPRMC,225446*00",
        sentence("GPRMC,225446,A,9916.45,N,12311.12,W,000.5,054.7,191194,020.3,E"),
        sentence("GPRMC,225446,A,nowhere,N,12311.12,W,000.5,054.7,191194,020.3,E"),
        sentence("GPRMC,225446,A,4916.45,N,12311.12,W,fast,054.7,191194,020.3,E"),
        sentence("GPRMC,225446,A,4916.45,N,12311.12,W,9E999,054.7,191194,020.3,E"),
        sentence("GPRMC,225446,A,4916.45,N,nan,W,1.0,054.7,191194,020.3,E"),
    ],
)
def test_sentence_that_cannot_be_right_is_a_fault(raw: bytes) -> None:
    """Without a checksum, with a wrong one, off the globe, or with words for numbers."""
    assert isinstance(read_sentence(raw), Fault)


@given(noise=st.binary(max_size=60).filter(lambda b: b"\n" not in b), size=st.integers(1, 100))
def test_sentence_after_noise_is_found_whatever_the_chunks(noise: bytes, size: int) -> None:
    """Noise before the dollar sign costs a fault, not the sentence; the next line is always whole."""
    stream = noise + b"\r\n" + GOOD + b"\r\n" + noise.replace(b"$", b"") + GOOD + b"\n"
    decoder = NmeaDecoder()
    found = [one for at in range(0, len(stream), size) for one in decoder.feed(stream[at : at + size])]

    assert [one for one in found if isinstance(one, Fix)] == [read_sentence(GOOD)] * 2


def test_line_that_never_ends_is_given_up() -> None:
    """A port at the wrong speed gives noise without lines: it is a fault, and the next sentence is read."""
    decoder = NmeaDecoder()

    (fault,) = decoder.feed(b"\x80" * 129)
    assert isinstance(fault, Fault)
    assert decoder.feed(GOOD + b"\r\n") == [read_sentence(GOOD)]


@given(st.lists(st.binary(max_size=200), max_size=5))
def test_no_bytes_break_the_decoder(chunks: list[bytes]) -> None:
    """Whatever comes, it holds no more than one line."""
    decoder = NmeaDecoder()
    for chunk in chunks:
        decoder.feed(chunk)

    assert len(decoder._held) <= 128


@given(st.text("GPRMC,AVNSEW0123456789.*-", max_size=70))
def test_no_fields_break_the_reader(fields: str) -> None:
    """Whatever a receiver fills in, it is a fix, passes, or is a fault; a fix lies on the globe."""
    found = read_sentence(sentence("GPRMC," + fields.replace("*", "")))

    if isinstance(found, Fix):
        assert -180 <= found.longitude <= 180
        assert -90 <= found.latitude <= 90
