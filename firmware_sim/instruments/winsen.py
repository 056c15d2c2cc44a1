r"""A Winsen ZE gas module: sends once a second, or answers.

    upload    FF | gas | unit | decimals | value u16 | full scale u16 | sum
    answer    FF | 86  | ug/m3 u16 | 0 0 | ppb u16                    | sum      ZE15-CO: counts at both places
    question  FF 01 86 00 00 00 00 00 79;  FF 01 78 40 .. 47 send by yourself;  FF 01 78 41 .. 46 wait to be asked

The sum is 256 minus the sum of bytes 1 to 7.
"""

import struct
from dataclasses import dataclass, field
from typing import Final

PPM, PPB = 0x03, 0x04
CH2O, O3, CO = 0x17, 0x2A, 0x04
_QUESTION: Final = bytes.fromhex("ff0186000000000079")
_SEND: Final = bytes.fromhex("ff0178400000000047")
_WAIT: Final = bytes.fromhex("ff0178410000000046")


def closed(body: bytes) -> bytes:
    """Return the frame around seven bytes."""
    return b"\xff" + body + bytes([(256 - sum(body) % 256) % 256])


@dataclass
class GasModule:
    """One module.

    Attributes:
        gas, unit, decimals, full: what its uploads state beside the value.
        counts: the value that it states by itself.
        mass: the first word of its answers.
        parts: the last word of its answers.
        broken: whether it sets the fault bit of a ZE15-CO.
        waits: whether it waits to be asked.
    """

    gas: int
    unit: int
    decimals: int
    full: int
    counts: int = 0
    mass: int = 0
    parts: int = 0
    broken: bool = False
    waits: bool = False
    _heard: bytes = field(init=False, default=b"")

    def upload(self) -> bytes:
        """Return what it sends in this second: nothing while it waits to be asked."""
        if self.waits:
            return b""
        return closed(struct.pack(">3B2H", self.gas, self.unit, self.decimals, self._word(self.counts), self.full))

    def hear(self, octets: bytes) -> bytes:
        """Return what it says to what came in: commands in a row, however they are cut."""
        self._heard += octets
        said = b""
        while len(self._heard) >= len(_QUESTION):
            one, self._heard = self._heard[: len(_QUESTION)], self._heard[len(_QUESTION) :]
            if one in (_SEND, _WAIT):
                self.waits = one == _WAIT
            if one == _QUESTION:
                said += closed(struct.pack(">B3H", 0x86, self._word(self.mass), 0, self._word(self.parts)))
        return said

    def _word(self, counts: int) -> int:
        return counts | 0x8000 if self.broken else counts
