"""The terminal writes as the public frames are written."""

from typing import Any

import pytest

from firmware_sim.instruments.jtt808 import Place, answers, body, frame, report


def public(vectors: list[dict[str, Any]], name: str) -> bytes:
    """Return the bytes of one public frame."""
    return bytes.fromhex(next(vector["hex"] for vector in vectors if vector["id"] == name))


@pytest.mark.parametrize(
    ("name", "edition", "phone", "serial", "start"),
    [
        ("dev-254", 2019, "13912344329", 0, 17),
        ("jt-2013-0200", 2013, "002002604323", 164, 12),
        ("jt-2013-0102", 2013, "002002604325", 1, 12),
    ],
)
def test_public_frames_come_out_again(
    vectors: list[dict[str, Any]], name: str, edition: int, phone: str, serial: int, start: int
) -> None:
    """From their bodies, which hold nothing to escape."""
    octets = public(vectors, name)
    identity = int.from_bytes(octets[1:3], "big")

    assert frame(identity, phone, serial, octets[1 + start : -2], edition=edition) == octets


def test_position_is_written_as_the_standard_draws_it(vectors: list[dict[str, Any]]) -> None:
    """Status, angles, speed, course and time of the printed example of 2013, with bit 0 for the engine."""
    place = Place(1_632_299_878_000, 113.995873, 22.591771, 0.0, 89)
    octets, speed = body(place)
    printed = public(vectors, "jt-2013-0200")[13:41]

    assert octets[7] == 0b11
    assert octets[8:16] == printed[8:16]
    assert octets[18:] == printed[18:]
    assert speed == 0.0


def test_southern_and_western_places_have_their_bits() -> None:
    """Angles carry no sign."""
    octets, _ = body(Place(0, -58.38, -34.60))

    assert octets[7] == 0b1111
    assert int.from_bytes(octets[8:12], "big") == 34_600_000


def test_marks_inside_are_escaped() -> None:
    """7E and 7D in serial numbers, say."""
    octets = report(Place(0, 0.0, 0.0), "1", 0x7E7D)

    assert octets.count(0x7E) == 2
    assert b"\x7d\x02\x7d\x01" in octets


def test_answers_are_understood(vectors: list[dict[str, Any]]) -> None:
    """Those that platforms give in both editions; what is none is passed over."""
    octets = public(vectors, "dev-255") + public(vectors, "dev-254") + public(vectors, "jt-2013-8001")

    assert list(answers(octets)) == [(111, 0x0200), (238, 0x0200)]
