r"""NMEA 0183 sentences of a satellite receiver (8N1, ASCII lines).

    $GNRMC,064607.000,A,4546.2282,N,00311.6590,E,0.76,0.00,230619,,,A*7D\r\n
     |     |          | |         | |          | |    |    |          |
     |     hhmmss     | ddmm.mm   | dddmm.mm   | knots|    ddmmyy     XOR of all between $ and *
     talker, type     A valid, V no fix             course

RMC gives position and speed in one sentence, so it alone is read; other sentences are checked and passed over. A
sentence without a checksum is refused.
Source: NMEA 0183 as published in receivers' manuals; parsed with pynmea2.
"""

import functools
import math
import operator
import re
from typing import Final, NamedTuple

import pynmea2

from edge.drivers.decoder import Fault

KNOT_M_S: Final = 1852 / 3600
# The standard allows 82 characters; receivers with many decimals go beyond.
MAX_LENGTH: Final = 128
# The body begins with a talker of two letters and a type of three, or with P and what a maker likes.
_CHECKED = re.compile(
    rb"\$(?P<body>(?:[A-Z]{2}(?P<type>[A-Z]{3})(?=,)|[A-Z])[\x20-\x29\x2B-\x7E]*)\*(?P<sum>[0-9A-Fa-f]{2})"
)


class Fix(NamedTuple):
    """Where the receiver is.

    Attributes:
        longitude, latitude: degrees WGS-84.
        speed: over ground, m/s; NaN when the sentence does not say.
    """

    longitude: float
    latitude: float
    speed: float


class Passed(NamedTuple):
    """A good sentence that holds no position: another type, or a receiver that has no fix yet."""

    sentence: str


class NmeaDecoder:
    """Finds sentences in a stream that may begin anywhere or hold noise; what follows bad bytes is never lost."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, chunk: bytes) -> list[Fix | Passed | Fault]:
        """Return what the lines that are complete now say."""
        *lines, self._held = (self._held + chunk).split(b"\n")
        if len(self._held) > MAX_LENGTH:
            lines.append(self._held)
            self._held = b""
        return [found for line in lines for found in _read_line(line.strip(b"\r"))]


def _read_line(line: bytes) -> list[Fix | Passed | Fault]:
    """Return what a line says: the sentence after its last dollar sign, and a fault for what precedes it."""
    start = max(line.rfind(b"$"), 0)
    found: list[Fix | Passed | Fault] = []
    if start:
        found.append(Fault("bytes that belong to no sentence", line[:start]))
    if line[start:]:
        found.append(read_sentence(line[start:]))
    return found


def read_sentence(raw: bytes) -> Fix | Passed | Fault:
    """Return what one sentence says, without its line end."""
    match = _CHECKED.fullmatch(raw)
    if match is None:
        return Fault("no sentence with a checksum", raw)
    if functools.reduce(operator.xor, match["body"]) != int(match["sum"], 16):
        return Fault("wrong checksum", raw)
    text = raw.decode("ascii")
    if match["type"] != b"RMC":
        return Passed(text)
    try:
        return _fix(pynmea2.parse(text, check=True))
    except (ValueError, TypeError, IndexError) as error:
        return Fault(f"unreadable sentence: {error}", raw)


def _fix(sentence: pynmea2.RMC) -> Fix | Passed:
    if sentence.status != "A" or not (sentence.lat and sentence.lon and sentence.lat_dir and sentence.lon_dir):
        return Passed(str(sentence))
    longitude, latitude = float(sentence.longitude), float(sentence.latitude)
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        raise ValueError("position outside the globe")
    knots = math.nan if sentence.spd_over_grnd is None else float(sentence.spd_over_grnd)
    if math.isinf(knots):
        raise ValueError("no speed")
    return Fix(longitude, latitude, knots * KNOT_M_S)
