"""Frames of the Sensirion SPS30 (SHDLC on UART, 115200 8N1, big-endian).

    7E | address 00 | command u8 |            length u8 | payload | check u8 | 7E     question
    7E | address 00 | command u8 | state u8 | length u8 | payload | check u8 | 7E     answer

check = complement of the sum of all between the two 7E; then, in all between, the check too, 7E 7D 11 13 are sent as
7D 5E, 7D 5D, 7D 31, 7D 33: an answer's length on the wire varies, only the next 7E ends it.
state: bits 0 to 6 as in STATES, bit 7 set while the status register reports a fault.

    command 00 start, payload 01 03 (float32) | 03 read: payload empty = nothing new, or
      10 x float32: PM1 PM2.5 PM4 PM10 ug/m3, particles above 0.3 up to 0.5 1 2.5 4 10 um per cm3, typical size um
      10 x u16 when somebody started it with 01 05, the size then in nm
    command 11 wake | D2 status register, payload 01 (and clear it): u32, u8;
      bit 4 the fan stands still, bit 5 laser current out of range, bit 21 fan speed out of range;
      bits 4 and 5 stay set after the fault has passed, until they are cleared

Source: Sensirion, data sheet SPS30, version 1.0 D1 (March 2020), chapters 4.2 to 4.4.
"""

import struct
from typing import Final, NamedTuple

from edge.drivers.decoder import Fault

EDGE: Final = b"\x7e"
ESCAPE: Final = 0x7D
STUFFED: Final = {0x7E: 0x5E, 0x7D: 0x5D, 0x11: 0x31, 0x13: 0x33}
PLAIN: Final = {stuffed: plain for plain, stuffed in STUFFED.items()}
# The longest body that can be, every byte stuffed.
LONGEST: Final = 2 * (4 + 255 + 1)

START, READ, WAKE, STATUS = 0x00, 0x03, 0x11, 0xD2
OK, UNKNOWN_COMMAND, NOT_NOW = 0x00, 0x02, 0x43
STATES: Final = {
    0x01: "wrong length of the payload",
    UNKNOWN_COMMAND: "unknown command",
    0x03: "no access right",
    0x04: "illegal parameter",
    0x28: "argument out of range",
    NOT_NOW: "not allowed in its present state: it is not measuring",
}
FAN_STOPPED, LASER, FAN_SPEED = 1 << 4, 1 << 5, 1 << 21


class Answer(NamedTuple):
    """One answer that adds up.

    Attributes:
        command: that it answers.
        state: 0 when all is well, else a key of STATES.
        faulty: whether the status register reports a fault.
        payload: without stuffing.
    """

    command: int
    state: int
    faulty: bool
    payload: bytes


def check(body: bytes) -> int:
    """Return the check byte of all that stands before it."""
    return ~sum(body) & 0xFF


def question(command: int, payload: bytes = b"") -> bytes:
    """Return the bytes of a question, stuffed."""
    body = bytes((0, command, len(payload))) + payload
    stuffed = (bytes((ESCAPE, STUFFED[b])) if b in STUFFED else bytes((b,)) for b in body + bytes((check(body),)))
    return EDGE + b"".join(stuffed) + EDGE


class ShdlcDecoder:
    """Finds the answers to one command; every 7E ends what came before it, so noise costs no frame behind it."""

    def __init__(self, command: int) -> None:
        """Take answers to `command` only: others are late answers to earlier questions."""
        self._command = command
        self._held = b""

    def feed(self, chunk: bytes) -> list[Answer | Fault]:
        """Return the answers and faults that are complete now."""
        *bodies, self._held = (self._held + chunk).split(EDGE)
        found = [self._answer(body) for body in bodies if body]
        if len(self._held) > LONGEST:
            found.append(Fault("bytes that belong to no frame", self._held))
            self._held = b""
        return found

    def _answer(self, body: bytes) -> Answer | Fault:
        plain = unstuffed(body)
        if plain is None:
            return Fault("wrong stuffing", body)
        if len(plain) < 5 or plain[3] != len(plain) - 5:
            return Fault("wrong length", body)
        if check(plain[:-1]) != plain[-1]:
            return Fault("wrong checksum", body)
        if plain[1] != self._command:
            return Fault(f"an answer to another command, {plain[1]:02X}", body)
        return Answer(plain[1], plain[2] & 0x7F, bool(plain[2] & 0x80), plain[4:-1])


def unstuffed(body: bytes) -> bytes | None:
    """Return the bytes between two 7E as they were before stuffing; None when they cannot have been stuffed."""
    plain = bytearray()
    octets = iter(body)
    for octet in octets:
        if octet == ESCAPE:
            octet = PLAIN.get(next(octets, -1), -1)  # noqa: PLW2901  # the pair is one byte
        elif octet in STUFFED:
            return None
        if octet < 0:
            return None
        plain.append(octet)
    return bytes(plain)


class Particles(NamedTuple):
    """One measurement.

    Attributes:
        mass: PM1, PM2.5, PM4, PM10 in ug/m3.
        counts: particles above 0.3 um and up to 0.5, 1, 2.5, 4, 10 um, per cm3.
        size_um: the typical particle's.
    """

    mass: tuple[float, float, float, float]
    counts: tuple[float, float, float, float, float]
    size_um: float


def particles(answer: Answer) -> Particles | Fault | None:
    """Return the measurement in an answer to READ; None when the device has nothing new."""
    payload = answer.payload
    if not payload:
        return None
    if len(payload) == 40:
        m1, m2, m4, m10, n0, n1, n2, n4, n10, size_um = struct.unpack(">10f", payload)
    elif len(payload) == 20:
        m1, m2, m4, m10, n0, n1, n2, n4, n10, size_nm = struct.unpack(">10H", payload)
        size_um = size_nm / 1000
    else:
        return Fault(f"a measurement of {len(payload)} bytes", payload)
    if not any(payload):
        return Fault("all zero: the device is warming up", payload, missing=True)
    return Particles((m1, m2, m4, m10), (n0, n1, n2, n4, n10), size_um)


def register(answer: Answer) -> int:
    """Return the status register in an answer to STATUS; 0 when the answer is too short to hold one."""
    return int.from_bytes(answer.payload[:4], "big") if len(answer.payload) >= 4 else 0
