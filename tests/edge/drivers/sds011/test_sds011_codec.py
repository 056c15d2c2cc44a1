"""Nova frames: the public ones, and whatever a line can do to them."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.drivers.decoder import Fault
from edge.drivers.sds011.codec import ACTIVE, LARGE, PARTICLES, WAKE, NovaDecoder, NovaFrame, command

GOOD = bytes.fromhex("aac0d4043a0aa1601dab")
# What a device says to WAKE: its id is A160.
ANSWER = bytes.fromhex("aac506010100a16009ab")


def frames(found: Sequence[NovaFrame | Fault]) -> list[NovaFrame]:
    """Return what is no fault."""
    return [one for one in found if isinstance(one, NovaFrame)]


def values(frame: NovaFrame) -> dict[str, float | str]:
    """Return what a frame says in the words of the public ones."""
    if frame.kind == LARGE:
        return {"pm100": float(frame.words[1])}
    pm25, pm10 = (word / 10 for word in frame.words)
    return {"pm25": pm25, "pm10": pm10, "device_id": frame.serial.hex().upper()}


@pytest.mark.frames("Nova", kinds=("frame",))
def test_public_frame_is_taken_or_refused_as_marked(vector: dict[str, Any]) -> None:
    """Captured and published frames decode to what their source states; the others give a fault and no frame."""
    decoder = NovaDecoder(LARGE if vector["device"] == "Nova SDS198" else PARTICLES)
    found = decoder.feed(bytes.fromhex(vector["hex"]))

    if vector["expect_accept"]:
        (frame,) = frames(found)
        assert values(frame) == vector["decoded"]
    else:
        assert frames(found) == []
        assert any(isinstance(one, Fault) for one in found)


@pytest.mark.frames("Nova", kinds=("request",))
def test_public_command_is_what_we_would_send(vector: dict[str, Any]) -> None:
    """Commands that set something on any device are byte for byte the published ones; so are the two that we send."""
    ours = {
        "set passive (query) mode": command(2, 1),
        "sleep": command(6, 0),
        "wake": WAKE,
        "working period 0 = continuous": command(8, 0),
        "working period 30 min": command(8, 30),
    }
    name = vector["decoded"]["cmd"]

    assert name not in ours or ours[name].hex() == vector["hex"]
    assert ACTIVE == command(2, 0)


def test_answer_to_a_command_is_passed_over() -> None:
    """It is neither a reading nor a fault, and costs no frame around it."""
    assert NovaDecoder(PARTICLES).feed(GOOD + ANSWER + GOOD) == NovaDecoder(PARTICLES).feed(GOOD) * 2


@pytest.mark.parametrize(("said", "wired"), [(PARTICLES, "aacf0e001000e9050cab"), (LARGE, GOOD.hex())])
def test_another_model_is_refused_in_words(said: int, wired: str) -> None:
    """The two models say different things in the same words."""
    (fault,) = NovaDecoder(said).feed(bytes.fromhex(wired))

    assert isinstance(fault, Fault)
    assert "another model" in fault.reason


@given(noise=st.binary(max_size=40), sizes=st.lists(st.integers(1, 25), min_size=1, max_size=8))
def test_frame_after_noise_is_found_whatever_the_chunks(noise: bytes, sizes: list[int]) -> None:
    """Noise costs a fault, not the frame behind it, and the chunks change nothing."""
    stream = noise + GOOD + GOOD
    decoder, whole = NovaDecoder(PARTICLES), NovaDecoder(PARTICLES)
    found, at = [], 0
    while at < len(stream):
        size = sizes[at % len(sizes)]
        found += decoder.feed(stream[at : at + size])
        at += size

    assert frames(found) == frames(whole.feed(stream))
    assert frames(found)[-1:] == frames(NovaDecoder(PARTICLES).feed(GOOD))


@given(at=st.integers(0, 9), bit=st.integers(0, 7), words=st.binary(min_size=6, max_size=6))
def test_flipped_bit_is_never_a_reading(at: int, bit: int, words: bytes) -> None:
    """One wrong bit anywhere makes the frame a fault: in the tail, too, which the sum does not cover."""
    bent = bytearray(b"\xaa\xc0" + words + bytes((sum(words) & 0xFF, 0xAB)))
    bent[at] ^= 1 << bit

    assert frames(NovaDecoder(PARTICLES).feed(bytes(bent))) == []


@given(st.binary(max_size=200))
def test_no_bytes_break_the_decoder(noise: bytes) -> None:
    """Whatever comes, it decodes or gives faults, and holds less than one frame."""
    decoder = NovaDecoder(PARTICLES)
    decoder.feed(noise)

    assert len(decoder._held) < 10
