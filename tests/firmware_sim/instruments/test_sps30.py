"""The Sensirion speaks as the public captures do."""

from typing import Any

import pytest

from firmware_sim.instruments.sps30 import Sps30, shdlc

AIR = {"pm1": 5.25, "pm2_5": 9.5, "pm4": 12.625, "pm10": 13.25}
START, READ, WAKE = bytes.fromhex("7e0000020103f97e"), bytes.fromhex("7e000300fc7e"), bytes.fromhex("7e007d3100ee7e")
NOTHING_NEW, NOT_NOW = bytes.fromhex("7e00030000fc7e"), bytes.fromhex("7e00004300bc7e")


def test_public_frames_are_stuffed_as_ours(vectors: list[dict[str, Any]]) -> None:
    """Each public frame, taken apart by hand and built again, is the same byte by byte."""
    public = [bytes.fromhex(v["hex"]) for v in vectors if v["device"] == "Sensirion SPS30"]
    plain = [
        raw[1:-1]
        .replace(b"\x7d\x5e", b"\x7e")
        .replace(b"\x7d\x31", b"\x11")
        .replace(b"\x7d\x33", b"\x13")
        .replace(b"\x7d\x5d", b"\x7d")
        for raw in public
    ]

    assert len(public) >= 15
    assert [shdlc(body[:-1]) for body in plain] == public


def test_published_conversation() -> None:
    """Started, nothing new yet, started again: not now; then ten floats, once."""
    twin = Sps30()

    assert twin.hear(START) == bytes.fromhex("7e00000000ff7e")
    assert twin.hear(READ + START) == NOTHING_NEW + NOT_NOW
    twin.renew(AIR)
    octets = twin.hear(READ)
    assert octets[:5] == bytes.fromhex("7e00030028")
    assert twin.stated == AIR
    assert twin.hear(READ) == NOTHING_NEW


def test_device_that_was_not_started_refuses_to_be_read() -> None:
    """Also after a power cut; and it measures nothing."""
    twin = Sps30()
    twin.hear(START)
    twin.power_on()
    twin.renew(AIR)

    assert twin.hear(READ) == shdlc(b"\x00\x03\x43\x00")
    assert twin.stated == {}


@pytest.mark.parametrize(("stir", "answered"), [(b"\xff", True), (b"", False)])
def test_sleeper_loses_the_byte_that_stirs_it(stir: bytes, answered: bool) -> None:  # noqa: FBT001
    """A wake without a byte before it is not understood; the second one is."""
    twin = Sps30()
    twin.hear(shdlc(b"\x00\x10\x00"))

    assert (twin.hear(stir + WAKE) != b"") == answered
    assert (twin.state == "idle") == answered


def test_unstuffed_wake_is_not_understood() -> None:
    """Seen in public drivers: 0x11 as it is."""
    assert Sps30().hear(bytes.fromhex("7e001100ee7e")) == b""


def test_fault_is_told_in_every_answer() -> None:
    """Bit 7 of the state; the status register says what, until it is told to clear it and nothing is wrong any more."""
    twin = Sps30(register=1 << 4)
    status, clearing = bytes.fromhex("7e00d201002c7e"), bytes.fromhex("7e00d201012b7e")

    assert twin.hear(START)[3] == 0x80
    assert [twin.hear(asked)[3] for asked in (status, clearing, status)] == [0x80, 0x80, 0]
    assert shdlc(b"\x00\xd2\x80\x05\x00\x00\x00\x10\x00") == Sps30(register=1 << 4).hear(status)


def test_zeros_until_it_has_warmed_up() -> None:
    """They state nothing."""
    twin = Sps30(warm_up=1)
    twin.hear(START)
    twin.renew(AIR)

    assert twin.hear(READ) == bytes.fromhex("7e00030028" + "00" * 40 + "d47e")
    assert twin.stated == {}
