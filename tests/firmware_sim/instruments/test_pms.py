"""The Plantower speaks as the public captures do."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.instruments.pms import air_frame, frame, spoilt

COUNTS = ("n0_3", "n0_5", "n1_0", "n2_5", "n5_0", "n10_0")


def test_captured_values_encode_to_the_captured_bytes(vectors: list[dict[str, Any]]) -> None:
    """Every public PMSx003 frame is reproduced byte by byte from what it decodes to."""
    captured = [v for v in vectors if v["device"] == "Plantower PMSx003" and v["kind"] == "frame"]
    encoded = []
    for vector in captured:
        said = vector["decoded"]
        standard, atmospheric = ([int(said[n]) for n in names] for names in (_STANDARD, _ATMOSPHERIC))
        encoded.append(frame(standard, atmospheric, [round(said[n] * 100) for n in COUNTS], said["error"]).hex())

    assert len(captured) >= 8
    assert [v["hex"] for v in captured] == encoded


_STANDARD = ("raw01", "raw25", "raw10")
_ATMOSPHERIC = ("pm01", "pm25", "pm10")


@given(fine=st.floats(-5, 1e6), coarse=st.floats(-5, 1e6))
def test_a_frame_states_what_it_says_it_states(fine: float, coarse: float) -> None:
    """The atmospheric words hold the stated values, whole and within 16 bits, and the sum adds up."""
    octets, stated = air_frame(fine, coarse)
    words = [int.from_bytes(octets[at : at + 2], "big") for at in (12, 14)]

    assert [stated["pm2_5"], stated["pm10"]] == words
    assert int.from_bytes(octets[30:], "big") == sum(octets[:30])


def test_a_spoilt_frame_does_not_add_up() -> None:
    """One bit fell over, the length stays."""
    octets = spoilt(air_frame(35.0, 80.0)[0])

    assert len(octets) == 32
    assert int.from_bytes(octets[30:], "big") != sum(octets[:30])
