"""JT/T 808 frames: the public ones, and whatever a line can do to them."""

import struct
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.drivers.decoder import Fault
from edge.drivers.jtt808.codec import (
    MAX_LENGTH,
    Frame,
    Jtt808Decoder,
    Position,
    Report,
    read_frame,
    read_positions,
    write_frame,
)
from firmware_sim.instruments import jtt808 as terminal

PHONE = "013912344329"
PLACE = terminal.Place(1_380_873_600_000, 116.53, 39.82, 36.4, 271)


def public(name: str, vectors: list[dict[str, Any]]) -> bytes:
    """Return the bytes of one public frame."""
    return bytes.fromhex(next(vector["hex"] for vector in vectors if vector["id"] == name))


def frame_of(octets: bytes) -> Frame:
    """Return the frame between the marks of some bytes."""
    found = read_frame(octets[1:-1])
    assert isinstance(found, Frame)
    return found


@pytest.mark.frames("JT/T 808")
def test_public_frame_is_taken_as_its_source_states_it(vector: dict[str, Any]) -> None:
    """Header, answers and positions; the sign of a latitude follows the standard's bit, which the source ignores."""
    stated, octets = vector["decoded"], bytes.fromhex(vector["hex"])
    (*_, last) = Jtt808Decoder().feed(octets)
    frame = frame_of(octets)

    assert isinstance(last, Report)
    assert f"{frame.id:04x}" == stated["msg"]
    assert frame.phone == stated.get("phone", frame.phone)
    assert frame.serial == stated.get("serial", frame.serial)
    if "reply_id" in stated:
        assert struct.unpack(">HHB", frame.body) == (stated["reply_serial"], int(stated["reply_id"], 16), 0)
    for position, expected in zip(read_positions(frame), stated.get("items", [stated]), strict=False):
        _compare(position, expected)


def _compare(position: Position, stated: dict[str, Any]) -> None:
    assert (position.alarm, position.status) == (stated["alarm"], stated["status"])
    south, west = stated["status"] & 4, stated["status"] & 8
    assert position.latitude == stated["lat_raw"] * (-1 if south else 1) / 1e6
    assert position.longitude == stated["lon_raw"] * (-1 if west else 1) / 1e6
    assert (position.altitude_m, position.speed_kmh) == (stated["alt_m"], stated["speed_kmh"])
    assert position.course_deg == stated["dir"]
    assert position.time_ms is not None
    shown = f"{datetime.fromtimestamp(position.time_ms / 1000 + 8 * 3600, UTC):%Y-%m-%d %H:%M:%S}"
    assert shown == stated["time"]


def test_frame_with_the_bit_for_south_lies_south(vectors: list[dict[str, Any]]) -> None:
    """The standard decides: the public frame has status 0x16, whatever its own decoder shows."""
    (position,) = read_positions(frame_of(public("dev-254", vectors)))

    assert (position.is_fix, position.latitude, position.longitude) == (True, -31.234567, 121.987654)


def test_answer_is_the_one_that_platforms_give(vectors: list[dict[str, Any]]) -> None:
    """Byte by byte, in both editions: dev-255 and the printed one of 2013."""
    new = Frame(0x8001, 1, "00000000013912344329", 0, struct.pack(">HHB", 111, 0x0200, 0))
    old = Frame(0x8001, None, "002002604323", 9, struct.pack(">HHB", 238, 0x0200, 0))

    assert write_frame(new) == public("dev-255", vectors)
    assert write_frame(old) == public("jt-2013-8001", vectors)


@pytest.mark.parametrize("edition", [2013, 2019])
def test_terminal_is_answered_in_its_own_edition(edition: int) -> None:
    """The answer names serial and id of the frame, and the answers are counted."""
    decoder = Jtt808Decoder()
    answers = []
    for serial in (7, 8):
        (report,) = decoder.feed(terminal.report(PLACE, PHONE, serial, edition=edition))
        assert isinstance(report, Report)
        answers.append(frame_of(report.answer))

    assert [struct.unpack(">HHB", answer.body) for answer in answers] == [(7, 0x0200, 0), (8, 0x0200, 0)]
    assert [answer.serial for answer in answers] == [0, 1]
    assert {answer.version for answer in answers} == {1 if edition == 2019 else None}
    assert {answer.phone for answer in answers} == {PHONE.rjust(20 if edition == 2019 else 12, "0")}


def test_stored_positions_come_one_by_one_and_are_answered_with_the_last() -> None:
    """0704 is safe only when all of it is."""
    places = [PLACE._replace(time_ms=PLACE.time_ms + second * 1000) for second in range(3)]
    reports = Jtt808Decoder().feed(terminal.stored(places, PHONE, 1))

    assert all(isinstance(report, Report) for report in reports)
    assert [bool(report.answer) for report in reports if isinstance(report, Report)] == [False, False, True]


