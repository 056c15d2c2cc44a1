"""From rules as they are written to rules as they are judged: a standard's limits are looked up, never repeated."""

from typing import Any, Final

import msgspec

from hub.anomaly.rule import Rule, Written
from hub.anomaly.standard import AirIndex, AirStandard, AnyStandard, Limit, NoiseStandard, NoSuchLimit, Standards
from wire.properties import PROPERTIES, UnitMismatchError, to_canonical

# Averaging periods of standards as minutes: what the judge, who sees the last day, can form.
_PERIODS: Final = {"1h": 60, "daily_max_8h": 480, "day": 1440}
# What an hourly mean needs where its standard does not say: the convention for particulates.
HOUR_VALID_MIN: Final = 45


class Uncitable(ValueError):
    """A rule that does not say enough, or refers to what is not there; `key` names the part."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(reason)
        self.key = key
        self.reason = reason


def cited(written: Written, standards: Standards) -> tuple[Rule, ...]:
    """Return a written rule as the judge takes it: one for each step of the limit that it applies.

    Raises:
        Uncitable: it cannot be used.
    """
    if written.property not in PROPERTIES:
        raise Uncitable("property", f"{written.property!r} is not in the catalogue")
    hourly = written.kind == "limit" and (written.average_min < 1440) and written.averaging in ("", "1h")
    if hourly and written.property in {"pm2_5", "pm10"}:
        raise Uncitable("kind", f"GB 3095 has no limit for {written.property} below a day")
    if not written.standard:
        return (_own(written),)
    standard = standards.get(written.standard)
    if standard is None:
        raise Uncitable("standard", f"there is no table of {written.standard!r}: {', '.join(standards)}")
    if written.threshold is not None or written.night_threshold is not None:
        raise Uncitable("threshold", f"the limit is that of {written.standard}")
    try:
        return _of_standard(written, standard)
    except NoSuchLimit as error:
        raise Uncitable("standard", str(error)) from error


def _of_standard(written: Written, standard: AnyStandard) -> tuple[Rule, ...]:
    match written.kind, standard:
        case "limit", AirStandard():
            cells = standard.cells(written.property, written.averaging)
            return tuple(_limit(written, standard, cell, single=len(cells) == 1) for cell in cells)
        case "aqi_level", AirIndex():
            return (_index(written, standard),)
        case "noise_zone", NoiseStandard():
            zone = standard.of(written.zone_class)
            where = f"class {zone.name} ({zone.day:g}/{zone.night:g})"
            said = {"unit": "dB(A)", "threshold": zone.day, "night_threshold": zone.night}
            return (_rule(written, said | _cite(written, standard, where)),)
    raise Uncitable("kind", f"{written.kind!r} cannot be a limit of {standard.standard}")


def _limit(written: Written, standard: AirStandard, cell: Limit, *, single: bool) -> Rule:
    if cell.by_decision and not written.decision:
        reason = f"{standard.standard} table {cell.table}: {cell.property} needs a decision of the authority"
        raise Uncitable("decision", reason)
    if written.averaging not in _PERIODS:
        raise Uncitable("averaging", f"{written.averaging!r} cannot be judged minute by minute: {', '.join(_PERIODS)}")
    if written.grade not in (1, 2):
        raise Uncitable("grade", "1 or 2")
    needs = standard.needs(cell.property, cell.averaging)
    decided = f", switched on by {written.decision}" if written.decision else ""
    where = f"table {cell.table}, {cell.averaging}, grade {written.grade}{decided}; validity: table 4"
    said = {
        "id": written.id if single else f"{written.id}-{cell.valid_from:%Y}",
        "unit": cell.unit,
        "threshold": cell.grades[written.grade - 1],
        "average_min": _PERIODS[written.averaging],
        "valid_min": needs.minutes or HOUR_VALID_MIN,
        "valid_hours": needs.hours,
        "natural_day": written.averaging != "1h",
    }
    return _rule(written, said | _cite(written, standard, where, cell))


def _index(written: Written, index: AirIndex) -> Rule:
    column = index.of(written.property, written.averaging)
    points = dict(zip(index.iaqi, column.points, strict=False))
    if written.iaqi not in points:
        raise Uncitable("iaqi", f"one of {', '.join(map(str, points))}")
    said = {"unit": column.unit, "threshold": float(points[written.iaqi])}
    return _rule(written, said | _cite(written, index, f"IAQI {written.iaqi} of the {written.averaging} mean"))


def _cite(written: Written, standard: AnyStandard, where: str, cell: Limit | None = None) -> dict[str, Any]:
    first = cell.valid_from if cell and cell.valid_from else standard.valid_from
    last = cell.valid_to if cell and cell.valid_to else standard.valid_to
    cited = f"{standard.standard} {where}"
    return {
        "valid_from": max(written.valid_from, first),
        "valid_to": min(written.valid_to, last),
        "jurisdiction": standard.jurisdiction,
        "source": "; ".join(part for part in (cited, written.source) if part),
        "source_zh": "；".join(part for part in (cited, written.source_zh or written.source) if part),
        "confidence": written.confidence or standard.confidence,
    }


def _own(written: Written) -> Rule:
    """Return a rule whose numbers are its own."""
    if written.threshold is None:
        raise Uncitable("threshold", "give a threshold, or the standard whose limit it is")
    if written.kind in ("limit", "aqi_level", "noise_zone"):
        raise Uncitable("standard", f"a rule of kind {written.kind!r} names its standard; a local_threshold needs none")
    if not written.source or written.confidence is None:
        raise Uncitable("source", "say where the numbers stand, and how sure that is (confidence)")
    return _rule(written, {})


def _rule(written: Written, said: dict[str, Any]) -> Rule:
    """Return a rule in canonical units, of what is written and what its standard says."""
    values = {name: getattr(written, name) for name in Rule.__struct_fields__} | said
    values["valid_min"] = values["valid_min"] or (1 if values["average_min"] == 1 else 0)
    if not values["valid_min"]:
        raise Uncitable("valid_min", f"a mean of {values['average_min']} min needs to say how many have values")
    try:
        scale, offset = to_canonical(written.property, values["unit"])
    except UnitMismatchError as error:
        raise Uncitable("unit", str(error)) from error
    values["unit"] = PROPERTIES[written.property].unit
    if (scale, offset) != (1.0, 0.0):
        shift = 0.0 if written.kind in ("local_excess", "onset") else offset
        values["threshold"] = values["threshold"] * scale + shift
        values["margin"] = values["margin"] * scale
        if values["night_threshold"] is not None:
            values["night_threshold"] = values["night_threshold"] * scale + shift
    rule = Rule(**values)
    if rule.confidence == "C" and "unverified" not in rule.source:
        raise Uncitable("source", "confidence C must say 'unverified'")
    return rule


def versioned(rule: Rule, version: str, jurisdiction: str) -> Rule:
    """Return a rule with the version of its file in its id, and the file's jurisdiction unless it has its own."""
    return msgspec.structs.replace(rule, id=f"{rule.id}@{version}", jurisdiction=rule.jurisdiction or jurisdiction)
