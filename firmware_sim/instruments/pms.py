r"""Plantower PMS5003: the frame that it sends by itself.

    42 4D | 00 1C | PM1 PM2.5 PM10 "CF=1" | PM1 PM2.5 PM10 atmospheric | six counts per 0.1 L | version, error | sum
      2       2              6                          6                       12                  2          2

Words are big-endian; the sum is that of all bytes before it.
"""

import struct
from collections.abc import Sequence
from typing import Final

_VERSION: Final = 0x97
_LIMIT: Final = 0xFFFF


def frame(standard: Sequence[int], atmospheric: Sequence[int], counts: Sequence[int], error: int = 0) -> bytes:
    """Return one frame of 32 bytes.

    Args:
        standard: PM1, PM2.5, PM10 for a factory's particles, ug/m3.
        atmospheric: the same for ambient air.
        counts: particles per 0.1 L above 0.3, 0.5, 1, 2.5, 5 and 10 um.
        error: the error byte.
    """
    head = struct.pack(">2sH12H2B", b"BM", 28, *standard, *atmospheric, *counts, _VERSION, error)
    return head + struct.pack(">H", sum(head))


def air_frame(pm2_5: float, pm10: float) -> tuple[bytes, dict[str, int]]:
    """Return (frame, what it states) for ambient air, ug/m3 as the whole numbers that the words hold."""
    fine, coarse = _word(pm2_5), _word(pm10)
    words = (_word(0.7 * pm2_5), fine, coarse)
    counts = tuple(_word(share * pm2_5) for share in (140.0, 42.0, 9.0, 1.2, 0.4, 0.2))
    return frame(words, words, counts), {"pm2_5": fine, "pm10": coarse}


def spoilt(good: bytes) -> bytes:
    """Return a frame whose sum does not add up: one bit fell over on the line."""
    return good[:7] + bytes([good[7] ^ 0x10]) + good[8:]


def _word(value: float) -> int:
    return min(max(round(value), 0), _LIMIT)
