"""The sound level meter speaks as the manual's examples do."""

from typing import Any

from firmware_sim.instruments.bswa import SoundLevelMeter


def asked(vectors: list[dict[str, Any]], command: str) -> bytes:
    """Return the public question."""
    return bytes.fromhex(next(v["hex"] for v in vectors if v["decoded"].get("cmd") == command))


def test_levels_are_the_manual_s_bytes(vectors: list[dict[str, Any]]) -> None:
    """The manual's question about group 7 gets the manual's answer (p. 102), whatever chunks it comes in."""
    meter, question = SoundLevelMeter(), asked(vectors, "DSL7 1 ?")

    assert meter.hear(question[:4]) == b""
    assert meter.hear(question[4:]).hex() == "0201413036352e302c3036362e322c3036372e302c3036372e322c3003720d0a"


def test_statistics_are_the_manual_s_text_with_the_right_check(vectors: list[dict[str, Any]]) -> None:
    """The manual prints 43 where its own bytes give 6F."""
    levels = (74.2, 74.1, 74.1, 74.0, 74.0, 73.9, 73.9, 73.8, 73.8, 73.6)
    meter = SoundLevelMeter(exceeded=dict(zip((*range(10, 100, 10), 99), levels, strict=True)))

    said = meter.hear(asked(vectors, "DLN1 ?"))

    assert said.startswith(b"\x02\x01A0,0,0,10,074.2,20,074.1,")
    assert said.endswith(b"99,073.6,0\x03\x6f\r\n")


def test_stopped_meter_says_so_until_it_is_started(vectors: list[dict[str, Any]]) -> None:
    """STA? answers the state; STA1 is acknowledged; what it does not know is refused."""
    meter, question = SoundLevelMeter(state=0), asked(vectors, "STA?")

    assert b"A0\x03" in meter.hear(question)
    assert meter.hear(bytes.fromhex("0201435354413103340d0a"))[2] == 0x06
    assert b"A1\x03" in meter.hear(question)
    assert b"\x150001\x03" in meter.hear(asked(vectors, "OUT?"))


def test_other_numbers_are_not_answered(vectors: list[dict[str, Any]]) -> None:
    """A meter keeps silent when another one is asked."""
    assert SoundLevelMeter(number=2).hear(asked(vectors, "STA?")) == b""
