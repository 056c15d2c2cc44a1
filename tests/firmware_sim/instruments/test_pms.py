"""The Plantower speaks as the public captures do."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.instruments.pms import Model, Plantower, air_frame, frame, short_frame, spoilt

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


AIR = {"pm2_5": 35.0, "pm10": 80.0, "temperature": -10.5, "humidity": 62.4}
ACTIVE, PASSIVE, READ = (bytes.fromhex(f"424d{rest}") for rest in ("e100010171", "e100000170", "e200000171"))
SLEEP, WAKE = bytes.fromhex("424de400000173"), bytes.fromhex("424de400010174")


def warm(model: Model = "pmsx003") -> Plantower:
    """Return a device that has warmed up."""
    twin = Plantower(model)
    while not twin.beat(AIR)[1]:
        pass
    return twin


@pytest.mark.parametrize(("model", "length"), [("pmsx003", 32), ("pms3003", 24), ("pms5003t", 32)])
def test_models_warm_up_with_zeros_that_add_up(model: Model, length: int) -> None:
    """Three frames that state nothing, then the air."""
    twin = Plantower(model)
    cold = [twin.beat(AIR) for _ in range(3)]
    octets, stated = twin.beat(AIR)

    assert [(len(raw), raw[4:-2].strip(b"\x00"), said) for raw, said in cold] == [(length, b"", {})] * 3
    assert (len(octets), sum(octets[:-2])) == (length, int.from_bytes(octets[-2:], "big"))
    assert stated["pm10"] == 80


def test_climate_stands_in_the_last_words() -> None:
    """A PMS5003T in winter: signed tenths."""
    octets, stated = warm("pms5003t").beat(AIR)

    assert (stated["temperature"], stated["humidity"]) == (-10.5, 62.4)
    assert [int.from_bytes(octets[at : at + 2], "big") for at in (24, 26)] == [0x10000 - 105, 624]


def test_short_frame_is_the_captured_one(vectors: list[dict[str, Any]]) -> None:
    """Every public PMS3003 frame is reproduced byte by byte from what it decodes to."""
    captured = [v for v in vectors if v["device"] == "Plantower PMS3003"]
    said = [[[int(v["decoded"][n]) for n in names] for names in (_STANDARD, _ATMOSPHERIC)] for v in captured]

    assert [v["hex"] for v in captured if v["kind"] == "frame"] == [
        short_frame(*both).hex() for v, both in zip(captured, said, strict=True) if v["kind"] == "frame"
    ]


def test_passive_device_speaks_when_asked_and_forgets_without_power() -> None:
    """One frame for each question; after a power cut it sends by itself again."""
    twin = warm()

    assert twin.hear(PASSIVE).hex() == "424d0004e1000174"
    assert twin.beat(AIR) == (b"", {})
    assert twin.hear(READ) == b""
    assert twin.beat(AIR)[1] != {}
    assert twin.beat(AIR) == (b"", {})
    twin.power_on()
    assert len(twin.beat(AIR)[0]) == 32


def test_wake_is_answered_by_frames_alone() -> None:
    """Zeros first; asleep it hears nothing else."""
    twin = warm()

    assert twin.hear(SLEEP).hex() == "424d0004e4000177"
    assert (twin.beat(AIR), twin.hear(ACTIVE)) == ((b"", {}), b"")
    assert twin.hear(b"\x42" + WAKE) == b""
    assert twin.beat(AIR)[0][4:-2] == bytes(26)


def test_device_may_change_its_mode_without_a_word() -> None:
    """Seen in the field: set active is followed by frames, not by an acknowledgement."""
    twin = Plantower(answers_mode=False)
    twin.passive = True

    assert twin.hear(ACTIVE) == b""
    assert not twin.passive
