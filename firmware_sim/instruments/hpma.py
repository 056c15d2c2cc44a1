"""Honeywell HPMA115S0 and HPMA115C0: what they send by themselves, and what they do when they are told something.

    42 4D 00 1C | 0, PM2.5, PM10, 10 x 0          | sum u16      115S0
    42 4D 00 1C | PM1, PM2.5, PM4, PM10, 9 x 0    | sum u16      115C0
    40 05 04    | PM2.5, PM10                     | check u8     115S0, answer to 68 01 04 93
    40 0D 04    | PM1, PM2.5, PM4, PM10, 4 x 00   | check u8     115C0

Words are big-endian; all bytes of a command or answer, with the check, sum up to 0 modulo 256.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

_TAKEN, _REFUSED = b"\xa5\xa5", b"\x96\x96"
_WARM_UP: Final = 6
_FRACTIONS: Final = ("pm1", "pm2_5", "pm4", "pm10")
MEASURE, STOP, READ, STOP_SENDING, SEND = 0x01, 0x02, 0x04, 0x20, 0x40


@dataclass
class Hpma:
    """One device from its power-on: it measures, sends, and begins with zeros.

    Attributes:
        compact: it is an HPMA115C0.
    """

    compact: bool = False
    measuring: bool = field(init=False, default=True)
    sending: bool = field(init=False, default=True)
    _cold: int = field(init=False, default=_WARM_UP)
    _last: tuple[int, ...] = field(init=False, default=(0, 0, 0, 0))

    def hear(self, octets: bytes) -> bytes:
        """Obey the commands in some bytes, whole ones, and return the answers; what does not add up is refused."""
        said = b""
        while octets[:1] == b"\x68" and len(octets) >= 3 and len(octets) >= octets[1] + 3:
            one, octets = octets[: octets[1] + 3], octets[octets[1] + 3 :]
            said += self._obey(one[2]) if sum(one) & 0xFF == 0 else _REFUSED
        return said

    def beat(self, air: Mapping[str, float]) -> tuple[bytes, dict[str, float]]:
        """Return (what it sends in this second, what that states); zeros while it warms up.

        Args:
            air: pm2_5 and pm10 in ug/m3.
        """
        if not self.measuring:
            return b"", {}
        self._cold = max(0, self._cold - 1)
        fine, coarse = air["pm2_5"], air["pm10"]
        numbers = (0.7 * fine, fine, (fine + coarse) / 2, coarse)
        self._last = (0,) * 4 if self._cold else tuple(min(max(round(n), 0), 0xFFFF) for n in numbers)
        if not self.sending:
            return b"", {}
        words = self._last if self.compact else (0, self._last[1], self._last[3], 0)
        head = struct.pack(">4s13H", b"BM\x00\x1c", *words, *(0,) * 9)
        names = _FRACTIONS if self.compact else ("pm2_5", "pm10")
        stated = {} if self._cold else {n: float(v) for n, v in zip(_FRACTIONS, self._last, strict=True) if n in names}
        return head + struct.pack(">H", sum(head)), stated

    def _obey(self, code: int) -> bytes:
        if code == READ:
            return self._answer() if self.measuring else _REFUSED
        if code in (MEASURE, STOP):
            self._cold = _WARM_UP if code == MEASURE and not self.measuring else self._cold
            self.measuring = code == MEASURE
        elif code in (SEND, STOP_SENDING):
            self.sending = code == SEND
        else:
            return _REFUSED
        return _TAKEN

    def _answer(self) -> bytes:
        if self.compact:
            body = struct.pack(">3B4H4x", 0x40, 0x0D, READ, *self._last)
        else:
            body = struct.pack(">3B2H", 0x40, 0x05, READ, self._last[1], self._last[3])
        return body + bytes((-sum(body) & 0xFF,))
