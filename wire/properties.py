"""The catalogue of observed properties: one canonical unit, a plausible range and a way to average for each."""

from dataclasses import dataclass
from typing import Literal

Averaging = Literal["arithmetic", "energy", "vector"]
Subject = Literal["environment", "conduct", "gateway"]

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
        subject: what it tells of: the air and rooms that instruments measure, what people in a lab do as a camera box
            types it, or the gateway itself.
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
    subject: Subject = "environment"


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
        ObservedProperty("noise_c", "dB(C)", 20, 150, "energy", "C计权噪声", "Noise, C-weighted"),
        ObservedProperty("noise_z", "dB(Z)", 20, 150, "energy", "Z计权噪声", "Noise, unweighted"),
        ObservedProperty(
            "noise_l10", "dB(A)", 20, 140, "arithmetic", "噪声L10", "Noise level exceeded 10 % of the time"
        ),
        ObservedProperty(
            "noise_l50", "dB(A)", 20, 140, "arithmetic", "噪声L50", "Noise level exceeded 50 % of the time"
        ),
        ObservedProperty(
            "noise_l90", "dB(A)", 20, 140, "arithmetic", "噪声L90", "Noise level exceeded 90 % of the time"
        ),
        ObservedProperty("pm4", "ug/m3", 0, 5000, "arithmetic", "PM4", "PM4"),
        ObservedProperty(
            "tsp", "ug/m3", 0, 20_000, "arithmetic", "总悬浮颗粒物", "Total suspended particles", hj212="a34001"
        ),
        ObservedProperty("h2s", "ug/m3", -20, 5000, "arithmetic", "硫化氢", "H2S", 34.081),
        ObservedProperty("formaldehyde", "ug/m3", -20, 10_000, "arithmetic", "甲醛", "Formaldehyde", 30.026),
        ObservedProperty("co2", "ppm", 200, 40_000, "arithmetic", "二氧化碳", "CO2"),
        ObservedProperty("voc_index", "1", 0, 500, "arithmetic", "VOC指数", "VOC index"),
        ObservedProperty("rain", "mm", 0, 10_000, "arithmetic", "雨量", "Rain"),
        ObservedProperty("illuminance", "lx", 0, 250_000, "arithmetic", "照度", "Illuminance"),
        ObservedProperty("speed", "m/s", 0, 70, "arithmetic", "车速", "Speed"),
        # What a lab's camera box types by itself: 1 while it sees it, 0 while it does not; no picture leaves the lab.
        *(
            ObservedProperty(name, "1", 0, 1, "arithmetic", chinese, english, subject="conduct")
            for name, chinese, english in (
                ("no_gloves", "未戴手套", "No gloves"),
                ("no_goggles", "未戴护目镜", "No goggles"),
                ("no_lab_coat", "未穿实验服", "No lab coat"),
                ("unattended", "无人值守", "Experiment unattended"),
                ("open_flame", "明火", "Open flame"),
            )
        ),
        ObservedProperty("persons", "1", 0, 1000, "arithmetic", "人数", "Persons", subject="conduct"),
        *(
            ObservedProperty(name, unit, low, high, "arithmetic", chinese, english, subject="gateway")
            for name, unit, low, high, chinese, english in (
                ("cpu_temperature", "degC", -45, 125, "处理器温度", "CPU temperature"),
                ("memory_used", "%", 0, 100, "内存占用", "Memory used"),
                ("disk_free", "%", 0, 100, "磁盘剩余", "Disk free"),
                ("outbox_depth", "1", 0, 1e9, "待确认数据块", "Blocks that the hub has not acknowledged"),
                ("outbox_bytes", "MB", 0, 1e6, "待发箱大小", "Size of the outbox"),
                ("readings_dropped", "1", 0, 1e12, "丢弃读数", "Readings dropped for want of room"),
                ("clock_quality", "1", 0, 2, "时钟质量", "Clock: 0 unset, 1 from the hub, 2 NTP"),
                ("success_rate", "%", 0, 100, "应答成功率", "Polls answered"),
                ("latency", "ms", 0, 1e6, "应答时延", "Time to answer"),
            )
        ),
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
        case "lx":
            table |= {"klx": (1000.0, 0.0)}
        case "m/s":
            table |= {"km/h": (1 / 3.6, 0.0), "kn": (1852 / 3600, 0.0)}
    return table
