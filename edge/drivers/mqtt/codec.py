"""JSON payloads of feeds, read as a mapping says. Pure.

    object    {"serialno": "ecda3b", "pm02": 7, "atmp": 25.9}                    a value at its path
    pairs     {"sensordatavalues": [{"value_type": "P1", "value": "66.04"}]}     a value at its name in a list
    senml     [{"bn": "urn:dev:ow:10e2", "n": "temperature", "u": "Cel", "v": 23.1}]

null and keys that are not there are no values; sentinels are values that are missing.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from edge.drivers.mqtt import mapping as form
from edge.drivers.mqtt.plain import check_plain
from edge.drivers.mqtt.senml import Entry, resolve
from edge.drivers.mqtt.times import read_time
from edge.drivers.mqtt.unfit import Unfit
from wire.reading import Flag

LARGEST_SN: Final = 10**15
_DECIMAL: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


class Observed(NamedTuple):
    """One value of a payload.

    Attributes:
        property: as the mapping has it.
        value: in the mapping's unit; NaN when the flag is MISSING.
        flag: UNKNOWN unless the device itself says more.
        time_ms: when it was measured, UTC; None when the payload does not say.
        ago_ms: for a payload without a date, by how much its time lies before the arrival.
    """

    property: str
    value: float
    flag: Flag = Flag.UNKNOWN
    time_ms: int | None = None
    ago_ms: int = 0


class Report(NamedTuple):
    """What one payload says.

    Attributes:
        sn: its serial number, None for feeds that do not count.
        time_ms: when it was measured, UTC; None when it does not say.
        values: of the mapping's properties, none twice at one time.
        faults: what could not be used, in words.
        longitude, latitude: degrees WGS-84; NaN when it does not say.
    """

    sn: int | None
    time_ms: int | None
    values: tuple[Observed, ...]
    faults: tuple[str, ...] = ()
    longitude: float = math.nan
    latitude: float = math.nan


class Unusable(NamedTuple):
    """A payload that gives no reading.

    Attributes:
        sn: its serial number when at least that can be read, so that it can be acknowledged and does not stop the feed.
        reason: what is wrong, in words.
    """

    sn: int | None
    reason: str


class Elsewhere(NamedTuple):
    """A payload of another device on the same topic.

    Attributes:
        identity: the name that it gives, "" for none.
    """

    identity: str


class Found(NamedTuple):
    """What stands where a value should be, and how sure the device is of it."""

    raw: object
    confidence: object = 1.0


def read_payload(payload: bytes, mapping: form.Mapping, identity: str = "") -> Report | Unusable | Elsewhere:
    """Return what a payload says.

    Args:
        payload: as it came.
        mapping: how to read it.
        identity: the device whose payloads to take, "" for all.
    """
    key = mapping.acknowledge
    if len(payload) > mapping.longest:
        return Unusable(_serial(payload[: mapping.longest], key), f"longer than {mapping.longest} bytes")
    try:
        root = msgspec.json.decode(payload)
        if mapping.plain:
            check_plain(root)
        return _senml(root, mapping, identity) if mapping.layout == "senml" else _report(root, mapping, identity)
    except (msgspec.DecodeError, OverflowError, RecursionError, ValueError) as error:
        return Unusable(_serial(payload, key), str(error))


def encode_acknowledgement(key: str, sn: int) -> bytes:
    """Return the payload that acknowledges all up to `sn`."""
    return msgspec.json.encode({key: sn})


def _serial(payload: bytes, key: str) -> int | None:
    match = re.search(rb'"%b"\s*:\s*(\d{1,15})\s*[,}]' % key.encode(), payload) if key else None
    return int(match[1]) if match else None


def _report(root: object, mapping: form.Mapping, identity: str) -> Report | Elsewhere:
    if not isinstance(root, dict):
        raise Unfit("no JSON object")
    if identity:
        named = str(_first(root, mapping.identity) or "")
        if named != identity:
            return Elsewhere(named)
    sn = _counted(root, mapping.acknowledge) if mapping.acknowledge else None
    faults: list[str] = []
    time_ms = _time_ms(root, mapping, faults)
    longitude, latitude = _place(root, mapping.place)
    values = _values(_finder(root, mapping), mapping, faults)
    return Report(sn, time_ms, tuple(values), tuple(faults), longitude, latitude)


def _counted(root: Mapping[str, Any], key: str) -> int:
    sn = root.get(key)
    if not isinstance(sn, int) or isinstance(sn, bool) or not 0 <= sn < LARGEST_SN:
        raise Unfit(f"{key}: no serial number")
    return sn


def _time_ms(root: Mapping[str, Any], mapping: form.Mapping, faults: list[str]) -> int | None:
    if mapping.time is None:
        return None
    raw = _at(root, mapping.time.path)
    if raw is None and not mapping.acknowledge:
        return None
    try:
        return read_time(raw, mapping.time)
    except (ValueError, OverflowError) as error:
        reason = f"{mapping.time.path}: no time: {error}"
        if mapping.acknowledge:
            raise Unfit(reason) from error
        faults.append(reason)
        return None


def _place(root: Mapping[str, Any], place: form.Place | None) -> tuple[float, float]:
    if place is None:
        return math.nan, math.nan
    found = [(path, _at(root, path)) for path in (place.longitude, place.latitude)]
    if all(raw is None for _, raw in found):
        return math.nan, math.nan
    if any(raw is None for _, raw in found):
        raise Unfit(f"{place.longitude} and {place.latitude} come together or not at all")
    (_, longitude), (_, latitude) = ((path, _number(raw, path, strings=True)) for path, raw in found)
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        raise Unfit(f"{place.longitude}, {place.latitude}: outside the globe")
    return longitude, latitude


def _finder(root: Mapping[str, Any], mapping: form.Mapping) -> Callable[[str], Found]:
    """Return what finds the value at a path, or at a name in the list of pairs."""
    pairs = mapping.pairs
    if pairs is None:
        return lambda path: Found(_at(root, path))
    rows = _at(root, pairs.list)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Unfit(f"{pairs.list}: no list of objects")
    named = {
        str(row.get(pairs.name)): Found(
            _first(row, pairs.value), row.get(pairs.confidence, 1.0) if pairs.confidence else 1.0
        )
        for row in rows
    }
    return lambda name: named.get(name, Found(None))


def _values(find: Callable[[str], Found], mapping: form.Mapping, faults: list[str]) -> list[Observed]:
    values = []
    for value in mapping.value:
        path, found = next(((path, one) for path in value.path if (one := find(path)).raw is not None), ("", None))
        if found is None:
            continue
        try:
            number = _number(found.raw, path, strings=mapping.strings, truths=value.unit == "1")
            observed = _judged(number, value)
            twin = find(value.twin.path).raw if value.twin else None
            sure = _number(found.confidence, "confidence", strings=False) >= mapping.confident
            doubted = not sure or (twin is not None and _differ(observed.value, twin, value, mapping))
        except ValueError as error:
            faults.append(str(error))
            continue
        values.append(observed._replace(flag=Flag.SUSPECT) if doubted and observed.flag != Flag.MISSING else observed)
    return values


def _judged(number: float, value: form.Value) -> Observed:
    if number in value.sentinels:
        return Observed(value.property, math.nan, Flag.MISSING)
    scaled = number * value.scale
    inside = value.range is None or value.range[0] <= scaled <= value.range[1]
    return Observed(value.property, scaled, Flag.UNKNOWN if inside else Flag.SUSPECT)


def _differ(first: float, raw: object, value: form.Value, mapping: form.Mapping) -> bool:
    """Return whether the second channel contradicts the first."""
    twin = value.twin
    assert twin is not None
    second = _number(raw, twin.path, strings=mapping.strings) * value.scale
    apart = abs(first - second)
    return apart > twin.apart and apart > twin.share * abs(first + second) / 2


def _senml(root: object, mapping: form.Mapping, identity: str) -> Report | Elsewhere:
    faults: list[str] = []
    values: dict[tuple[str, int | None, int], Observed] = {}
    entries = [(entry.quantity(identity), entry) for entry in resolve(root)]
    mine = [(quantity, entry) for quantity, entry in entries if quantity is not None]
    if entries and not mine:
        return Elsewhere(entries[0][1].name)
    for quantity, entry in mine:
        value = _meant(quantity, entry, mapping.value)
        if value is None:
            continue
        if entry.unit not in value.units:
            faults.append(f"{entry.name}: unit {entry.unit!r}, not {' or '.join(value.units)}")
            continue
        observed = _judged(entry.value * value.units[entry.unit], value)
        observed = observed._replace(time_ms=entry.time_ms, ago_ms=entry.ago_ms)
        values.setdefault((value.property, entry.time_ms, entry.ago_ms), observed)
    return Report(None, None, tuple(values.values()), tuple(faults))


def _meant(quantity: str, entry: Entry, values: Sequence[form.Value]) -> form.Value | None:
    """Return the value that an entry is: by its name, or by its unit when it has no name and the unit is only one's."""
    if quantity:
        return next((value for value in values if quantity in value.path), None)
    fitting = [value for value in values if entry.unit in value.units]
    return fitting[0] if len(fitting) == 1 else None


def _first(root: Mapping[str, Any], paths: Sequence[str]) -> object:
    return next((found for path in paths if (found := _at(root, path)) is not None), None)


def _at(root: object, path: str) -> object:
    """Return what stands at a path, None when nothing does."""
    for key in path.split("/"):
        root = root.get(key) if isinstance(root, Mapping) else None
    return root


def _number(raw: object, path: str, *, strings: bool, truths: bool = False) -> float:
    """Return a number that JSON states, as text where the mapping says so, as true or false where that is a value."""
    if isinstance(raw, str):
        usable = strings and bool(_DECIMAL.fullmatch(raw.strip())) and math.isfinite(float(raw))
    else:
        usable = truths if isinstance(raw, bool) else isinstance(raw, int | float)
    if not usable:
        raise Unfit(f"{path}: no number: {str(raw)[:40]}")
    return float(raw)  # type: ignore[arg-type]  # it is one of those
