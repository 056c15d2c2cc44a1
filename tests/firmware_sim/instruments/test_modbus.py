"""The answering side of Modbus gives the public answers to the public requests."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.instruments.modbus import Request, RtuRequests, TcpRequests, answer, crc16, respond, rtu, tcp

# What the instruments of the public captures held, by unit and address: what they answered follows from that.
REGISTERS = {124: 141, 125: 142, 0: 658, 1: 0xFF9B, 2: 1000, 3: 56}


def read_public(_: int, start: int, count: int) -> list[int] | int:
    """Return registers as the captured instruments held them."""
    return [REGISTERS.get(start + n, 0) for n in range(count)]


def by_id(vectors: list[dict[str, Any]], vector_id: str) -> bytes:
    """Return a public frame's bytes."""
    return next(bytes.fromhex(v["hex"]) for v in vectors if v["id"] == vector_id)


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("dev-164", "dev-165"),
        ("dev-167", "dev-168"),
        ("dev-170", "dev-171"),
        ("dev-181", "dev-182"),
        ("dev-187", "dev-188"),
    ],
)
def test_a_public_request_gets_the_public_answer(vectors: list[dict[str, Any]], asked: str, answered: str) -> None:
    """RTU request in, captured response out, CRC included."""
    (request,) = RtuRequests().feed(by_id(vectors, asked))

    assert answer(request, respond(request.pdu, read_public)) == by_id(vectors, answered)


def test_a_public_tcp_request_gets_the_public_answer(vectors: list[dict[str, Any]]) -> None:
    """The transaction id comes back, the length counts unit and PDU."""
    (request,) = TcpRequests().feed(by_id(vectors, "dev-178"))

    assert answer(request, respond(request.pdu, read_public)) == by_id(vectors, "dev-179")


def test_every_public_rtu_request_is_understood(vectors: list[dict[str, Any]]) -> None:
    """Reads and writes of all makers come out whole, one by one and glued together."""
    frames = [
        bytes.fromhex(v["hex"]) for v in vectors if v["kind"] == "request" and v["checksum_alg"] == "crc16-modbus"
    ]
    line = RtuRequests()

    assert len(frames) >= 10
    assert [rtu(r.unit, r.pdu) for r in line.feed(b"".join(frames))] == frames


def test_a_public_frame_has_the_crc_that_we_compute(vectors: list[dict[str, Any]]) -> None:
    """All public RTU frames that are marked right."""
    frames = [bytes.fromhex(v["hex"]) for v in vectors if v["checksum_alg"] == "crc16-modbus"]

    assert [crc16(octets[:-2]) for octets in frames] == [octets[-2:] for octets in frames]


def test_bits_are_packed_eight_to_a_byte_the_first_one_lowest() -> None:
    """The example of the Modbus Application Protocol (V1.1b3, 6.2): inputs 197 to 218 are ac db 35."""
    held = [int(bit) for byte in (0xAC, 0xDB, 0x35) for bit in reversed(f"{byte:08b}")]

    assert respond(bytes.fromhex("0200c40016"), lambda *_: held[:22]) == bytes.fromhex("0203acdb35")


@given(noise=st.binary(max_size=40).filter(lambda b: b"\x10" not in b and b"\x0f" not in b), cut=st.integers(0, 8))
def test_noise_before_a_request_costs_only_itself(noise: bytes, cut: int) -> None:
    """After noise and whatever chunks, the next requests are found: the line never wedges."""
    request = rtu(1, bytes([3, 0, 0, 0, 1]))
    line = RtuRequests()
    found = [*line.feed(noise + request[:cut]), *line.feed(request[cut:]), *line.feed(request), *line.feed(request)]

    assert Request(1, bytes([3, 0, 0, 0, 1])) in found


@given(cut=st.integers(0, 24))
def test_tcp_requests_may_come_in_any_pieces(cut: int) -> None:
    """Two pipelined requests, cut anywhere, are two requests."""
    octets = tcp(7, 3, bytes([4, 0, 0, 0, 2])) + tcp(8, 4, bytes([4, 0, 8, 0, 2]))
    line = TcpRequests()
    found = [*line.feed(octets[:cut]), *line.feed(octets[cut:])]

    assert found == [Request(3, bytes([4, 0, 0, 0, 2]), 7), Request(4, bytes([4, 0, 8, 0, 2]), 8)]


def test_what_is_not_modbus_tcp_is_refused() -> None:
    """A web browser at the concentrator is hung up on."""
    with pytest.raises(ValueError, match="not Modbus TCP"):
        TcpRequests().feed(b"GET / HTTP/1.1\r\n\r\n")


@pytest.mark.parametrize(
    ("pdu", "reason"),
    [
        (bytes([6, 0, 0, 0, 1]), 1),
        (bytes([3, 0, 0, 0, 0]), 3),
        (bytes([3, 0, 0, 0, 126]), 3),
        (bytes([4, 0, 0]), 3),
        (bytes([2, 0, 0, 0x07, 0xD1]), 3),
        (bytes([3, 0, 0, 0, 1]), 2),
    ],
)
def test_a_request_that_cannot_be_served_gets_its_exception(pdu: bytes, reason: int) -> None:
    """Writes, wrong counts, broken PDUs, and addresses that the instrument refuses."""
    assert respond(pdu, lambda *_: 2) == bytes([pdu[0] | 0x80, reason])
