"""NMEA sentences: the public ones, and whatever a line can do to them."""

import functools
import math
import operator
from datetime import UTC, datetime
from typing import Any

import pynmea2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.drivers.decoder import Fault
from edge.drivers.nmea.codec import KNOT_M_S, Fix, NmeaDecoder, NoFix, Passed, Quality, read_sentence

GOOD = b"$GPRMC,225446,A,4916.45,N,12311.12,W,000.5,054.7,191194,020.3,E*68"


def sentence(body: str) -> bytes:
    """Return a sentence with its checksum."""
    return f"${body}*{functools.reduce(operator.xor, body.encode()):02X}".encode()


@pytest.mark.frames("NMEA")
def test_public_sentence_is_taken_or_refused_as_marked(vector: dict[str, Any]) -> None:
    """RMC and GGA give the position that their source states; other good sentences pass; a wrong sum is a fault."""
    (found,) = NmeaDecoder().feed(vector["ascii"].encode())

    stated = vector["decoded"]
    kinds = {"RMC": Fix, "GGA": Quality}
    assert isinstance(found, kinds.get(vector["ascii"][3:6], Passed) if vector["expect_accept"] else Fault)
    if isinstance(found, Fix | Quality) and "lat" in stated:
        assert (found.latitude, found.longitude) == pytest.approx((stated["lat"], stated["lon"]), abs=1e-7)
    if isinstance(found, Fix) and "sog_kn" in stated:
        assert found.speed == stated["sog_kn"] * KNOT_M_S
    if isinstance(found, Fix) and "date" in stated:
        assert found.time_ms is not None
        assert f"{datetime.fromtimestamp(found.time_ms / 1000, UTC):%Y-%m-%d}" == stated["date"]


@pytest.mark.frames("NMEA 0183")
def test_another_reader_of_sentences_agrees(vector: dict[str, Any]) -> None:
    """The independent pynmea2 takes, refuses and reads the public sentences as we do."""
    found = read_sentence(vector["ascii"].strip().encode())
    try:
        theirs = pynmea2.parse(vector["ascii"], check=True)
    except pynmea2.ChecksumError:
        assert isinstance(found, Fault)
        return

    if isinstance(found, Fix | Quality):
        assert (found.latitude, found.longitude) == pytest.approx((theirs.latitude, theirs.longitude), abs=1e-12)
    if isinstance(found, Fix) and found.time_ms is not None:
        assert datetime.fromtimestamp(found.time_ms / 1000, UTC) == theirs.datetime
        assert found.speed == pytest.approx(float(theirs.spd_over_grnd) * KNOT_M_S)


@given(
    latitude=st.decimals(0, 5959, places=6).filter(lambda angle: angle % 100 < 60),
    longitude=st.decimals(0, 17959, places=5).filter(lambda angle: angle % 100 < 60),
    halves=st.tuples(st.sampled_from("NS"), st.sampled_from("EW")),
    at=st.datetimes(datetime(1980, 1, 6), datetime(2068, 12, 31)),  # noqa: DTZ001  # hypothesis wants them bare
)
def test_any_fix_reads_as_another_reader_has_it(latitude: Any, longitude: Any, halves: Any, at: datetime) -> None:
    """Whatever place and date a receiver states, pynmea2 reads the same; later than 2068 it is a century off."""
    place = f"{latitude:011.6f},{halves[0]},{longitude:011.5f},{halves[1]}"
    raw = sentence(f"GNRMC,{at:%H%M%S}.{at.microsecond // 10_000:02},A,{place},1.5,,{at:%d%m%y},,,A")

    found, theirs = read_sentence(raw), pynmea2.parse(raw.decode(), check=True)

    assert isinstance(found, Fix)
    assert found.time_ms is not None
    assert (found.latitude, found.longitude) == pytest.approx((theirs.latitude, theirs.longitude), abs=1e-12)
    assert datetime.fromtimestamp(found.time_ms / 1000, UTC) == theirs.datetime


@pytest.mark.parametrize(
    "body",
    [
        "GPRMC,,V,,,,,,,,,,N",
        "GNRMC,064607.000,V,,,,,,,230619,,,N",
        "GPRMC,225446,V,4916.45,N,12311.12,W,000.5,054.7,191194,020.3,E",
        "GPRMC,225446,A,,,,,000.5,054.7,191194,020.3,E",
        "GPRMC,225446,A,4916.45,N,12311.12,W,000.5,054.7,191194,020.3,E,N",
    ],
)
def test_receiver_without_a_fix_gives_no_position(body: str) -> None:
    """Neither 0, 0 nor the last position it remembers."""
    assert isinstance(read_sentence(sentence(body)), NoFix)


@pytest.mark.parametrize(
    ("fields", "fix", "guessed"),
    [
        ("4916.45,N,12311.12,W,0", False, False),
        (",,,,0", False, False),
        (",,,,", False, False),
        ("4916.45,N,12311.12,W,1", True, False),
        ("4916.45,N,12311.12,W,4", True, False),
        ("4916.45,N,12311.12,W,6", True, True),
        ("4916.45,N,12311.12,W,8", True, True),
    ],
)
def test_quality_tells_a_fix_from_a_guess(fields: str, fix: bool, guessed: bool) -> None:  # noqa: FBT001  # as marked
    """0 and empty are no fix; satellites, differential and RTK are; dead reckoning and simulation are guesses."""
    found = read_sentence(sentence(f"GPGGA,225446,{fields},05,1.5,280.2,M,-34.0,M,,"))

    assert isinstance(found, Quality)
    assert (found.has_fix, found.guessed) == (fix, guessed)


@pytest.mark.parametrize("mode", ["E", "M", "S"])
def test_position_that_no_satellite_gave_is_marked(mode: str) -> None:
    """Dead reckoning in a tunnel is a place, but not one to rely on."""
    found = read_sentence(sentence(f"GPRMC,225446,A,4916.45,N,12311.12,W,000.5,,191194,,,{mode}"))

    assert isinstance(found, Fix)
    assert found.guessed


@pytest.mark.parametrize("date", ["", "000000", "310299", "3113", "ddmmyy"])
def test_impossible_date_is_no_date(date: str) -> None:
    """The fix counts all the same: nobody needs the receiver's date."""
    found = read_sentence(sentence(f"GPRMC,225446,A,4916.45,N,12311.12,W,000.5,054.7,{date},020.3,E"))

    assert isinstance(found, Fix)
    assert found.time_ms is None


@pytest.mark.parametrize(("year", "century"), [("79", 2079), ("80", 1980), ("99", 1999), ("00", 2000)])
def test_two_digits_of_a_year_begin_with_1980(year: str, century: int) -> None:
    """Satellite time began then."""
    found = read_sentence(sentence(f"GPRMC,000000,A,4916.45,N,12311.12,W,000.5,054.7,0101{year},020.3,E"))

    assert isinstance(found, Fix)
    assert found.time_ms == datetime(century, 1, 1, tzinfo=UTC).timestamp() * 1000


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
        sentence("GPRMC,225446,A,4961.45,N,12311.12,W,000.5,054.7,191194,020.3,E"),
        sentence("GPRMC,225446,A,4916.45,E,12311.12,W,000.5,054.7,191194,020.3,E"),
        sentence("GPRMC,225446,A,4916.45,N,12311.12,W,-1.0,054.7,191194,020.3,E"),
        sentence("GPRMC,225446,A,4916.45,N,12311.12,W"),
        sentence("GPGGA,225446,4916.45"),
        sentence("GPGGA,225446,4916.45,N,18000.01,W,1"),
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
