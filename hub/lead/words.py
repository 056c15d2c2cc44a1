"""How things are said, in Chinese and in English: values, rules, candidates, what would settle a question."""

# Chinese has its own punctuation

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from hub.model import MINUTE_MS, Anomaly, Area
from hub.reasons import Candidate, Settle
from wire.properties import PROPERTIES

Said = tuple[str, str]

_BEIJING: Final = timedelta(hours=8)
_UNITS: Final = {"ug/m3": "µg/m³", "mg/m3": "mg/m³", "degC": "°C"}
_OUTSIDE: Final[Said] = ("已知区域以外的源", "a source outside the known areas")
_COMPASS: Final[tuple[Said, ...]] = (
    ("北", "north"),
    ("东北", "north-east"),
    ("东", "east"),
    ("东南", "south-east"),
    ("南", "south"),
    ("西南", "south-west"),
    ("西", "west"),
    ("西北", "north-west"),
)
# Below this an area is only the likeliest, not likely.
LIKELY: Final = 0.5


def beijing(time_ms: int) -> str:
    """Return a time as a clock in Beijing shows it, to the minute."""
    moment = datetime.fromtimestamp(time_ms // MINUTE_MS * 60, UTC) + _BEIJING
    return f"{moment:%m-%d %H:%M}"


def unit_of(property_name: str) -> str:
    """Return the unit of a property as people write it."""
    unit = PROPERTIES[property_name].unit
    return _UNITS.get(unit, unit)


def figure(value: float) -> str:
    """Return a value as people write it, to one decimal."""
    return f"{round(value, 1):g}"


def named(area: str | None, names: Mapping[str, Area]) -> Said:
    """Return the names of an area, None for a source outside of all."""
    if area is None:
        return _OUTSIDE
    known = names.get(area)
    return (area, area) if known is None else (known.name, known.name_en)


def shares(candidates: tuple[Candidate, ...], names: Mapping[str, Area]) -> Said:
    """Return the candidates with their probabilities in words."""
    chinese, english = zip(*(named(one.area, names) for one in candidates), strict=True)
    percent = [f"{100 * one.probability:.0f}%" if one.probability >= 0.01 else "<1%" for one in candidates]
    return (
        "、".join(f"{name}{share}" for name, share in zip(chinese, percent, strict=True)),
        ", ".join(f"{name} {share}" for name, share in zip(english, percent, strict=True)),
    )


def rule_words(anomaly: Anomaly) -> Said:
    """Return by which rule it is judged, and whose numbers those are."""
    basis = anomaly.basis
    own = "无国家标准限值，自定阈值" if not basis.standard else basis.standard
    foreign = "a threshold of our own, no standard's" if not basis.standard else basis.standard
    average = "" if basis.average_min == 1 else f"，{basis.average_min}分钟平均"
    mean = "" if basis.average_min == 1 else f", mean of {basis.average_min} min"
    return f"规则{anomaly.rule}（{own}{average}）。", f"Rule {anomaly.rule} ({foreign}{mean})."


def beside(area: Area, longitude: float, latitude: float) -> Said:
    """Return where a place lies from an area's middle."""
    middle = area.polygon.centroid
    north = (latitude - middle.y) * 111_195.0
    east = (longitude - middle.x) * 111_195.0 * math.cos(math.radians(latitude))
    sector = round(math.degrees(math.atan2(east, north)) / 45) % len(_COMPASS)
    away = round(math.hypot(east, north), -2)
    return (
        f"{area.name}中心以{_COMPASS[sector][0]}约{away:.0f} m",
        f"about {away:.0f} m {_COMPASS[sector][1]} of the middle of {area.name_en}",
    )


def settle_words(settle: Settle, property_name: str, names: Mapping[str, Area]) -> Said:
    """Return the observation that would settle it, for the person who makes it."""
    area, other = named(settle.area, names), named(settle.other, names)
    unit, known = unit_of(property_name), PROPERTIES[property_name]
    # Of the two, the one that is an area says where to go.
    fixed = names.get(settle.area or "") or names.get(settle.other or "")
    where = {
        "between": (f"{area[0]}与{other[0]}之间", f"between {area[1]} and {other[1]}"),
        "downwind": ("", "") if fixed is None else (f"{fixed.name}下风向", f"downwind of {fixed.name_en}"),
        "reading": ("", "") if fixed is None else beside(fixed, settle.longitude, settle.latitude),
    }[settle.kind]
    place = f"{settle.longitude:.4f}, {settle.latitude:.4f}"
    chinese = (
        f"最能说明问题的一次观测：现在到{where[0]}（{place}）测{known.chinese}："
        f"高于约{settle.value:g} {unit}支持{area[0]}，低于则支持{other[0]}。"
    )
    english = (
        f"What would settle it: {known.english} now {where[1]} ({place}): "
        f"above ~{settle.value:g} {unit} speaks for {area[1]}, below for {other[1]}."
    )
    return chinese, english


def with_words(anomaly: Anomaly, names: Mapping[str, Area]) -> Anomaly:
    """Return an anomaly whose settling observation is put into words."""
    if anomaly.settle is None:
        return anomaly
    chinese, english = settle_words(anomaly.settle, anomaly.cause.property, names)
    return replace(anomaly, settle=replace(anomaly.settle, words=chinese, words_en=english))
