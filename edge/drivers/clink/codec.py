"""Questions and answers of Thermo's C-Link protocol (RS-232 9600 8N1, or TCP port 9880; text lines).

    question   (128 + instrument id, left out for id 0) command 0D
    answer     command [data] [*] [end]

    end        format 00: 0D
               format 01: 0A "sum" hhhh 0D, in some firmware 80 instead of 0A
    data       on the line of the command, " 30.7 ppb", or on lines of its own after 0A, "14:38 07-28-21  flags ..."
    before it  some firmware sends FF

    hhhh = sum of the bytes of command, data and "*", with the 0A between them and without the one before "sum":
    so in all 107 captured answers of a 49i. The manual of the 146i counts that one too: both are taken.

What a command cannot do is answered as command + " bad cmd", " can't, wrong settings" and the like.
Source: Thermo manuals 42i, 49i, 146i, 410i, appendix B; captures of a 49i over TCP.
"""

import re
from typing import Final, NamedTuple

from edge.drivers.decoder import Fault

CR: Final = b"\r"
# Longer than any answer to our questions; ten long records have some 2,000 bytes.
MAX_ANSWER: Final = 4096
REFUSALS: Final = (
    "bad cmd",
    "can't, wrong settings",
    "can't, mode is service",
    "too high",
    "too low",
    "invalid string",
    "data not valid",
    "feature not enabled",
)
_SUM: Final = re.compile(rb"(?P<said>.*?)(?P<separator>[\n\x80]) *sum (?P<sum>[0-9a-fA-F]{4})", re.DOTALL)
_QUANTITY: Final = re.compile(r"(?P<value>[+-]?[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?)\s+(?P<unit>\S+)")
_FLAGS: Final = re.compile(r"[0-9A-Fa-f]{1,8}")
# The micro sign and the raised 3 in Latin-1, and in the character set of old displays.
_UNITS: Final = str.maketrans({"\xb5": "u", "\xe6": "u", "\xb3": "3", "\xfc": "3"})


class Answer(NamedTuple):
    """An answer to the question that was asked.

    Attributes:
        text: what follows the echo of the command, without the asterisk.
        summed: whether a checksum stood behind it, which was right.
    """

    text: str
    summed: bool

    @property
    def refusal(self) -> str:
        """What the instrument says instead of an answer, "" when it answers."""
        said = self.text.strip().lower().replace("\u2019", "'")
        return said if said in REFUSALS else ""


class Quantity(NamedTuple):
    """A number and its unit, ppb, ppm, ug/m3 or whatever the instrument writes."""

    value: float
    unit: str


def question(command: str, instrument: int = 0) -> bytes:
    """Return the bytes of a question to the instrument of an id, 0 to 127."""
    address = bytes((128 + instrument,)) if instrument else b""
    return address + command.encode("ascii") + CR


class AnswerDecoder:
    """Finds the answer to one command in a stream that may begin anywhere or hold noise."""

    def __init__(self, command: str) -> None:
        self._echo = re.compile(re.escape(command.encode("ascii")) + rb"(?=[ \n*\x80]|$)", re.IGNORECASE)
        self._held = b""

    def feed(self, chunk: bytes) -> list[Answer | Fault]:
        """Return the answers and faults that are complete now."""
        *lines, self._held = (self._held + chunk).split(CR)
        found = [self._judge(line) for line in lines if line.strip()]
        if len(self._held) > MAX_ANSWER:
            found.append(Fault("no end of an answer", self._held))
            self._held = b""
        return found

    def _judge(self, line: bytes) -> Answer | Fault:
        """Return what a line says. Noise before the echo may look like it: the sum decides, or the last is taken."""
        starts = [match.start() for match in self._echo.finditer(line)]
        if not starts:
            return Fault(f"an answer to something else: {line[:40]!r}", line)
        summed = _SUM.fullmatch(line)
        if summed is None:
            return self._answer(line[starts[-1] :], summed=False)
        stated = int(summed["sum"], 16)
        for start in starts:
            said = summed["said"][start:]
            if stated in (sum(said) & 0xFFFF, sum(said + summed["separator"]) & 0xFFFF):
                return self._answer(said, summed=True)
        return Fault("wrong checksum", line)

    def _answer(self, said: bytes, *, summed: bool) -> Answer:
        echo = self._echo.match(said)
        assert echo is not None
        return Answer(said[echo.end() :].rstrip().removesuffix(b"*").decode("latin-1"), summed)


def quantity(text: str) -> Quantity:
    """Return the number and the unit that an answer holds.

    Raises:
        ValueError: it holds something else.
    """
    match = _QUANTITY.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"no number with a unit: {text.strip()!r}")
    return Quantity(float(match["value"]), match["unit"].translate(_UNITS).lower())


def flags(text: str) -> int:
    """Return the status word; firmware writes it with 7 or 8 digits.

    Raises:
        ValueError: it is none.
    """
    word = text.strip()
    if not _FLAGS.fullmatch(word):
        raise ValueError(f"no status word: {word!r}")
    return int(word, 16)
