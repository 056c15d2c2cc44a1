"""The analyser speaks as the captured 49i does."""

from typing import Any

from firmware_sim.instruments.clink import Analyser


def captured(vectors: list[dict[str, Any]], start: str) -> bytes:
    """Return the captured answer that begins so."""
    line: str = next(
        v["ascii"] for v in vectors if v["device"].startswith("Thermo 49i") and v["ascii"].startswith(start)
    )
    return line.encode()


def test_captured_answers_end_as_ours(vectors: list[dict[str, Any]]) -> None:
    """Every one-line answer of the capture is reproduced byte by byte, checksum included."""
    lines = [
        v["ascii"] for v in vectors if v["device"] == "Thermo 49i (C-Link, format 01)" and v["ascii"].count("\n") == 1
    ]
    analyser = Analyser(49, {})

    assert len(lines) >= 8
    assert lines == [analyser.closed(line.partition("*")[0]).decode() for line in lines]


def test_status_word_is_the_captured_line(vectors: list[dict[str, Any]]) -> None:
    """The question with the id gets the line that a 49i gave."""
    analyser = Analyser(49, {"o3": 30.781}, flags=0x0D80_0500)

    assert captured(vectors, "flags") == analyser.hear(b"\xb1fla") + analyser.hear(b"gs\r")


def test_other_ids_and_unknown_commands() -> None:
    """It keeps silent when another one is asked, and refuses what it does not know."""
    analyser = Analyser(49, {"o3": 30.781}, ends="plain")

    assert b"o3 30.781 ppb\r" == analyser.hear(b"\xb1o3\r")
    assert b"" == analyser.hear(b"\xaao3\r")
    assert b"set unit ppm bad cmd\r" == analyser.hear(b"\xb1set unit ppm\r")
