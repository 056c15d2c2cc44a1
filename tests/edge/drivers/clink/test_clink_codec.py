"""C-Link answers: the public ones, and whatever a line can do to them."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.drivers.clink.codec import Answer, AnswerDecoder, flags, quantity, question
from edge.drivers.clink.model import MODELS, judge
from edge.drivers.decoder import Fault
from wire.reading import Flag

# A captured answer of a 49i with its checksum, and what it says.
GOOD = b"o3 bkg  0.0 ppb*\nsum 0450\r"
SAID = Answer("  0.0 ppb", summed=True)
COMMANDS = re.compile(
    r"lrec 100 5|lrec|erec|srec layout|srec|o3 bkg|o3 coef|low o3 coef|instr name|flags|time|temp comp|lr11"
    r"|set .*?(?= ok| bad cmd)"
)


def answers(command: str, stream: bytes, size: int = 4096) -> list[Answer]:
    """Return the answers to a command in a stream that comes in chunks of a size."""
    decoder = AnswerDecoder(command)
    found = [one for at in range(0, len(stream), size) for one in decoder.feed(stream[at : at + size])]
    return [one for one in found if isinstance(one, Answer)]


@pytest.mark.frames("Thermo")
def test_public_answer_is_taken_as_marked(vector: dict[str, Any]) -> None:
    """Checksum, status word and refusal are what the source states; the log of some left out echo and end."""
    assert vector["expect_accept"]
    text = vector["ascii"] if COMMANDS.match(vector["ascii"]) else "lrec\n" + vector["ascii"]
    command = COMMANDS.match(text)
    assert command is not None
    (answer,) = answers(command[0], text.rstrip("\r").encode() + b"\r")
    word = re.search(r"(?:\bflags|^) ([0-9A-F]{7,8})\b", answer.text)

    assert bool(vector["checksum_ok"]) is answer.summed
    assert vector["decoded"].get("error", "") == answer.refusal
    if "flags" in vector["decoded"]:
        assert word is not None
        assert int(vector["decoded"]["flags"], 16) == flags(word[1])
    if "o3_bkg_ppb" in vector["decoded"]:
        assert (vector["decoded"]["o3_bkg_ppb"], "ppb") == quantity(answer.text)


@pytest.mark.frames("Thermo 49i (C-Link, format 01)")
def test_public_answer_with_a_wrong_digit_is_refused(vector: dict[str, Any]) -> None:
    """The captured sums guard every byte of the answer."""
    raw = vector["ascii"].encode()
    at = raw.index(b"*") - 1
    command = COMMANDS.match(vector["ascii"])
    assert command is not None
    (fault,) = AnswerDecoder(command[0]).feed(raw[:at] + bytes((raw[at] ^ 1,)) + raw[at + 1 :])

    assert isinstance(fault, Fault)


@pytest.mark.parametrize(
    "framed",
    [
        b"o3 30.781 ppb\r",
        b"o3 30.781 ppb*\r",
        b"\xffo3 30.781 ppb\r",
        b"o3 30.781 ppb*\nsum 037f\r",
        b"o3 30.781 ppb\x80sum 0355\r",
        b"O3 3.0781E+1 PPB\r",
    ],
)
def test_every_framing_that_firmware_has_is_taken(framed: bytes) -> None:
    """Without and with asterisk and checksum, in either notation of numbers."""
    (answer,) = answers("o3", framed)

    assert (30.781, "ppb") == quantity(answer.text)


@pytest.mark.parametrize(
    ("written", "unit"), [(b"ug/m3", "ug/m3"), (b"\xb5g/m\xb3", "ug/m3"), (b"ug/m\xfc", "ug/m3"), (b"ppm", "ppm")]
)
def test_unit_is_understood_however_it_is_written(written: bytes, unit: str) -> None:
    """Micro sign and raised 3 depend on the firmware's character set."""
    (answer,) = answers("no2", b"no2 1.5 " + written + b"\r")

    assert (1.5, unit) == quantity(answer.text)


