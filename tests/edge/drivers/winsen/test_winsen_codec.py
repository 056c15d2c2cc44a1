"""Winsen frames: the public ones, and whatever a line can do to them."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.drivers.decoder import Fault
from edge.drivers.winsen.codec import ACTIVE, ASK, READ, Answer, AnswerDecoder, Upload, UploadDecoder, command
from edge.drivers.winsen.model import MODELS
from wire.reading import Flag

# 37 ppb of CH2O of 5000 (ZE07-CH2O manual) and 25.5 ppm of CO of 500: its low byte is a start byte.
FORMALDEHYDE = bytes.fromhex("ff1704000025138825")
CARBON = bytes.fromhex("ff04030100ff13885e")
ANSWERED = bytes.fromhex("ff86002a0000002030")


def uploads(stream: bytes, size: int = 4096) -> list[Upload]:
    """Return the uploads in a stream that comes in chunks of a size."""
    decoder = UploadDecoder()
    found = [one for at in range(0, len(stream), size) for one in decoder.feed(stream[at : at + size])]
    return [one for one in found if isinstance(one, Upload)]


@pytest.mark.frames("Winsen", kinds=("response",))
def test_public_answer_is_taken_or_refused_as_marked(vector: dict[str, Any]) -> None:
    """Answers hold what their source states; a wrong sum is a fault, the zeros of a cold MH-Z19B are no value."""
    found = AnswerDecoder().feed(bytes.fromhex(vector["hex"]))
    model = MODELS["mh-z19b" if "MH-Z19B" in vector["device"] else "ze07-ch2o"]
    values = [
        model.value(one.word(place.at), place.scale)
        for one in found
        if isinstance(one, Answer)
        for place in model.asked.values()
    ]

    if vector["expect_accept"]:
        assert sorted(vector["decoded"].values()) == sorted(value for value, _ in values)
    else:
        assert all(flag is Flag.MISSING for _, flag in values)
        assert values or any(isinstance(one, Fault) for one in found)


@pytest.mark.frames("Winsen", kinds=("frame",))
def test_public_upload_is_taken(vector: dict[str, Any]) -> None:
    """The manual's upload holds the value and the full scale that it prints."""
    (upload,) = uploads(bytes.fromhex(vector["hex"]))

    assert (vector["decoded"]["ppb"], vector["decoded"]["full_scale"]) == (upload.counts, upload.full)


@pytest.mark.frames("Winsen", kinds=("request",))
def test_public_command_is_what_we_would_send(vector: dict[str, Any]) -> None:
    """Our commands are byte for byte the published ones; dust sensors of the same maker have the same envelope."""
    ours = {
        "Q&A mode": ASK,
        "active-upload mode": ACTIVE,
        "dormant": command(0xA7, 1),
        "quit dormant": command(0xA7, 0),
    }

    assert vector["hex"] == ours[vector["decoded"]["cmd"]].hex()


def test_question_is_the_manual_s() -> None:
    """FF 01 86 ... 79, as every manual prints it."""
    assert READ.hex() == "ff0186000000000079"


def test_answer_states_mass_and_parts_at_different_places() -> None:
    """42 ug/m3 at bytes 2 and 3, 32 ppb at 6 and 7 (ZE07-CH2O manual)."""
    (answer,) = AnswerDecoder().feed(ANSWERED)

    assert isinstance(answer, Answer)
    assert (answer.word(2), answer.word(6)) == (42, 32)


def test_lost_first_byte_does_not_shift_the_words_for_ever() -> None:
    """The sum of equal frames holds from any FF on: the value's own FF must not be taken for a beginning."""
    assert uploads(CARBON[1:] + CARBON * 3) == uploads(CARBON) * 3


@given(noise=st.binary(max_size=30).filter(lambda noise: b"\xff" not in noise), size=st.integers(1, 20))
def test_upload_after_noise_is_found_whatever_the_chunks(noise: bytes, size: int) -> None:
    """Noise without a start byte costs nothing behind it."""
    assert uploads(noise + FORMALDEHYDE + CARBON, size) == uploads(FORMALDEHYDE) + uploads(CARBON)


@given(noise=st.binary(max_size=30), size=st.integers(1, 20))
def test_upload_after_any_noise_is_found_by_the_second(noise: bytes, size: int) -> None:
    """A sum of 8 bits can hold by chance: then one frame is lost, never two."""
    assert uploads(noise + FORMALDEHYDE * 3, size)[-2:] == uploads(FORMALDEHYDE) * 2


@given(cut=st.integers(1, 8))
def test_half_a_frame_does_not_swallow_the_next(cut: int) -> None:
    """An upload cut by a power dip is lost; the next one is not."""
    assert uploads(CARBON[:cut] + FORMALDEHYDE) == uploads(FORMALDEHYDE)


@given(at=st.integers(0, 8), bit=st.integers(0, 7))
def test_flipped_bit_is_never_a_reading(at: int, bit: int) -> None:
    """One wrong bit anywhere makes the frame a fault."""
    bent = bytearray(CARBON)
    bent[at] ^= 1 << bit

    assert uploads(bytes(bent)) == []


@pytest.mark.parametrize("size", [1, 2, 5, 9, 10])
def test_chunks_of_any_size_give_the_same_frames(size: int, chunked: Callable[[bytes, int], Iterator[bytes]]) -> None:
    """Uploads, answers and switches in one stream are told apart, however they come."""
    stream = FORMALDEHYDE + ANSWERED + command(0x78, 0)[:1] + bytes.fromhex("7801000000000087") + CARBON
    listening, asking = UploadDecoder(), AnswerDecoder()
    found = [(one, other) for c in chunked(stream, size) for one, other in [(listening.feed(c), asking.feed(c))]]

    assert [one for ones, _ in found for one in ones] == [Upload(0x17, 4, 0, 37, 5000), Upload(4, 3, 1, 255, 5000)]
    assert [one for _, ones in found for one in ones] == [Answer(ANSWERED[2:8])]


@given(st.binary(max_size=200))
def test_no_bytes_break_the_decoder(noise: bytes) -> None:
    """Whatever comes, it decodes or gives faults."""
    assert isinstance(UploadDecoder().feed(noise), list)


@pytest.mark.parametrize(
    ("model", "word", "full", "expected"),
    [
        ("ze15-co", 5, 5000, (0.5, Flag.UNKNOWN)),
        ("ze15-co", 0x8005, 5000, (0.5, Flag.FAIL)),
        ("ze15-co", 0, 0, (0.0, Flag.UNKNOWN)),
        ("ze07-co", 5001, 5000, (500.1, Flag.SUSPECT)),
    ],
)
def test_status_bits_and_full_scale_become_flags(
    model: str, word: int, full: int, expected: tuple[float, Flag]
) -> None:
    """A broken ZE15-CO says so in the top bit, which is no part of its value; no CO is a value."""
    value, flag = MODELS[model].value(word, 0.1, full)

    assert expected == (round(value, 9), flag)


def test_no_carbon_dioxide_is_no_value() -> None:
    """An MH-Z19B answers 0 ppm while it warms up."""
    value, flag = MODELS["mh-z19b"].value(0, 1.0)

    assert (True, Flag.MISSING) == (math.isnan(value), flag)
