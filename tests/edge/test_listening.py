"""Who talks by itself is known by its frames, as the simulated instruments make them."""

import pytest

from edge.listening import Talker, recognise
from firmware_sim.instruments import modbus, nmea, pms, winsen

PMS, _ = pms.air_frame(35.0, 60.0)
RTU = modbus.rtu(6, b"\x03\x04\x01\x02\x03\x04")


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        (b"", []),
        (bytes(range(256)), []),
        (PMS[7:] + 2 * PMS, [("pms", "", 2)]),
        (winsen.closed(b"\x17\x04\x00\x00\x19\x13\x88"), [("winsen", "", 1)]),
        (nmea.fix(1_380_844_800_000, 116.5, 39.8, 3.0, 90.0)[0], [("nmea", "", 2)]),
        (b"\x00\x03" + RTU + b"\xff" + RTU, [("modbus", "unit 6", 2)]),
    ],
    ids=["silence", "noise", "pms", "winsen", "nmea", "modbus"],
)
def test_frames_tell_the_kind(heard: bytes, expected: list[tuple[str, str, int]]) -> None:
    """Noise before and between costs nothing, and makes nobody up."""
    assert [Talker(9600, *each) for each in expected] == recognise(9600, heard)
