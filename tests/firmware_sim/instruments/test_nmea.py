"""The GPS speaks as the public captures do."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.instruments.nmea import KNOT_M_S, degrees_minutes, fix, sentence


def test_public_sentences_have_the_checksum_that_we_compute(vectors: list[dict[str, Any]]) -> None:
    """Every public sentence that is marked right comes out again from its body."""
    public = [v["ascii"].strip() for v in vectors if v["device"].startswith("NMEA 0183") and v["kind"] == "frame"]

    assert len(public) >= 8
    assert [sentence(text[1 : text.index("*")]).strip() for text in public] == public


def test_a_fix_reads_as_a_receiver_writes_it() -> None:
    """Position of the public capture dev-246, at its time and speed."""
    octets, _ = fix(1_561_271_166_000 + 1_000, 3.1943167, 45.77047, 0.76 * KNOT_M_S, 0.0)
    rmc, gga, _ = octets.decode().split("\r\n")

    assert rmc.startswith("$GPRMC,062607.000,A,4546.2282,N,00311.6590,E,0.76,0.0,230619,,,A*")
    assert gga.startswith("$GPGGA,062607.000,4546.2282,N,00311.6590,E,1,")


@pytest.mark.parametrize(
    ("degrees", "written"),
    [(-19.4840833, "1929.0450,S"), (0.0, "0000.0000,N"), (39.9999999, "4000.0000,N"), (9.5, "0930.0000,N")],
)
def test_angles_are_degrees_and_minutes(degrees: float, written: str) -> None:
    """Rounding never gives 60 minutes."""
    assert degrees_minutes(degrees, 2, "N", "S") == written


@given(speed=st.floats(-1, 70))
def test_the_stated_speed_is_that_of_the_sentence(speed: float) -> None:
    """Two decimals of a knot, never below zero."""
    octets, stated = fix(0, 116.5, 39.8, speed, 90.0)

    assert float(octets.decode().split(",")[7]) * KNOT_M_S == stated