@pytest.mark.parametrize("text", ["", "1.004", "ppb", "1.0 ppb 2.0 ppb", "nan ppb", "1.0e ppb"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    """A number without a unit may be anything."""
    with pytest.raises(ValueError, match="no number with a unit"):
        quantity(text)


@pytest.mark.parametrize("text", ["", "D80050G", "0D8005001", "sample"])
def test_what_is_no_status_word_is_refused(text: str) -> None:
    """Hexadecimal, 8 digits at most."""
    with pytest.raises(ValueError, match="no status word"):
        flags(text)


def test_question_begins_with_the_id() -> None:
    """128 and the id; an instrument with id 0 wants none (42i manual, B-2)."""
    assert (b"\xaano\r", b"o3\r") == (question("no", 42), question("o3"))


def test_answer_to_another_question_is_a_fault() -> None:
    """A late answer is not taken for this one, however alike the commands."""
    (fault, answer) = AnswerDecoder("no").feed(b"no2 12.0 ppb\rno 3.0 ppb\r")

    assert isinstance(fault, Fault)
    assert Answer(" 3.0 ppb", summed=False) == answer


@given(noise=st.binary(max_size=40).filter(lambda noise: b"o3 bkg" not in noise.lower()), size=st.integers(1, 50))
def test_answer_after_noise_is_found_whatever_the_chunks(noise: bytes, size: int) -> None:
    """Noise costs nothing behind it, summed or not."""
    assert answers("o3 bkg", noise + GOOD, size) == [SAID]
    assert answers("o3 bkg", noise + b"o3 bkg  0.0 ppb\r", size) == [Answer("  0.0 ppb", summed=False)]


@given(cut=st.integers(1, len(GOOD) - 1), size=st.integers(1, 50))
def test_half_an_answer_does_not_swallow_the_next(cut: int, size: int) -> None:
    """The sum tells which of two echoes begins the answer."""
    assert answers("o3 bkg", GOOD[:cut] + GOOD, size) == [SAID]


@given(at=st.integers(0, len(GOOD) - 1), bit=st.integers(0, 7))
def test_flipped_bit_is_never_another_reading(at: int, bit: int) -> None:
    """One wrong bit anywhere in a summed answer gives no number, or the right one."""
    bent = bytearray(GOOD)
    bent[at] ^= 1 << bit
    read = []
    for answer in answers("o3 bkg", bytes(bent)):
        try:
            read.append(quantity(answer.text))
        except ValueError:
            continue

    assert read in ([], [(0.0, "ppb")])


@given(st.binary(max_size=300))
def test_no_bytes_break_the_decoder(noise: bytes) -> None:
    """Whatever comes, it decodes or gives faults."""
    assert isinstance(AnswerDecoder("o3").feed(noise), list)


def test_endless_answer_is_given_up() -> None:
    """A line that babbles does not fill the memory."""
    decoder = AnswerDecoder("o3")
    for _ in range(100):
        decoder.feed(b"o3 " + b"0" * 600)

    assert len(decoder._held) < 5000


@pytest.mark.parametrize(
    ("word", "flag"),
    [
        ("0C100000", Flag.UNKNOWN),
        ("8C000000", Flag.UNKNOWN),
        ("0C000002", Flag.SUSPECT),
        ("0C000080", Flag.SUSPECT),
        ("0C001000", Flag.FAIL),
        ("2C000000", Flag.FAIL),
        # Captured with flow A and B, and with flow B at 0.000.
        ("D800500", Flag.FAIL),
        ("0C100400", Flag.FAIL),
    ],
)
def test_status_word_of_a_49_becomes_a_flag(word: str, flag: Flag) -> None:
    """Compensations and a high concentration say nothing against a value; a missing flow does."""
    model = MODELS["49i"]

    assert flag is judge(flags(word), model.fail_bits, model.suspect_bits)
