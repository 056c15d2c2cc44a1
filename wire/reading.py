"""A reading and the verdict on it."""

import math
from enum import IntEnum
from typing import NamedTuple


class Flag(IntEnum):
    """QARTOD verdict on a value (IOOS, Manual for Real-Time Quality Control, flag scheme of IOC 54:V3)."""

    GOOD = 1
    UNKNOWN = 2
    SUSPECT = 3
    FAIL = 4
    MISSING = 9


class Reading(NamedTuple):
    """One value of one property of one device at one time.

    Attributes:
        device: the device's id, unique on its gateway.
        property: a name of `wire.properties.PROPERTIES`.
        monotonic_ms: when the device answered, on the gateway's `Clock.monotonic_ms`: right before the date is known.
        value: in the device's own unit, as the catalogue states it; NaN when flag is MISSING.
        flag: UNKNOWN unless the device itself says more (status bits, sentinels).
        longitude, latitude: degrees WGS-84 for a moving station, NaN for a fixed one.
    """

    device: str
    property: str
    monotonic_ms: int
    value: float
    flag: Flag = Flag.UNKNOWN
    longitude: float = math.nan
    latitude: float = math.nan
