r"""NMEA 0183 sentences of a satellite receiver (8N1, ASCII lines).

    $GNRMC,064607.000,A,4546.2282,N,00311.6590,E,0.76,0.00,230619,,,A*7D\r\n
     |     |          | |         | |          | |    |    |        |  |
     |     hhmmss.sss | ddmm.mm   | dddmm.mm   | |    |    ddmmyy   |  XOR of all between $ and *
     talker, type     A fix, V none            | |    course        mode, since NMEA 2.3
                                               | knots over ground

    $GNGGA,064607.000,4546.2282,N,00311.6590,E,1,05,2.6,412.0,M,0.0,M,,*77\r\n
                                               |
                                               quality: 0 no fix, 6 dead reckoning, 7 by hand, 8 simulated

RMC gives position and speed in one sentence, so readings come from it alone; GGA says how good the fix is, also on
receivers whose RMC has no mode yet. Other sentences are checked and passed over. A sentence without a checksum is
refused. Numbers have as many decimals as the receiver likes, or none.
Source: NMEA 0183 as published in receivers' manuals (u-blox, SiRF, UniCore).
"""

import functools
import math
import operator
import re
from datetime import UTC, datetime
from typing import Final, NamedTuple

from edge.drivers.decoder import Fault

KNOT_M_S: Final = 1852 / 3600
# The standard allows 82 characters; receivers with many decimals go beyond.
MAX_LENGTH: Final = 128
# GPS time begins in 1980, so no receiver means an earlier year by its two digits.
FIRST_YEAR: Final = 80
# The body begins with a talker of two letters and a type of three, or with P and what a maker likes.
_CHECKED: Final = re.compile(
    rb"\$(?P<body>(?:[A-Z]{2}(?P<type>[A-Z]{3})(?=,)|[A-Z])[\x20-\x29\x2B-\x7E]*)\*(?P<sum>[0-9A-Fa-f]{2})"
)
_ANGLE: Final = re.compile(r"(?P<degrees>\d{1,3})(?P<minutes>[0-5]\d(?:\.\d*)?)")
_NUMBER: Final = re.compile(r"\d{1,6}(?:\.\d*)?|\.\d+")
_CLOCK: Final = re.compile(r"(\d\d)(\d\d)(\d\d)(?:\.(\d*))?")
_DATE: Final = re.compile(r"(\d\d)(\d\d)(\d\d)")
# Modes of RMC and qualities of GGA in which no satellite says where the receiver is.
_GUESSED: Final = frozenset("EMS678")
_NO_FIX: Final = frozenset("N0")


class Fix(NamedTuple):
    """Where the receiver is.

    Attributes:
        longitude, latitude: degrees WGS-84.
        speed: over ground, m/s; NaN when the sentence does not say.
        time_ms: UTC milliseconds as the receiver has them; None when the sentence holds no date that can be.
        guessed: the receiver reckons, simulates or was told its position.
    """

    longitude: float
    latitude: float
    speed: float
    time_ms: int | None = None
    guessed: bool = False


class NoFix(NamedTuple):
    """The receiver works and says that it does not know where it is."""

    sentence: str


class Quality(NamedTuple):
    """What GGA says about the fix.

    Attributes:
        has_fix: satellites or reckoning give a position.
        guessed: as of a `Fix`.
        longitude, latitude: degrees WGS-84; NaN without a fix.
    """

    has_fix: bool
    guessed: bool
    longitude: float = math.nan
    latitude: float = math.nan


class Passed(NamedTuple):
    """A good sentence of another type."""

    sentence: str


Sentence = Fix | NoFix | Quality | Passed


