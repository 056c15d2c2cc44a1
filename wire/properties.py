"""The catalogue of observed properties: one canonical unit, a plausible range and a way to average for each."""

from dataclasses import dataclass
from typing import Literal

Averaging = Literal["arithmetic", "energy", "vector"]

# Litres in a mole of gas at 298.15 K and 1013.25 hPa, the reference state of GB 3095-2026 for gases.
MOLAR_VOLUME_L = 24.45

# Multiplier to micrograms per cubic metre.
_MASS = {"ug/m3": 1.0, "mg/m3": 1e3, "ng/m3": 1e-3}


@dataclass(frozen=True, slots=True)
class ObservedProperty:
    """What is measured.

    Attributes:
        name: as in configuration, catalogue and interfaces.
        unit: the canonical unit, in which the hub judges and shows.
        low, high: the plausible range in the canonical unit; outside it the device lies.
        averaging: the domain in which values average: arithmetic, energy for decibels, vector for directions.
        molar_mass: g/mol for a gas, for the conversion from ppb; None otherwise.
        hj212: the factor code of HJ 212-2017 annex B.2 (O3: HJ 524-2009), None where it has none.
        chinese, english: what a person reads.
    """

    name: str
    unit: str
    low: float
    high: float
    averaging: Averaging
    chinese: str
    english: str
    molar_mass: float | None = None
    hj212: str | None = None


PROPERTIES: dict[str, ObservedProperty] = {
    p.name: p
    for p in (
        ObservedProperty("pm1", "ug/m3", 0, 2000, "arithmetic", "PM1", "PM1", hj212="a34005"),
        ObservedProperty("pm2_5", "ug/m3", 0, 2000, "arithmetic", "PM2.5", "PM2.5", hj212="a34004"),
        ObservedProperty("pm10", "ug/m3", 0, 5000, "arithmetic", "PM10", "PM10", hj212="a34002"),
        ObservedProperty("no", "ug/m3", -20, 3000, "arithmetic", "一氧化氮", "NO", 30.006, "a21003"),
        ObservedProperty("no2", "ug/m3", -20, 2000, "arithmetic", "二氧化氮", "NO2", 46.006, "a21004"),
        # NOx is stated as NO2 (HJ 212-2017: NO·M(NO2)/M(NO) + NO2).
        ObservedProperty("nox", "ug/m3", -20, 5000, "arithmetic", "氮氧化物", "NOx", 46.006, "a21002"),
        ObservedProperty("o3", "ug/m3", -20, 1200, "arithmetic", "臭氧", "O3", 47.998, "a05024"),
        ObservedProperty("so2", "ug/m3", -20, 2620, "arithmetic", "二氧化硫", "SO2", 64.066, "a21026"),
        ObservedProperty("co", "mg/m3", -1, 150, "arithmetic", "一氧化碳", "CO", 28.010, "a21005"),
        ObservedProperty("temperature", "degC", -45, 85, "arithmetic", "温度", "Temperature", hj212="a01001"),
        ObservedProperty("humidity", "%", 0, 100, "arithmetic", "相对湿度", "Relative humidity", hj212="a01002"),
        ObservedProperty("pressure", "hPa", 500, 1100, "arithmetic", "气压", "Pressure", hj212="a01006"),
        ObservedProperty("wind_speed", "m/s", 0, 75, "arithmetic", "风速", "Wind speed", hj212="a01007"),
        ObservedProperty("wind_direction", "deg", 0, 360, "vector", "风向", "Wind direction", hj212="a01008"),
        ObservedProperty("noise", "dB(A)", 20, 140, "energy", "噪声", "Noise", hj212="LA"),
        ObservedProperty("speed", "m/s", 0, 70, "arithmetic", "车速", "Speed"),
    )
}


class UnitMismatchError(ValueError):
    """A unit in which the property cannot be stated.

    Attributes:
        property: the property's name.
        unit: the unit as it was written.
        accepted: the units that would do.
    """

    def __init__(self, property_name: str, unit: str, accepted: tuple[str, ...]) -> None:
        super().__init__(f"{property_name} cannot be in {unit!r}: use one of {', '.join(accepted)}")
        self.property = property_name
        self.unit = unit
        self.accepted = accepted


def to_canonical(property_name: str, unit: str) -> tuple[float, float]:
    """Return (scale, offset) so that canonical = raw * scale + offset.

    Gases from ppb or ppm follow ideal-gas volumes at 298.15 K and 1013.25 hPa (GB 3095-2026, reference state).

    Raises:
        KeyError: the property is not in the catalogue.
        UnitMismatchError: the unit cannot be converted to the property's own.
    """
    known = _conversions(PROPERTIES[property_name])
    if unit not in known:
        raise UnitMismatchError(property_name, unit, tuple(known))
    return known[unit]


def _conversions(prop: ObservedProperty) -> dict[str, tuple[float, float]]:
    table: dict[str, tuple[float, float]] = {prop.unit: (1.0, 0.0)}
    if prop.unit in _MASS:
        table |= {unit: (scale / _MASS[prop.unit], 0.0) for unit, scale in _MASS.items()}
    if prop.molar_mass is not None:
        ppb = prop.molar_mass / MOLAR_VOLUME_L / _MASS[prop.unit]
        table |= {"ppb": (ppb, 0.0), "ppm": (ppb * 1e3, 0.0)}
    match prop.unit:
        case "degC":
            table |= {"degF": (5 / 9, -160 / 9), "K": (1.0, -273.15)}
        case "hPa":
            table |= {"kPa": (10.0, 0.0), "Pa": (0.01, 0.0)}
        case "m/s":
            table |= {"km/h": (1 / 3.6, 0.0), "kn": (1852 / 3600, 0.0)}
    return table
