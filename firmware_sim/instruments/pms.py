r"""Plantower PMS: the frames that it sends by itself, and what it does when it is told something.

    42 4D | 00 1C | PM1 PM2.5 PM10 "CF=1" | PM1 PM2.5 PM10 atmospheric | six counts per 0.1 L | version, error | sum
      2       2              6                          6                       12                  2          2
    42 4D | 00 14 | the same              | the same                    | 3 reserved words (PMS3003)           | sum

A PMS5003T has temperature x 10 and humidity x 10 in place of the last two counts. Words are big-endian; the sum is that
of all bytes before it. A command is `42 4D code 00 argument sum`, its acknowledgement `42 4D 00 04 code argument sum`.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

_VERSION: Final = 0x97
_RESERVED: Final = 0x51
_LIMIT: Final = 0xFFFF
_COMMAND: Final = 7
_WARM_UP: Final = 3
MODE, READ, SLEEP = 0xE1, 0xE2, 0xE4

Model = Literal["pmsx003", "pms3003", "pms5003t"]


def frame(standard: Sequence[int], atmospheric: Sequence[int], counts: Sequence[int], error: int = 0) -> bytes:
    """Return one frame of 32 bytes.

    Args:
        standard: PM1, PM2.5, PM10 for a factory's particles, ug/m3.
        atmospheric: the same for ambient air.
        counts: particles per 0.1 L above 0.3, 0.5, 1, 2.5, 5 and 10 um.
        error: the error byte.
    """
    return _summed(struct.pack(">2sH12H2B", b"BM", 28, *standard, *atmospheric, *counts, _VERSION, error))


def short_frame(standard: Sequence[int], atmospheric: Sequence[int]) -> bytes:
    """Return the frame of 24 bytes of a PMS3003."""
    return _summed(struct.pack(">2sH9H", b"BM", 20, *standard, *atmospheric, 0, 0, _RESERVED))


def air_frame(pm2_5: float, pm10: float) -> tuple[bytes, dict[str, int]]:
    """Return (frame, what it states) for ambient air, ug/m3 as the whole numbers that the words hold."""
    words = _fractions(pm2_5, pm10)
    return frame(words, words, _counts(pm2_5)), {"pm2_5": words[1], "pm10": words[2]}


def spoilt(good: bytes) -> bytes:
    """Return a frame whose sum does not add up: one bit fell over on the line."""
    return good[:7] + bytes([good[7] ^ 0x10]) + good[8:]


@dataclass
class Plantower:
    """One device from its power-on.

    It warms up with frames of zeros after each start; a wake is answered by nothing but the next frame; passive mode
    and sleep are forgotten when it loses power.

    Attributes:
        model: which frames it sends.
        answers_mode: whether it acknowledges a change of mode: some firmwares go on sending without a word.
    """

    model: Model = "pmsx003"
    answers_mode: bool = True
    awake: bool = field(init=False, default=True)
    passive: bool = field(init=False, default=False)
    _cold: int = field(init=False, default=_WARM_UP)
    _asked: bool = field(init=False, default=False)

    def power_on(self) -> None:
        """Begin anew after a power cut."""
        self.awake, self.passive, self._cold, self._asked = True, False, _WARM_UP, False

    def hear(self, octets: bytes) -> bytes:
        """Obey the commands in some bytes, whole ones, and return the acknowledgements."""
        said = b""
        while len(octets) >= _COMMAND:
            one, rest = octets[:_COMMAND], octets[_COMMAND:]
            if one.startswith(b"BM") and sum(one[:5]) == int.from_bytes(one[5:], "big"):
                said += self._obey(one[2], one[4])
                octets = rest
            else:
                octets = octets[1:]
        return said

    def beat(self, air: Mapping[str, float]) -> tuple[bytes, dict[str, float]]:
        """Return (what it sends in this second, what that states): nothing while it sleeps or waits to be asked.

        Args:
            air: pm2_5 and pm10 in ug/m3; a PMS5003T wants temperature in degC and humidity in %, too.
        """
        if not self.awake or (self.passive and not self._asked):
            return b"", {}
        self._asked = False
        if self._cold:
            self._cold -= 1
            return self._zeros(), {}
        words = _fractions(air["pm2_5"], air["pm10"])
        stated: dict[str, float] = dict(zip(("pm1", "pm2_5", "pm10"), words, strict=True))
        if self.model == "pms3003":
            return short_frame(words, words), stated
        counts = _counts(air["pm2_5"])
        if self.model == "pms5003t":
            tenths = (round(air["temperature"] * 10), _word(air["humidity"] * 10))
            counts = (*counts[:4], tenths[0] & _LIMIT, tenths[1])
            stated |= {"temperature": tenths[0] / 10, "humidity": tenths[1] / 10}
        return frame(words, words, counts), stated

    def _obey(self, code: int, argument: int) -> bytes:
        if code == SLEEP:
            woken = argument == 1 and not self.awake
            self.awake, self._cold = argument == 1, _WARM_UP if woken else self._cold
            return b"" if argument == 1 else _acknowledgement(code, argument)
        if not self.awake:
            return b""
        if code == MODE:
            self.passive = argument == 0
            return _acknowledgement(code, argument) if self.answers_mode else b""
        self._asked = code == READ
        return b""

    def _zeros(self) -> bytes:
        size = 20 if self.model == "pms3003" else 28
        return _summed(b"BM" + size.to_bytes(2, "big") + bytes(size - 2))


def _acknowledgement(code: int, argument: int) -> bytes:
    return _summed(bytes((0x42, 0x4D, 0, 4, code, argument)))


def _summed(body: bytes) -> bytes:
    return body + sum(body).to_bytes(2, "big")


def _fractions(pm2_5: float, pm10: float) -> tuple[int, int, int]:
    return _word(0.7 * pm2_5), _word(pm2_5), _word(pm10)


def _counts(pm2_5: float) -> tuple[int, ...]:
    return tuple(_word(share * pm2_5) for share in (140.0, 42.0, 9.0, 1.2, 0.4, 0.2))


def _word(value: float) -> int:
    return min(max(round(value), 0), _LIMIT)
