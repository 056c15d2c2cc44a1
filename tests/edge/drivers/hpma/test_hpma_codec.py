"""Honeywell frames: the public ones, and whatever a line can do to them."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.drivers.decoder import Fault
from edge.drivers.hpma.codec import MEASURE, READ, SEND, STOP, STOP_SENDING, HpmaDecoder, HpmaFrame

TAKEN, REFUSED = b"\xa5\xa5", b"\x96\x96"
ANSWER = bytes.fromhex("4005040030003156")
PLANTOWER = bytes.fromhex("424d001c0005000d00160005000d001602fd00fc001d000f00060006970003c5")


def frames(found: Sequence[HpmaFrame | Fault]) -> list[HpmaFrame]:
    """Return what is no fault."""
    return [one for one in found if isinstance(one, HpmaFrame)]


def sent(*words: int) -> bytes:
    """Return the 32 bytes with these first words, zeros behind them."""
    body = b"\x42\x4d\x00\x1c" + b"".join(word.to_bytes(2, "big") for word in words) + bytes(26 - 2 * len(words))
    return body + sum(body).to_bytes(2, "big")


GOOD = sent(0, 48, 49)


@pytest.mark.frames("Honeywell", kinds=("response",))
def test_public_answer_is_taken_or_refused_as_marked(vector: dict[str, Any]) -> None:
    """Captured and published answers decode to what their source states, acknowledgements to nothing."""
    found = HpmaDecoder(compact="C0" in vector["device"]).feed(bytes.fromhex(vector["hex"]))
    names = {"pm01": "pm1", "pm25": "pm2_5", "pm04": "pm4", "pm10": "pm10"}
    said = {names[name]: value for name, value in vector["decoded"].items() if name in names}

    if said:
        (frame,) = frames(found)
        assert {name: getattr(frame, name) for name in said} == said
        assert not frame.doubtful
    elif "ack" in vector["decoded"]:
        assert found == []
    else:
        (fault,) = found
        assert isinstance(fault, Fault)
        assert ("refused" in fault.reason) == vector["expect_accept"]


@pytest.mark.frames("Honeywell", kinds=("request",))
def test_public_command_is_what_we_would_send(vector: dict[str, Any]) -> None:
    """Our commands are byte for byte the published ones; the calibration is never written."""
    ours = {"read": READ, "stop auto send": STOP_SENDING, "stop measurement (fan off)": STOP}
    ours["start measurement"] = MEASURE
    name = vector["decoded"]["cmd"]

    assert name.startswith("write cf") or ours[name].hex() == vector["hex"]
    assert SEND.hex() == "68014057"


@pytest.mark.parametrize(
    ("compact", "raw", "frame"),
    [
        (False, sent(0, 35, 41), HpmaFrame(35, 41)),
        (True, sent(21, 35, 38, 41), HpmaFrame(35, 41, 21, 38)),
    ],
    ids=["115S0", "115C0"],
)
def test_frame_that_is_sent_by_itself(compact: bool, raw: bytes, frame: HpmaFrame) -> None:  # noqa: FBT001
    """The models have their fractions in different words."""
    assert HpmaDecoder(compact=compact).feed(raw) == [frame]


@pytest.mark.parametrize(
    ("compact", "raw"),
    [(False, sent(21, 35, 38, 41)), (True, sent(0, 35, 41)), (False, sent(0, 41, 35)), (True, sent(9, 5))],
    ids=["115C0 for a 115S0", "115S0 for a 115C0", "more fine than all", "compact, more fine than all"],
)
def test_frame_of_the_other_model_is_doubted(compact: bool, raw: bytes) -> None:  # noqa: FBT001
    """Its words cannot mean what they would."""
    (frame,) = frames(HpmaDecoder(compact=compact).feed(raw))

    assert frame.doubtful


@pytest.mark.parametrize("compact", [False, True])
def test_plantower_is_refused_in_words(compact: bool) -> None:  # noqa: FBT001
    """It has the same header and length, and particle counts where a Honeywell has nothing."""
    (fault,) = HpmaDecoder(compact=compact).feed(PLANTOWER)

    assert isinstance(fault, Fault)
    assert "Plantower" in fault.reason


def test_zeros_are_warm_up_until_something_was_seen() -> None:
    """Afterwards they are clean air."""
    found = HpmaDecoder(compact=False).feed(sent() + GOOD + sent())

    assert isinstance(found[0], Fault)
    assert found[0].missing
    assert found[1:] == [HpmaFrame(48, 49), HpmaFrame(0, 0)]


def test_acknowledgements_stick_to_frames_and_cost_none() -> None:
    """Two bytes without a header, before, between and behind; a refusal is a fault."""
    found = HpmaDecoder(compact=False).feed(TAKEN + GOOD + REFUSED + TAKEN + ANSWER + TAKEN + GOOD)

    assert frames(found) == [HpmaFrame(48, 49)] * 3
    assert [one.reason for one in found if isinstance(one, Fault)] == ["the device refused a command"]


@given(noise=st.binary(max_size=40), sizes=st.lists(st.integers(1, 40), min_size=1, max_size=8))
def test_frame_after_noise_is_found_whatever_the_chunks(noise: bytes, sizes: list[int]) -> None:
    """Noise costs a fault, not the frame behind it, and the chunks change nothing."""
    stream = noise + GOOD + GOOD
    decoder, whole = HpmaDecoder(compact=False), HpmaDecoder(compact=False)
    found, at = [], 0
    while at < len(stream):
        size = sizes[at % len(sizes)]
        found += decoder.feed(stream[at : at + size])
        at += size

    assert frames(found) == frames(whole.feed(stream))
    assert frames(found)[-1:] == [HpmaFrame(48, 49)]


@given(at=st.integers(0, 7), bit=st.integers(0, 7))
def test_flipped_bit_of_an_answer_is_never_a_reading(at: int, bit: int) -> None:
    """One wrong bit anywhere makes the answer a fault."""
    bent = bytearray(ANSWER)
    bent[at] ^= 1 << bit

    assert frames(HpmaDecoder(compact=False).feed(bytes(bent))) == []


@given(st.binary(max_size=300))
def test_no_bytes_break_the_decoder(noise: bytes) -> None:
    """Whatever comes, it decodes or gives faults, and holds less than one frame."""
    decoder = HpmaDecoder(compact=True)
    decoder.feed(noise)

    assert len(decoder._held) < 32