def test_platform_frames_on_the_line_are_not_answered(vectors: list[dict[str, Any]]) -> None:
    """An echo of our own answer must not start a conversation."""
    (report,) = Jtt808Decoder().feed(public("dev-255", vectors))

    assert report == Report(None)


def test_heartbeat_is_answered() -> None:
    """A terminal without one gives up its link."""
    (report,) = Jtt808Decoder().feed(terminal.frame(0x0002, PHONE, 5, b""))

    assert isinstance(report, Report)
    assert report.position is None
    assert struct.unpack(">HHB", frame_of(report.answer).body) == (5, 0x0002, 0)


@pytest.mark.parametrize(
    ("properties", "word"), [(0x0400, "enciphered"), (0x2000, "part"), (0x0001, "long"), (0x4000, "long")]
)
def test_frame_that_cannot_be_read_is_a_fault(properties: int, word: str) -> None:
    """Enciphered, in parts, or of another length than its header says: none is answered."""
    plain = struct.pack(">HH6sH", 0x0002, properties, b"\x01" * 6, 1)
    check = 0
    for octet in plain:
        check ^= octet
    (fault,) = Jtt808Decoder().feed(b"\x7e" + plain + bytes([check]) + b"\x7e")

    assert isinstance(fault, Fault)
    assert word in fault.reason


@pytest.mark.parametrize(
    "content",
    [
        b"",
        struct.pack(">4I3H6s", 0, 2, 91_000_000, 0, 0, 0, 0, b"\x24\x01\x01\x00\x00\x00"),
        struct.pack(">4I3H6s", 0, 2, 0, 180_000_001, 0, 0, 0, b"\x24\x01\x01\x00\x00\x00"),
    ],
)
def test_position_that_is_none_is_a_fault(content: bytes) -> None:
    """Too short, or off the globe."""
    (fault,) = Jtt808Decoder().feed(terminal.frame(0x0200, PHONE, 1, content))

    assert isinstance(fault, Fault)


@pytest.mark.parametrize("time", ["000000000000", "241301000000", "2a0101000000", "240230000000"])
def test_time_that_is_none_is_no_time(time: str) -> None:
    """Before the first fix terminals send zeros: the arrival counts then."""
    content = struct.pack(">4I3H", 0, 2, 1, 1, 0, 0, 0) + bytes.fromhex(time)
    (report,) = Jtt808Decoder().feed(terminal.frame(0x0200, PHONE, 1, content))

    assert isinstance(report, Report)
    assert report.position is not None
    assert report.position.time_ms is None


@given(
    place=st.builds(
        terminal.Place,
        st.integers(946_684_800, 4_102_444_799).map(lambda s: s * 1000),
        st.floats(-180, 180),
        st.floats(-90, 90),
        st.floats(0, 6000),
        st.integers(0, 359),
        st.integers(0, 0xFFFFFFFF),
    ),
    serial=st.integers(0, 0xFFFF),
    edition=st.sampled_from([2013, 2019]),
    size=st.integers(1, 90),
)
def test_what_a_terminal_writes_is_read_whatever_the_chunks(
    place: terminal.Place, serial: int, edition: int, size: int
) -> None:
    """Every place, time and escape, in 2000 to 2099 of UTC+8."""
    octets = terminal.report(place, PHONE, serial, edition=edition)
    decoder = Jtt808Decoder()
    (report,) = [one for at in range(0, len(octets), size) for one in decoder.feed(octets[at : at + size])]

    assert isinstance(report, Report)
    position = report.position
    assert position is not None
    assert (position.longitude, position.latitude) == pytest.approx((place.longitude, place.latitude), abs=6e-7)
    assert position.speed_kmh == terminal.body(place)[1]
    assert position.alarm == place.alarm
    if place.time_ms < 4_102_444_800_000 - 8 * 3_600_000:
        assert position.time_ms == place.time_ms


@given(noise=st.binary(max_size=60), size=st.integers(1, 70))
def test_frame_after_noise_is_found(noise: bytes, size: int) -> None:
    """Noise, a frame without its end, a lone mark: the next whole frame is read."""
    good = terminal.report(PLACE, PHONE, 1)
    stream = noise.replace(b"\x7e", b"") + good + good[:20] + good
    decoder = Jtt808Decoder()
    found = [one for at in range(0, len(stream), size) for one in decoder.feed(stream[at : at + size])]

    assert len([one for one in found if isinstance(one, Report) and one.position]) == 2


@given(st.lists(st.binary(max_size=400), max_size=8))
def test_no_bytes_break_the_decoder(chunks: list[bytes]) -> None:
    """Whatever comes, it holds no more than one frame."""
    decoder = Jtt808Decoder()
    for chunk in [*chunks, b"\x00" * MAX_LENGTH]:
        decoder.feed(chunk)

    assert len(decoder._held) <= MAX_LENGTH
