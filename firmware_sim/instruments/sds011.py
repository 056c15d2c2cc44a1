"""Nova SDS011 and SDS198: what they send by themselves, and what they do when they are told something.

    AA C0 | PM2.5 x 10 u16 | PM10 x 10 u16 | id 2 | sum u8 | AB          SDS011, little-endian
    AA CF | u16            | PM100 u16     | id 2 | sum u8 | AB          SDS198
    AA C5 | code, set, value, 00           | id 2 | sum u8 | AB          answer to a command
    AA B4 | code, set, value, 10 x 00, id 2       | sum u8 | AB          command

The sum is that of all between the second byte and itself, modulo 256.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

_TAIL: Final = 0xAB
_COMMAND: Final = 19
_ANY: Final = b"\xff\xff"
MODE, QUERY, STATE, PERIOD = 2, 4, 6, 8


@dataclass
class Nova:
    """One device; mode and working period are in its flash, so that it has them after a power cut.

    Attributes:
        serial: its id; it also obeys what is said to any.
        large: it is an SDS198.
        awake, active, period_min: its state, to be set as somebody left it.
    """

    serial: bytes = b"\xa1\x60"
    large: bool = False
    awake: bool = True
    active: bool = True
    period_min: int = 0
    _seconds: int = field(init=False, default=0)

    def hear(self, octets: bytes) -> bytes:
        """Obey the commands in some bytes, whole ones, and return the answers: none while it sleeps."""
        said = b""
        while len(octets) >= _COMMAND:
            one, rest = octets[:_COMMAND], octets[_COMMAND:]
            sound = one.startswith(b"\xaa\xb4") and one[-1] == _TAIL and sum(one[2:17]) & 0xFF == one[17]
            if sound and one[15:17] in (_ANY, self.serial):
                said += self._obey(*one[2:5])
            octets = rest if sound else octets[1:]
        return said

    def beat(self, air: Mapping[str, float]) -> tuple[bytes, dict[str, float]]:
        """Return (what it sends in this second, what that states); with a working period once in that, then asleep.

        Args:
            air: pm2_5 and pm10, of an SDS198 tsp, in ug/m3.
        """
        self._seconds += 1
        resting = self.period_min > 0 and self._seconds % (60 * self.period_min) != 30
        if not (self.awake and self.active) or resting:
            return b"", {}
        if self.large:
            tsp = _word(air["tsp"], 0xFFFF)
            return self._framed(0xCF, tsp // 2, tsp), {"tsp": float(tsp)}
        fine, coarse = (_word(air[name] * 10, 9999) for name in ("pm2_5", "pm10"))
        return self._framed(0xC0, fine, coarse), {"pm2_5": fine / 10, "pm10": coarse / 10}

    def _obey(self, code: int, sets: int, value: int) -> bytes:
        if not self.awake and not (code == STATE and sets and value):
            return b""
        if sets and code == STATE:
            self.awake = value == 1
        elif sets and code == MODE:
            self.active = value == 0
        elif sets and code == PERIOD:
            self.period_min = value
        return _closed(0xC5, bytes((code, sets, value, 0)) + self.serial)

    def _framed(self, kind: int, first: int, second: int) -> bytes:
        return _closed(kind, first.to_bytes(2, "little") + second.to_bytes(2, "little") + self.serial)


def _closed(kind: int, body: bytes) -> bytes:
    return bytes((0xAA, kind)) + body + bytes((sum(body) & 0xFF, _TAIL))


def _word(value: float, limit: int) -> int:
    return min(max(round(value), 0), limit)
