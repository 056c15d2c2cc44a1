"""SHDLC frames of the SPS30: the public ones, and whatever a line can do to them."""

import math
import struct
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.drivers.decoder import Fault
from edge.drivers.sps30.codec import (
    EDGE,
    LONGEST,
    READ,
    START,
    WAKE,
    Answer,
    Particles,
    ShdlcDecoder,
    check,
    particles,
    question,
    unstuffed,
)

GOOD = bytes.fromhex("7e0003002840a78320411777bb414a5f8341548ddd41d2833e427d33fc85422617224229a4d9422a29bc3f55b7e79e7e")
NAMES = ("pm01", "pm25", "pm04", "pm10", "n0_5", "n1_0", "n2_5", "n4_0", "n10_0", "diam")
# The commands of the answers that are no measurements.
OTHERS = {"start": START, "read": READ, "version": 0xD1}
BODIES = st.binary(max_size=60)


def answers(found: Sequence[Answer | Fault]) -> list[Answer]:
    """Return what is no fault."""
    return [one for one in found if isinstance(one, Answer)]


def answer(command: int, payload: bytes, state: int = 0) -> bytes:
    """Return the bytes of an answer, stuffed."""
    body = bytes((0, command, state, len(payload))) + payload
    table = {0x7E: b"\x7d\x5e", 0x7D: b"\x7d\x5d", 0x11: b"\x7d\x31", 0x13: b"\x7d\x33"}
    octets = (*body, check(body))
    return EDGE + b"".join(table.get(octet, bytes((octet,))) for octet in octets) + EDGE


@pytest.mark.frames("Sensirion", kinds=("response",))
def test_public_answer_is_taken_or_refused_as_marked(vector: dict[str, Any]) -> None:
    """Captured and published answers say what their source states; the others give no measurement."""
    said = vector["decoded"]
    command = OTHERS.get(said.get("cmd"), READ)
    found = ShdlcDecoder(command).feed(bytes.fromhex(vector["hex"]) + EDGE)
    (one,) = found

    if not vector["expect_accept"]:
        assert isinstance(one, Fault) or isinstance(particles(one), Fault)
        return
    assert isinstance(one, Answer)
    measured = particles(one) if command == READ else None
    if isinstance(measured, Particles):
        values = (*measured.mass, *measured.counts, measured.size_um)
        for name, value in zip(NAMES, values, strict=True):
            digits = len(str(said[name]).partition(".")[2])
            assert round(value, digits) == said[name], name
    else:
        assert one.state == said.get("state", 0)
        assert measured is None
        assert (len(one.payload) == 7) == ("fw" in said)


@pytest.mark.frames("Sensirion", kinds=("request",))
def test_public_question_is_what_we_would_ask(vector: dict[str, Any]) -> None:
    """Taken apart and put together again they are byte for byte the published ones; unstuffed 0x11 is refused."""
    raw = bytes.fromhex(vector["hex"])
    plain = unstuffed(raw.strip(EDGE))

    if vector["expect_accept"]:
        assert plain is not None
        assert question(plain[1], plain[3:-1]) == raw
    else:
        assert plain is None
        assert question(WAKE) != raw


def test_version_behind_a_stuffed_byte_is_read() -> None:
    """Firmware 2.17: 0x11 travels as 7D 31."""
    (one,) = answers(ShdlcDecoder(0xD1).feed(bytes.fromhex("7e00d10007027d3100070002000b7e")))

    assert one.payload[:2] == b"\x02\x11"


def test_nothing_new_is_no_measurement() -> None:
    """An empty answer is neither a value nor a fault."""
    assert particles(Answer(READ, 0, faulty=False, payload=b"")) is None


def test_zeros_say_that_the_device_warms_up() -> None:
    """No air has a typical size of nothing."""
    fault = particles(Answer(READ, 0, faulty=False, payload=bytes(40)))

    assert isinstance(fault, Fault)
    assert fault.missing


def test_whole_numbers_are_read_as_such() -> None:
    """Somebody started it with 01 05: ten words, the size in nm."""
    payload = struct.pack(">10H", 5, 9, 12, 13, 26, 37, 41, 42, 42, 800)

    assert particles(Answer(READ, 0, faulty=False, payload=payload)) == Particles(
        (5, 9, 12, 13), (26, 37, 41, 42, 42), 0.8
    )


