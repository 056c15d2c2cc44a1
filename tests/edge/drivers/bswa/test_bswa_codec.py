"""BSWA blocks: the public ones, and whatever a line can do to them."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.drivers.bswa.codec import ACK, ANSWER, COMMAND, NAK, Block, BlockDecoder, encode, levels, statistics
from edge.drivers.decoder import Fault

# The manual's answer to DSL7 1 ? (p. 102), and its LN example with the check as it should be.
GOOD = bytes.fromhex("0201413036352e302c3036362e322c3036372e302c3036372e322c3003720d0a")
SAID = Block(1, ANSWER, "065.0,066.2,067.0,067.2,0")
PRINTED = "0,0,0,10,074.2,20,074.1,30,074.1,40,074.0,50,074.0,60,073.9,70,073.9,80,073.8,90,073.8,99,073.6,0"


def blocks(stream: bytes, size: int = 4096) -> list[Block]:
    """Return the blocks of meter 1 in a stream that comes in chunks of a size."""
    decoder = BlockDecoder(1)
    found = [one for at in range(0, len(stream), size) for one in decoder.feed(stream[at : at + size])]
    return [one for one in found if isinstance(one, Block)]


@pytest.mark.frames("BSWA", kinds=("request",))
def test_public_command_is_what_we_would_send(vector: dict[str, Any]) -> None:
    """Our blocks are byte for byte the published ones, check included."""
    assert vector["hex"] == encode(Block(1, COMMAND, vector["decoded"]["cmd"])).hex()


@pytest.mark.frames("BSWA", kinds=("response",))
def test_public_answer_is_taken_or_refused_as_marked(vector: dict[str, Any]) -> None:
    """The one answer among the vectors was printed with a wrong check: a fault that says what would be right."""
    assert vector["expect_accept"] is False
    (fault,) = BlockDecoder(1).feed(bytes.fromhex(vector["hex"]))

    assert isinstance(fault, Fault)
    assert vector["checksum_computed"].upper() in fault.reason


@pytest.mark.frames("BSWA", kinds=("response",))
def test_text_of_the_misprinted_answer_reads_as_stated(vector: dict[str, Any]) -> None:
    """With its check right, or unchecked, the same text gives the levels that the manual prints."""
    raw = bytes.fromhex(vector["hex"])
    (block,) = blocks(raw[:-3] + b"\x00" + raw[-2:])
    read = statistics(block.text)

    assert encode(block)[-3:-2].hex() == vector["checksum_computed"]
    assert ("A", str(vector["decoded"]["flag"])) == (read.weighting, read.indicator)
    assert {n: v for n, v in vector["decoded"].items() if n != "flag"} == {f"L{n}": v for n, v in read.levels.items()}


def test_manual_s_levels_are_read() -> None:
    """LAeq 65.0, LBeq 66.2, LCeq 67.0, LZeq 67.2, normal."""
    (block,) = blocks(GOOD)

    assert SAID == block
    assert (65.0, 66.2, 67.0, 67.2, "0") == levels(block.text)


def test_level_that_is_no_number_is_none() -> None:
    """What a meter prints while it has no value does not become one."""
    read = levels("---.-,nan,inf, 67.2,0")

    assert [True, True, True, False] == [math.isnan(level) for level in read[:4]]


@pytest.mark.parametrize("text", ["", "1", "065.0,066.2,067.0,067.2", PRINTED])
def test_answer_to_another_question_is_no_levels(text: str) -> None:
    """A meter that returns something else by itself is not misread."""
    with pytest.raises(ValueError, match="DSL7"):
        levels(text)


@pytest.mark.parametrize("text", ["", "065.0,066.2,067.0,067.2,0", "9" + PRINTED[1:], PRINTED.replace(",10,", ",x,")])
def test_answer_to_another_question_is_no_statistics(text: str) -> None:
    """The number of groups, the weighting and the percentages must be what they can be."""
    with pytest.raises(ValueError, match="DLN1"):
        statistics(text)


def test_other_meters_and_commands_are_passed_over() -> None:
    """On a shared line everybody hears everything."""
    other = encode(Block(2, ANSWER, "1")) + encode(Block(1, COMMAND, "STA?"))

    assert BlockDecoder(1).feed(other + GOOD) == [SAID]


@given(
    text=st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=80),
    attribute=st.sampled_from((ANSWER, ACK, NAK)),
    address=st.integers(1, 255),
)
def test_block_comes_back_as_it_was(text: str, attribute: int, address: int) -> None:
    """Whatever the address and the check are: they may look like STX, ETX, CR or LF."""
    block = Block(address, attribute, text)

    assert BlockDecoder(address).feed(encode(block)) == [block]


@given(noise=st.binary(max_size=40), size=st.integers(1, 50))
def test_block_after_noise_is_found_whatever_the_chunks(noise: bytes, size: int) -> None:
    """Noise costs nothing behind it, not even the very next block."""
    assert blocks(noise + GOOD, size)[-1:] == [SAID]


@given(cut=st.integers(1, len(GOOD) - 1), size=st.integers(1, 50))
def test_half_a_block_does_not_swallow_the_next(cut: int, size: int) -> None:
    """A block cut by a power dip is lost; the next one is not."""
    assert blocks(GOOD[:cut] + GOOD, size)[-1:] == [SAID]


@given(at=st.integers(0, len(GOOD) - 1), bit=st.integers(0, 7))
def test_flipped_bit_is_never_an_answer(at: int, bit: int) -> None:
    """One wrong bit anywhere makes the block a fault, or another meter's."""
    bent = bytearray(GOOD)
    bent[at] ^= 1 << bit

    assert blocks(bytes(bent)) == []


@given(st.binary(max_size=300))
def test_no_bytes_break_the_decoder(noise: bytes) -> None:
    """Whatever comes, it decodes or gives faults."""
    assert isinstance(BlockDecoder(1).feed(noise), list)


def test_endless_text_is_given_up() -> None:
    """A line that babbles does not fill the memory."""
    decoder = BlockDecoder(1)
    for _ in range(100):
        decoder.feed(b"\x02\x01A" + b"0" * 600)

    assert len(decoder._held) < 600