class NmeaDecoder:
    """Finds sentences in a stream that may begin anywhere or hold noise; what follows bad bytes is never lost."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, chunk: bytes) -> list[Sentence | Fault]:
        """Return what the lines that are complete now say."""
        *lines, self._held = (self._held + chunk).split(b"\n")
        if len(self._held) > MAX_LENGTH:
            lines.append(self._held)
            self._held = b""
        return [found for line in lines for found in _read_line(line.strip(b"\r"))]


def _read_line(line: bytes) -> list[Sentence | Fault]:
    """Return what a line says: the sentence after its last dollar sign, and a fault for what precedes it."""
    start = max(line.rfind(b"$"), 0)
    found: list[Sentence | Fault] = []
    if start:
        found.append(Fault("bytes that belong to no sentence", line[:start]))
    if line[start:]:
        found.append(read_sentence(line[start:]))
    return found


def read_sentence(raw: bytes) -> Sentence | Fault:
    """Return what one sentence says, without its line end."""
    match = _CHECKED.fullmatch(raw)
    if match is None:
        return Fault("no sentence with a checksum", raw)
    if functools.reduce(operator.xor, match["body"]) != int(match["sum"], 16):
        return Fault("wrong checksum", raw)
    body = match["body"].decode("ascii")
    try:
        match match["type"]:
            case b"RMC":
                return _rmc(body)
            case b"GGA":
                return _gga(body)
    except ValueError as error:
        return Fault(f"unreadable sentence: {error}", raw)
    return Passed(body)


def _rmc(body: str) -> Fix | NoFix:
    """Return what RMC says: type, time, status, latitude and its half, longitude and its half, knots, course, date."""
    fields = body.split(",")
    if len(fields) < 10:
        raise ValueError("too few fields")
    mode = fields[12] if len(fields) > 12 else ""
    if fields[2] != "A" or mode in _NO_FIX or not all(fields[3:7]):
        return NoFix(body)
    longitude, latitude = _place(fields[3:7])
    speed = _number(fields[7], "speed") * KNOT_M_S if fields[7] else math.nan
    return Fix(longitude, latitude, speed, _utc_ms(fields[9], fields[1]), mode in _GUESSED)


def _gga(body: str) -> Quality:
    """Return what GGA says: type, time, latitude and its half, longitude and its half, quality."""
    fields = body.split(",")
    if len(fields) < 7:
        raise ValueError("too few fields")
    quality = fields[6]
    if quality in _NO_FIX or not all(fields[2:7]):
        return Quality(has_fix=False, guessed=False)
    longitude, latitude = _place(fields[2:6])
    return Quality(has_fix=True, guessed=quality in _GUESSED, longitude=longitude, latitude=latitude)


def _place(fields: list[str]) -> tuple[float, float]:
    """Return (longitude, latitude) of the four fields in which a sentence states them, latitude first."""
    latitude = _angle(fields[0], fields[1], "NS", 90)
    return _angle(fields[2], fields[3], "EW", 180), latitude


def _angle(text: str, half: str, halves: str, limit: int) -> float:
    match = _ANGLE.fullmatch(text)
    if match is None or len(half) != 1 or half not in halves:
        raise ValueError(f"no angle: {text},{half}")
    degrees = int(match["degrees"]) + float(match["minutes"]) / 60
    if degrees > limit:
        raise ValueError(f"position outside the globe: {text},{half}")
    return degrees if half == halves[0] else -degrees


def _number(text: str, what: str) -> float:
    if _NUMBER.fullmatch(text) is None:
        raise ValueError(f"no {what}: {text}")
    return float(text)


def _utc_ms(date: str, clock: str) -> int | None:
    """Return UTC milliseconds of `ddmmyy` and `hhmmss.sss`; None when a receiver has no date or an impossible one."""
    day, time = _DATE.fullmatch(date), _CLOCK.fullmatch(clock)
    if day is None or time is None:
        return None
    year = int(day[3]) + (1900 if int(day[3]) >= FIRST_YEAR else 2000)
    try:
        minute = datetime(year, int(day[2]), int(day[1]), int(time[1]), int(time[2]), tzinfo=UTC)
    except ValueError:
        return None
    # A leap second is the 61st of its minute.
    seconds = min(int(time[3]), 60)
    return round(minute.timestamp() * 1000) + seconds * 1000 + int(f"{time[4] or '0':0<3}"[:3])