def test_measurement_of_another_length_is_refused() -> None:
    """Neither 10 floats nor 10 words."""
    assert isinstance(particles(Answer(READ, 0, faulty=False, payload=b"\x01" * 8)), Fault)


@pytest.mark.parametrize(
    ("wired", "reason"),
    [
        (answer(START, b""), "another command, 00"),
        (GOOD[:5] + b"\x41" + GOOD[6:], "wrong checksum"),
        (GOOD[:10] + GOOD[12:], "wrong length"),
        (question(READ), "wrong length"),
        (b"\x7e\x00\x7d\x00\x7e", "wrong stuffing"),
        (b"\x7e\x00\x03\x7d\x7e", "wrong stuffing"),
    ],
    ids=["late answer", "flipped bit", "lost bytes", "echo of the question", "no such pair", "half a pair"],
)
def test_what_is_no_answer_says_why(wired: bytes, reason: str) -> None:
    """Each fault has its words, and the answer behind it is found."""
    fault, good = ShdlcDecoder(READ).feed(wired + GOOD)

    assert isinstance(fault, Fault)
    assert reason in fault.reason
    assert isinstance(good, Answer)


def test_fault_bit_is_told_from_the_state() -> None:
    """Bit 7 says that the status register has something to say."""
    (one,) = answers(ShdlcDecoder(READ).feed(answer(READ, b"", 0x80 | 0x43)))

    assert (one.state, one.faulty) == (0x43, True)


@given(payload=st.binary(max_size=255), state=st.integers(0, 255), sizes=st.lists(st.integers(1, 60), min_size=1))
def test_any_payload_survives_stuffing_and_chunks(payload: bytes, state: int, sizes: list[int]) -> None:
    """What is stuffed is what is read, however it is cut."""
    wired, decoder, at, found = answer(READ, payload, state), ShdlcDecoder(READ), 0, []
    while at < len(wired):
        size = sizes[at % len(sizes)]
        found += decoder.feed(wired[at : at + size])
        at += size

    assert found == [Answer(READ, state & 0x7F, state >= 0x80, payload)]


@given(noise=st.binary(max_size=40), size=st.integers(1, 60))
def test_answer_after_noise_is_found_whatever_the_chunks(noise: bytes, size: int) -> None:
    """Noise costs a fault, not the answer behind it, also noise that holds a 7E."""
    stream, decoder = noise + GOOD, ShdlcDecoder(READ)
    found = [one for at in range(0, len(stream), size) for one in decoder.feed(stream[at : at + size])]

    assert answers(found)[-1:] == answers(ShdlcDecoder(READ).feed(GOOD))


@given(at=st.integers(1, len(GOOD) - 2), bit=st.integers(0, 7))
def test_flipped_bit_is_never_a_measurement(at: int, bit: int) -> None:
    """One wrong bit between the two 7E makes the answer a fault."""
    bent = bytearray(GOOD)
    bent[at] ^= 1 << bit

    assert answers(ShdlcDecoder(READ).feed(bytes(bent))) == []


@given(st.binary(max_size=1200))
def test_no_bytes_break_the_decoder(noise: bytes) -> None:
    """Whatever comes, it decodes or gives faults, and holds no more than the longest frame."""
    decoder = ShdlcDecoder(READ)
    for one in answers(decoder.feed(noise)):
        particles(one)

    assert len(decoder._held) <= LONGEST


def test_endless_noise_is_let_go() -> None:
    """A babbling line without any 7E fills no memory; the next answer is found."""
    decoder = ShdlcDecoder(READ)

    (fault,) = decoder.feed(b"\x55" * (LONGEST + 1))

    assert isinstance(fault, Fault)
    assert len(answers(decoder.feed(GOOD))) == 1


def test_no_number_is_kept_as_none() -> None:
    """A NaN among the ten is the device's own word for no value."""
    payload = struct.pack(">10f", math.nan, 2, 3, 4, 5, 6, 7, 8, 9, 1)
    measured = particles(Answer(READ, 0, faulty=False, payload=payload))

    assert isinstance(measured, Particles)
    assert math.isnan(measured.mass[0])
