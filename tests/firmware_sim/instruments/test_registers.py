"""Register images state what the world says, at the addresses that the makers print."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.instruments.registers import (
    AQT530,
    KINCONY_SHT30,
    LOGGER,
    MAPS,
    RS_ZS_NOISE,
    THERMO_49IQ,
    XY_MD02,
    Point,
    RegisterMap,
)

ALL = frozenset({"pm2_5", "pm10", "no2", "o3", "wind_speed", "wind_direction", "noise", "temperature", "humidity"})
AIR = {"no2": 46.006, "o3": 47.998, "pm2_5": 35.04, "pm10": 80.0}


def test_the_aqt_states_gases_in_ppb_and_particles_in_tenths() -> None:
    """1 ppb of NO2 is 46.006 / 24.45 ug/m3: registers 0, 5, 8 and 9."""
    words, stated = AQT530.read(0, 10, ALL, AIR.__getitem__)

    assert [words[n] for n in (0, 5, 8, 9)] == [24, 24, 350, 800]
    assert stated == {"no2": 24.0, "o3": 24.0, "pm2_5": 350 * 0.1, "pm10": 800 * 0.1}


def test_a_gauge_that_is_not_fitted_is_missing() -> None:
    """The AQT of a station with a Plantower has no particle counter: 0x8000, and no line in the ledger."""
    words, stated = AQT530.read(0, 10, frozenset({"no2", "o3"}), AIR.__getitem__)

    assert (words[8], words[9], set(stated)) == (0x8000, 0x8000, {"no2", "o3"})


def test_the_logger_keeps_floats_high_word_first() -> None:
    """Two registers for each property, ABCD."""
    words, stated = LOGGER.read(2, 2, ALL, lambda _: 123.456)

    assert struct.unpack(">f", struct.pack(">HH", *words))[0] == pytest.approx(123.456)
    assert stated == {"pm10": struct.unpack(">f", struct.pack(">f", 123.456))[0]}


def test_half_a_float_is_read_but_states_nothing() -> None:
    """A request that cuts a value in two gets its words; no driver can make a reading of them."""
    words, stated = LOGGER.read(1, 2, ALL, lambda _: 123.456)
    whole, _ = LOGGER.read(0, 4, ALL, lambda _: 123.456)

    assert (words, stated) == (whole[1:3], {})


def test_frost_is_two_complement() -> None:
    """-20.5 degC is 0xFF33 (public vector of the XY-MD02)."""
    words, stated = XY_MD02.read(1, 1, ALL, lambda _: -20.5)

    assert (words, stated) == ([0xFF33], {"temperature": -205 * 0.1})


def test_noise_is_in_tenths_of_a_decibel() -> None:
    """51.8 dB(A) is 518 (public capture of a Renke station)."""
    assert RS_ZS_NOISE.read(0, 1, ALL, lambda _: 51.8) == ([518], {"noise": 518 * 0.1})


def test_frost_may_be_ten_thousand_and_its_amount() -> None:
    """KinCony SHT30: -10.1 degC is 10101 (public vector), not two's complement."""
    words, stated = KINCONY_SHT30.read(0, 1, ALL, lambda _: -10.1)

    assert (words, stated["temperature"]) == ([10_101], -101 * 0.1)


def test_a_49iq_keeps_floats_low_word_first() -> None:
    """CDAB, in ppb: 24.45 / 47.998 of what is in ug/m3."""
    words, stated = THERMO_49IQ.read(2100, 2, ALL, lambda _: 47.998)

    assert struct.unpack(">f", _octets(words[::-1]))[0] == stated["o3"] == pytest.approx(24.45)


@given(value=st.floats(-1e5, 1e5), point=st.sampled_from([p for m in MAPS.values() for p in m.points]))
def test_what_is_stated_is_what_the_registers_hold(value: float, point: Point) -> None:
    """Raw times scale, whatever the world says: out of range is clipped, never wrapped."""
    words, stated = point.encode(value)
    octets = _octets(words[::-1] if point.encoding.startswith("swapped") else words)
    formats = {"int16": ">h", "uint16": ">H", "uint32": ">I", "float32": ">f", "swapped float32": ">f"}
    raw = struct.unpack(formats.get(point.encoding, ">H"), octets)[0]
    if point.encoding == "sign10000" and raw > 10_000:
        raw = 10_000 - raw

    assert stated == raw * point.scale


@given(start=st.integers(0, 0x72), count=st.integers(1, 20))
def test_any_window_is_a_part_of_the_whole(start: int, count: int) -> None:
    """Reading a piece gives the same words as reading everything."""
    count = min(count, AQT530.size - start)

    assert _whole(AQT530)[start : start + count] == AQT530.read(start, count, ALL, AIR.__getitem__)[0]


def _whole(image: RegisterMap) -> list[int]:
    return image.read(0, image.size, ALL, AIR.__getitem__)[0]


def _octets(words: list[int]) -> bytes:
    return struct.pack(f">{len(words)}H", *words)
