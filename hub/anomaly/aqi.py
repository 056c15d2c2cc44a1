"""The air quality index of HJ 633-2026, in exact decimal arithmetic. Pure.

A concentration is rounded first (GB/T 8170: half to even; whole numbers, CO to one decimal), then the index of each
pollutant is the next whole number above the straight line between two breakpoints. Binary floats would be one too high
in places: 2.2 mg/m3 of CO is 55, not 56.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final, NamedTuple

from hub.anomaly.standard import AirIndex, IndexLevel

# The six pollutants of the index.
POLLUTANTS: Final = ("so2", "no2", "co", "o3", "pm10", "pm2_5")
# Above this the pollutants with the highest index are the primary ones.
PRIMARY_ABOVE: Final = 50
# With a pollutant missing the index stands only when the others already exceed this.
COMPLETE_BELOW: Final = 100


class Aqi(NamedTuple):
    """An index.

    Attributes:
        value: None where too much is missing.
        primary: the pollutants that make it, none up to 50; several when they are equal.
        level: None without a value.
    """

    value: int | None
    primary: tuple[str, ...]
    level: IndexLevel | None


def rounded(concentration: Decimal, places: int) -> Decimal:
    """Return a concentration to so many decimals, halves to the even digit."""
    return concentration.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)


def iaqi(index: AirIndex, property_name: str, averaging: str, concentration: Decimal) -> int:
    """Return the index of one pollutant.

    Args:
        index: the standard's breakpoints.
        property_name: one of POLLUTANTS.
        averaging: "1h", "8h" or "24h"; hourly means belong to the real-time report.
        concentration: in the column's unit; what rounds to less than nothing is nothing. A float has to be made a
            Decimal of the digits that are shown, `Decimal(str(value))`.

    Returns:
        From 0; above the last breakpoint that one's.

    Raises:
        NoSuchLimit: the standard has no such column.
        ValueError: the concentration is no finite number.
    """
    if not concentration.is_finite():
        raise ValueError(f"{concentration} is no concentration")
    column = index.of(property_name, averaging)
    value = max(rounded(concentration, column.places), Decimal(0))
    points, at = column.points, 1
    if value >= points[-1]:
        return index.iaqi[len(points) - 1]
    while value > points[at]:
        at += 1
    low, high = points[at - 1], points[at]
    # Whole division of the exact numerator: a quotient with infinitely many digits is never formed.
    whole, rest = divmod((index.iaqi[at] - index.iaqi[at - 1]) * (value - low), high - low)
    return index.iaqi[at - 1] + int(whole) + (rest > 0)


def aqi(index: AirIndex, iaqis: Mapping[str, int | None]) -> Aqi:
    """Return the index of the air from those of its pollutants.

    Args:
        index: the standard's levels.
        iaqis: by pollutant; None or left out where it is missing.
    """
    known = {name: value for name in POLLUTANTS if (value := iaqis.get(name)) is not None}
    highest = max(known.values(), default=0)
    if len(known) < len(POLLUTANTS) and highest <= COMPLETE_BELOW:
        return Aqi(None, (), None)
    primary = tuple(name for name, value in known.items() if value == highest) if highest > PRIMARY_ABOVE else ()
    return Aqi(highest, primary, next(level for level in index.level if highest <= level.up_to))
