"""Sensirion SPS30, the answering side of SHDLC.

    7E | 00 | command |         length | payload | check | 7E      question
    7E | 00 | command | state | length | payload | check | 7E      answer

check = complement of the low byte of the sum of all before it. Between the two 7E: 7E, 7D, 11 and 13 go as 7D and the
byte with bit 5 turned over.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

_RESERVED: Final = (0x7E, 0x7D, 0x11, 0x13)
START, STOP, READ, SLEEP, WAKE, STATUS, RESET = 0x00, 0x01, 0x03, 0x10, 0x11, 0xD2, 0xD3
_WRONG_LENGTH, _UNKNOWN, _NOT_NOW = 0x01, 0x02, 0x43
# Commands that change its state: from which states to which.
_CHANGES: Final = {
    START: (("idle",), "measuring"),
    STOP: (("measuring",), "idle"),
    SLEEP: (("idle",), "asleep"),
    WAKE: (("asleep",), "idle"),
    RESET: (("idle", "measuring"), "idle"),
}


def shdlc(body: bytes) -> bytes:
    """Return the bytes on the wire of what stands between the two 7E, before its check and stuffing."""
    checked = body + bytes((~sum(body) & 0xFF,))
    stuffed = (bytes((0x7D, octet ^ 0x20)) if octet in _RESERVED else bytes((octet,)) for octet in checked)
    return b"\x7e" + b"".join(stuffed) + b"\x7e"


@dataclass
class Sps30:
    """One device, idle from its power-on until it is started.

    Attributes:
        broken: what is wrong with it, as bits of the status register: 4 fan, 5 laser, 21 fan speed.
        register: its status register, which keeps what was wrong with a measurement until it is cleared.
        warm_up: measurements of zeros after a start.
        state: idle, measuring or asleep.
        floats: how it was started: 32-bit floats, or whole numbers.
        stirred: asleep, but its interface has heard a byte.
        stated: what the last measurement states, ug/m3.
    """

    broken: int = 0
    register: int = 0
    warm_up: int = 0
    state: str = field(init=False, default="idle")
    floats: bool = field(init=False, default=True)
    stirred: bool = field(init=False, default=False)
    stated: dict[str, float] = field(init=False, default_factory=dict)
    _new: bytes = field(init=False, default=b"")
    _held: bytes = field(init=False, default=b"")
    _cold: int = field(init=False, default=0)

    def power_on(self) -> None:
        """Begin anew after a power cut."""
        self.state, self._new, self._held = "idle", b"", b""

    def renew(self, air: Mapping[str, float]) -> None:
        """Let it make a measurement, once a second while it measures; `stated` then holds what that states.

        Args:
            air: pm1, pm2_5, pm4, pm10 in ug/m3.
        """
        if self.state != "measuring":
            return
        self.register |= self.broken
        mass = [air[name] for name in ("pm1", "pm2_5", "pm4", "pm10")]
        counts = [6.9 * mass[1], 7.9 * mass[1], 8.0 * mass[1], 8.1 * mass[1], 8.1 * mass[1]]
        if self._cold:
            self._cold -= 1
            self._new, self.stated = bytes(40 if self.floats else 20), {}
            return
        if self.floats:
            self._new = struct.pack(">10f", *mass, *counts, 0.55)
            numbers = struct.unpack(">10f", self._new)
        else:
            self._new = struct.pack(">10H", *(round(number) for number in mass + counts), 550)
            numbers = struct.unpack(">10H", self._new)
        self.stated = dict(zip(("pm1", "pm2_5", "pm4", "pm10"), map(float, numbers), strict=False))

    def hear(self, octets: bytes) -> bytes:
        """Return the answers to the questions that are complete now; asleep it hears nothing before it is stirred."""
        if self.state == "asleep" and not self.stirred:
            self.stirred = bool(octets)
            octets = b"\xff" + octets[1:]  # the byte that stirs it is lost
        *bodies, self._held = (self._held + octets).split(b"\x7e")
        return b"".join(self._answer(body) for body in bodies if body)

    def _answer(self, body: bytes) -> bytes:
        plain = bytearray()
        octets = iter(body)
        for octet in octets:
            if octet != 0x7D and octet in _RESERVED:
                return b""
            plain.append(next(octets, 0) ^ 0x20 if octet == 0x7D else octet)
        sound = (
            len(plain) >= 4 and plain[0] == 0 and plain[2] == len(plain) - 4 and ~sum(plain[:-1]) & 0xFF == plain[-1]
        )
        if not sound:
            return b""
        fault = 0x80 if self.register else 0
        state, payload = self._obey(plain[1], bytes(plain[3:-1]))
        return shdlc(bytes((0, plain[1], state | fault, len(payload))) + payload)

    def _obey(self, command: int, payload: bytes) -> tuple[int, bytes]:
        if command in _CHANGES:
            return self._change(command, payload), b""
        if command == STATUS:
            said, self.register = self.register, 0 if payload == b"\x01" else self.register
            return 0, struct.pack(">IB", said, 0)
        if command != READ:
            return _UNKNOWN, b""
        if self.state != "measuring":
            return _NOT_NOW, b""
        new, self._new = self._new, b""
        return 0, new

    def _change(self, command: int, payload: bytes) -> int:
        if len(payload) != (2 if command == START else 0):
            return _WRONG_LENGTH
        sources, state = _CHANGES[command]
        if self.state not in sources:
            return _NOT_NOW
        if command == START:
            self.floats, self._cold = payload[1] == 3, self.warm_up
        self.state, self.stirred, self._new = state, False, b""
        return 0
