"""Plantower frames: the public ones, and whatever a line can do to them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.drivers.decoder import Fault
from edge.drivers.pms.codec import ACTIVE, PASSIVE, SLEEP, WAKE, PmsDecoder, PmsFrame

GOOD = bytes.fromhex("424d001c0005000d00160005000d001602fd00fc001d000f00060006970003c5")


def frames(found: list[PmsFrame | Fault]) -> list[PmsFrame]:
    """Return what is no fault."""
    return [one for one in found if isinstance(one, PmsFrame)]


def built(words: list[int], tail: bytes = b"\x97\x00") -> bytes:
    """Return the 32 bytes of a frame with these 12 words."""
    body = b"\x42\x4d\x00\x1c" + b"".join(word.to_bytes(2, "big") for word in words) + tail
    return body + sum(body).to_bytes(2, "big")


def values(vector: dict[str, Any], frame: PmsFrame) -> dict[str, float]:
    """Return what the vector states, from the frame."""
    names = ("raw01", "raw25", "raw10", "pm01", "pm25", "pm10", "n0_3", "n0_5", "n1_0", "n2_5", "n5_0", "n10_0")
    found = dict(zip(names, [*frame.standard, *frame.atmospheric, *(n / 100 for n in frame.counts)], strict=False))
    if "5003T" in vector["device"]:
        found |= {"temp": frame.temperature, "rhum": frame.humidity}
    found |= {"version": frame.version, "error": frame.error}
    return {name: found[name] for name in vector["decoded"]}


@pytest.mark.frames("Plantower", kinds=("frame",))
def test_public_frame_is_taken_or_refused_as_marked(vector: dict[str, Any]) -> None:
    """Captured and published frames decode to what their source states; the others give a fault and no frame."""
    found = PmsDecoder().feed(bytes.fromhex(vector["hex"]))

    if vector["expect_accept"]:
        (frame,) = found
        assert isinstance(frame, PmsFrame)
        assert values(vector, frame) == vector["decoded"]
    else:
        assert frames(found) == []
        assert any(isinstance(one, Fault) for one in found)


@pytest.mark.frames("Plantower", kinds=("response",))
def test_public_acknowledgement_is_passed_over(vector: dict[str, Any]) -> None:
    """An acknowledgement is neither a reading nor a fault."""
    assert PmsDecoder().feed(bytes.fromhex(vector["hex"])) == []


@pytest.mark.frames("Plantower", kinds=("request",))
def test_public_command_is_what_we_send(vector: dict[str, Any]) -> None:
    """Our commands are byte for byte the published ones."""
    ours = {"set passive": PASSIVE, "set active": ACTIVE, "wake": WAKE, "sleep": SLEEP}

    assert ours[vector["decoded"]["cmd"]].hex() == vector["hex"]


def test_frame_of_zeros_says_that_the_device_warms_up() -> None:
    """All zero with a right sum is no clean air."""
    (fault,) = PmsDecoder().feed(built([0] * 12, b"\x00\x00"))

    assert isinstance(fault, Fault)
    assert "warming up" in fault.reason


def test_clean_air_with_a_version_is_a_reading() -> None:
    """Zeros from a device that states its version are clean air."""
    assert len(frames(PmsDecoder().feed(built([0] * 12)))) == 1


@pytest.mark.parametrize("particles", [[0, 35, 41, 0], [21, 35, 40, 41]], ids=["115S0", "115C0"])
def test_honeywell_frame_is_not_taken_for_a_plantower(particles: list[int]) -> None:
    """A Honeywell active frame has its two or four fractions in the first words, and nothing else."""
    (fault,) = PmsDecoder().feed(built(particles + [0] * 8, b"\x00\x00"))

    assert isinstance(fault, Fault)
    assert "Honeywell" in fault.reason


def test_temperature_below_zero_is_signed() -> None:
    """A PMS5003T in winter."""
    (frame,) = frames(PmsDecoder().feed(built([1, 2, 3, 1, 2, 3, 100, 50, 10, 5, 0x10000 - 105, 800])))

    assert (frame.temperature, frame.humidity) == (-10.5, 80.0)


@given(noise=st.binary(max_size=40), size=st.integers(1, 50))
def test_frame_after_noise_is_found_whatever_the_chunks(noise: bytes, size: int) -> None:
    """Noise costs a fault, not the frame behind it, once enough bytes have come to tell them apart."""
    stream = noise + GOOD + GOOD
    decoder = PmsDecoder()
    found = [one for at in range(0, len(stream), size) for one in decoder.feed(stream[at : at + size])]

    assert frames(found)[-1:] == frames(PmsDecoder().feed(GOOD))


@given(cut=st.integers(1, 31), pause=st.booleans())
def test_half_frame_does_not_swallow_the_next(cut: int, pause: bool) -> None:  # noqa: FBT001
    """A frame cut by a power dip is lost; the next one is not."""
    decoder = PmsDecoder()
    found = decoder.feed(GOOD[:cut]) + decoder.feed(GOOD) if pause else decoder.feed(GOOD[:cut] + GOOD)

    assert len(frames(found)) == 1


@given(words=st.lists(st.integers(0, 0xFFFF), min_size=12, max_size=12), at=st.integers(0, 31), bit=st.integers(0, 7))
def test_flipped_bit_is_never_a_reading(words: list[int], at: int, bit: int) -> None:
    """One wrong bit anywhere makes the frame a fault."""
    bent = bytearray(built(words))
    bent[at] ^= 1 << bit

    assert frames(PmsDecoder().feed(bytes(bent))) == []


@given(st.binary(max_size=300))
def test_no_bytes_break_the_decoder(noise: bytes) -> None:
    """Whatever comes, it decodes or gives faults, and holds no more than one frame."""
    decoder = PmsDecoder()
    decoder.feed(noise)

    assert len(decoder._held) < 32


@pytest.mark.parametrize("size", [1, 2, 3, 7, 31, 32, 33])
def test_chunks_of_any_size_give_the_same_frames(size: int, chunked: Callable[[bytes, int], Iterator[bytes]]) -> None:
    """A serial port hands over bytes as it likes."""
    decoder = PmsDecoder()
    found = [one for chunk in chunked(GOOD * 3, size) for one in decoder.feed(chunk)]

    assert found == PmsDecoder().feed(GOOD) * 3
