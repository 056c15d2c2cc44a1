r"""A Thermo analyser that answers C-Link questions.

    question  (128 + id) command CR
    answer    command data "*" LF "sum" hhhh CR       with checksums
              command data CR                         without

The sum is that of command, data and asterisk.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass
class Analyser:
    """One analyser.

    Attributes:
        instrument: its id.
        gases: concentration by command, such as "o3".
        unit: the gas unit that is set.
        flags: the status word.
        mode: the gas mode; "" when it has no valves.
        ends: how its answers end: "plain", "star", "sum", "80" (80 before "sum", no asterisk), "ff" (FF before it all).
    """

    instrument: int
    gases: Mapping[str, float]
    unit: str = "ppb"
    flags: int = 0x0C00_0000
    mode: str = "sample"
    ends: Literal["plain", "star", "sum", "80", "ff"] = "sum"
    _heard: bytes = field(init=False, default=b"")

    def hear(self, octets: bytes) -> bytes:
        """Return what it says to what came in; what is meant for others is not answered."""
        self._heard += octets
        said = b""
        while b"\r" in self._heard:
            one, _, self._heard = self._heard.partition(b"\r")
            if one[:1] == bytes([128 + self.instrument]):
                command = one[1:].decode("ascii")
                said += self.closed(command + self._answer(command.lower()))
        return said

    def closed(self, text: str) -> bytes:
        """Return a line as this firmware ends it."""
        octets = text.encode("latin-1")
        starred = octets + b"*"
        ends = {
            "plain": octets,
            "star": starred,
            "ff": b"\xff" + octets,
            "sum": starred + b"\nsum %04x" % (sum(starred) % 65536),
            "80": octets + b"\x80sum %04x" % (sum(octets) % 65536),
        }
        return ends[self.ends] + b"\r"

    def _answer(self, command: str) -> str:
        if command in self.gases:
            return f" {self.gases[command]:.3f} {self.unit}"
        if command == "flags":
            return f" {self.flags:08X}"
        if command == "gas mode" and self.mode:
            return f" {self.mode}"
        return " bad cmd"
