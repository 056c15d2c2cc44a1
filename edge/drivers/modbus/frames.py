"""What a line carries: the answer among echoes, noise and other units' frames, and why there is none. Pure.

    RTU question   unit u8 | function u8 | address u16 | count u16 | CRC-16 (low byte first)
    RTU answer     unit u8 | function u8 | bytes u8 | registers or bits | CRC-16
    RTU refusal    unit u8 | function + 0x80 u8 | reason u8 | CRC-16
    TCP            transaction u16 | 0 u16 | length u16 | the same without the CRC

RTU numbers no question: an answer is known by its unit, its function, its length and its CRC alone. Where it begins
does not matter, so what comes before it costs nothing, whether an adapter's own echo or another unit's noise.
Source: Modbus over Serial Line V1.02, Modbus Messaging on TCP/IP V1.0b.
"""

import struct
from collections.abc import Iterator
from typing import Final

from pymodbus.framer.rtu import FramerRTU

REASONS: Final = {
    1: "it does not know this function",
    2: "it has no such registers",
    3: "it does not give so many at once",
    4: "it has failed",
    5: "it needs longer",
    6: "it is busy",
    8: "its memory has failed",
    10: "the gateway in between has no path to it",
    11: "the gateway in between gets no answer from it",
}


def rtu_question(unit: int, read: tuple[int, int, int]) -> bytes:
    """Return the RTU frame that reads (function, address, count) of a unit."""
    body = struct.pack(">BBHH", unit, *read)
    return body + _crc(body)


def tcp_question(transaction: int, unit: int, read: tuple[int, int, int]) -> bytes:
    """Return the TCP frame that reads (function, address, count) of a unit."""
    return struct.pack(">HHHBBHH", transaction, 0, 6, unit, *read)


def refusal(code: int) -> str:
    """Return what an exception code means, in words."""
    return f"refused with exception {code}: {REASONS.get(code, 'not in the standard')}"


def rtu_answer(question: bytes, heard: bytes) -> bytes:
    """Return the frame in what was heard that answers a question, without its CRC; empty when there is none."""
    unit, function, size = _expected(question)
    start = len(question) if heard.startswith(question) else 0
    return _sound(heard, start, bytes((unit, function, size)), 3 + size) or _sound(
        heard, start, bytes((unit, function | 0x80)), 3
    )


def tcp_answer(question: bytes, heard: bytes) -> bytes:
    """Return the frame in what was heard that answers a question, from its unit on; empty when there is none."""
    at = 0
    while len(heard) >= at + 8:
        end = at + 6 + int.from_bytes(heard[at + 4 : at + 6], "big")
        if (
            heard[at : at + 4] == question[:4]
            and (heard[at + 6], heard[at + 7] & 0x7F) == (question[6], question[7])
            and len(heard) >= end >= at + 9
        ):
            return heard[at + 6 : end]
        at = end
    return b""


def rtu_failure(question: bytes, heard: bytes, unasked: bytes) -> str:
    """Return in words why a question has no answer.

    Args:
        question: the RTU frame that was sent.
        heard: what came until the time was up.
        unasked: what had come before, while nobody was asked.
    """
    heard = heard.removeprefix(question)
    unit, function, size = _expected(question)
    frames = list(frames_in(heard))
    fitting = [frame[0] for frame in frames if frame[1] & 0x80 or frame[1:3] == bytes((function, size))]
    talkers = [frame[0] for frame in [*frames, *frames_in(unasked)] if frame[0] not in fitting]
    if unit in talkers:
        return "babbles: it sends frames that nobody asked for: switch its active sending off"
    if talkers and bytes((unit, function, size)) not in heard:
        return f"silent: no answer in time; unit {talkers[0]} sends without being asked"
    if fitting:
        return f"unit {fitting[0]} answers in its place: two units with one number, or a number that was changed"
    if not heard:
        return "silent: no answer in time" + ("; others send without being asked" if unasked else "")
    return _garbled(question, heard)


def _garbled(question: bytes, heard: bytes) -> str:
    unit, function, size = _expected(question)
    at = heard.find(bytes((unit, function, size)))
    if at < 0:
        return f"garbled: {len(heard)} bytes that are no answer: check baud, parity and wiring"
    if len(heard) - at < size + 5:
        return f"garbled: {len(heard) - at} bytes of {size + 5} came"
    return "garbled: the checksum is wrong: check wiring, termination, and whether two units have one number"


def _expected(question: bytes) -> tuple[int, int, int]:
    """Return unit, function and bytes of registers or bits of the answer to an RTU question."""
    count = int.from_bytes(question[4:6], "big")
    return question[0], question[1], 2 * count & 0xFF if question[1] > 2 else (count + 7) // 8 & 0xFF


def _sound(heard: bytes, start: int, head: bytes, length: int) -> bytes:
    """Return the first part of `heard` that begins with `head` and is followed by its CRC, empty when there is none."""
    at = heard.find(head, start)
    while at >= 0:
        end = at + length
        if len(heard) >= end + 2 and _crc(heard[at:end]) == heard[end : end + 2]:
            return heard[at:end]
        at = heard.find(head, at + 1)
    return b""


def frames_in(heard: bytes) -> Iterator[bytes]:
    """Yield everything in what was heard that is an answer to some question, without its CRC."""
    at = 0
    while at + 5 <= len(heard):
        length = 3 if heard[at + 1] & 0x80 else 3 + heard[at + 2]
        end = at + length
        if heard[at + 1] & 0x7F in {1, 2, 3, 4} and _crc(heard[at:end]) == heard[end : end + 2]:
            yield heard[at:end]
            at = end + 2
        else:
            at += 1


def _crc(octets: bytes) -> bytes:
    return FramerRTU.compute_CRC(octets).to_bytes(2, "big")
