"""NMEA 0183: the two sentences of a GPS receiver.

$GPRMC,hhmmss.sss,A,ddmm.mmmm,N,dddmm.mmmm,E,knots,course,ddmmyy,,,A*hh      *hh = XOR of all between $ and *
$GPGGA,hhmmss.sss,ddmm.mmmm,N,dddmm.mmmm,E,fix,satellites,hdop,alt,M,geoid,M,,*hh
"""

from datetime import UTC, datetime
from functools import reduce
from operator import xor
from typing import Final

KNOT_M_S: Final = 1852 / 3600


def sentence(body: str) -> str:
    """Return `$body*hh` with the line's end."""
    return f"${body}*{reduce(xor, body.encode()):02X}\r\n"


def degrees_minutes(degrees: float, width: int, positive: str, negative: str) -> str:
    """Return an angle as `ddmm.mmmm,N`: `width` digits of degrees, minutes to 4 decimals (18 cm), the hemisphere."""
    units = round(abs(degrees) * 600_000)
    whole, minutes = divmod(units, 600_000)
    return f"{whole:0{width}}{minutes // 10_000:02}.{minutes % 10_000:04},{positive if degrees >= 0 else negative}"


def fix(time_ms: int, longitude: float, latitude: float, speed_m_s: float, course_deg: float) -> tuple[bytes, float]:
    """Return (RMC and GGA of one fix, the speed in m/s that the RMC states)."""
    at = datetime.fromtimestamp(time_ms / 1000, UTC)
    clock = f"{at:%H%M%S}.{at.microsecond // 1000:03}"
    place = f"{degrees_minutes(latitude, 2, 'N', 'S')},{degrees_minutes(longitude, 3, 'E', 'W')}"
    knots = f"{max(speed_m_s, 0.0) / KNOT_M_S:.2f}"
    rmc = sentence(f"GPRMC,{clock},A,{place},{knots},{course_deg:.1f},{at:%d%m%y},,,A")
    gga = sentence(f"GPGGA,{clock},{place},1,09,0.9,31.0,M,-8.6,M,,")
    return (rmc + gga).encode(), float(knots) * KNOT_M_S
