r"""A BSWA 308 sound level meter that is asked over RS-232.

    02 | id | 'C' command, 'A' answer, 06 yes, 15 no | text | 03 | check | 0D 0A

The check is the exclusive or of everything before it. Levels are printed as 065.0.
"""

from dataclasses import dataclass, field
from typing import Final

_PERCENTAGES: Final = (10, 20, 30, 40, 50, 60, 70, 80, 90, 99)


def block(number: int, kind: bytes, text: str = "") -> bytes:
    """Return one block of the meter with this number."""
    octets = b"\x02" + bytes([number]) + kind + text.encode() + b"\x03"
    check = 0
    for octet in octets:
        check ^= octet
    return octets + bytes([check]) + b"\r\n"


@dataclass
class SoundLevelMeter:
    """One meter.

    Attributes:
        number: its id on the line.
        a, b, c, z: equivalent levels, dB.
        exceeded: level in dB by per cent of the time.
        indicator: 0 normal, 1 over range, 2 under range.
        state: 0 stopped, 1 running, 2 paused.
        weighting: of the statistics, 0 to 3 for A, B, C, Z.
    """

    number: int = 1
    a: float = 65.0
    b: float = 66.2
    c: float = 67.0
    z: float = 67.2
    exceeded: dict[int, float] = field(default_factory=lambda: dict.fromkeys(_PERCENTAGES, 60.0))
    indicator: int = 0
    state: int = 1
    weighting: int = 0
    _heard: bytes = field(init=False, default=b"")

    def hear(self, octets: bytes) -> bytes:
        """Return what it says to what came in."""
        self._heard += octets
        said = b""
        while b"\r\n" in self._heard:
            one, _, self._heard = self._heard.partition(b"\r\n")
            _, mine, command = one.rpartition(bytes([0x02, self.number]) + b"C")
            if mine:
                said += self._answer(command[:-2].decode())
        return said

    def _answer(self, command: str) -> bytes:
        if command == "STA1":
            self.state = 1
            return block(self.number, b"\x06")
        texts = {"STA?": str(self.state), "DSL7 1 ?": self._levels(), "DLN1 ?": self._statistics()}
        if command not in texts:
            return block(self.number, b"\x15", "0001")
        return block(self.number, b"A", texts[command])

    def _levels(self) -> str:
        return ",".join([*(f"{level:05.1f}" for level in (self.a, self.b, self.c, self.z)), str(self.indicator)])

    def _statistics(self) -> str:
        pairs = [f"{percent},{level:05.1f}" for percent, level in self.exceeded.items()]
        return ",".join([str(self.weighting), "0", "0", *pairs, str(self.indicator)])
