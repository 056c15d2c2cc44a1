"""Devices that publish JSON and keep nothing: community monitors, SenML, and a lab's camera box.

    sensor.community   {"esp8266id": "1234", "sensordatavalues": [{"value_type": "SDS_P1", "value": "66.04"}, ...]}
    AirGradient        {"serialno": "ecda3b1eaaaf", "pm02": 7, "atmp": 25.87, "tvoc_raw": 33051, ...}
    PurpleAir          {"SensorId": "84:f3:eb", "DateTime": "2024/08/20T18:59:56z", "pm2_5_atm": 15.0, ...}
    SenML              [{"bn": "urn:dev:mac:...:", "bt": 1380873600, "n": "temperature", "u": "Cel", "v": 23.1}, ...]
    camera box         {"sn": 4, "box": "lab-03", "time": "...", "observations": [{"type": "no_gloves", "seen": true}]}

Each returns the payload for air in ug/m3, degC, %, hPa and ppm, by our names of the properties.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

_AIRROHR: Final = {
    "pm10": ("SDS_P1", 1.0),
    "pm2_5": ("SDS_P2", 1.0),
    "temperature": ("BME280_temperature", 1.0),
    "humidity": ("BME280_humidity", 1.0),
    "pressure": ("BME280_pressure", 100.0),
}
_AIRGRADIENT: Final = {
    "pm1": "pm01",
    "pm2_5": "pm02",
    "pm10": "pm10",
    "co2": "rco2",
    "temperature": "atmp",
    "humidity": "rhum",
}
_PURPLEAIR: Final = {"pm1": "pm1_0_atm", "pm2_5": "pm2_5_atm", "pm10": "pm10_0_atm"}
_SENML: Final = {"temperature": "Cel", "humidity": "%RH", "pressure": "hPa", "pm2_5": "ug/m3", "pm10": "ug/m3"}


class Seen(NamedTuple):
    """One thing that a camera box looked for: whether it saw it, or how many, and how sure it is."""

    what: str
    seen: bool | int
    confidence: float


def airrohr(identity: str, air: Mapping[str, float]) -> bytes:
    """Return what an airrohr posts to an address of one's own: two decimals, as text, pressure in Pa."""
    rows = [
        {"value_type": name, "value": f"{air[key] * scale:.2f}"}
        for key, (name, scale) in _AIRROHR.items()
        if key in air
    ]
    rows += [{"value_type": "samples", "value": "846782"}, {"value_type": "signal", "value": "-87"}]
    return json.dumps({"esp8266id": identity, "software_version": "NRZ-2020-133", "sensordatavalues": rows}).encode()


def airgradient(identity: str, air: Mapping[str, float], *, firmware: tuple[int, int] = (3, 1)) -> bytes:
    """Return what an AirGradient publishes; firmware 3.0 calls raw VOC tvoc_raw, 3.1 tvocRaw."""
    old = firmware < (3, 1)
    said: dict[str, object] = {"wifi": -46, "serialno": identity}
    said |= {name: air[key] for key, name in _AIRGRADIENT.items() if key in air}
    said |= {"tvocIndex": 100, "tvoc_raw" if old else "tvocRaw": 33051}
    said |= {"firmwareVersion" if old else "firmware": f"{firmware[0]}.{firmware[1]}.0", "boot": 6}
    return json.dumps(said).encode()


def purpleair(identity: str, time_ms: int, air: Mapping[str, float], second: Mapping[str, float]) -> bytes:
    """Return a PurpleAir's page: Fahrenheit, whole degrees; `second` is what its other counter says."""
    at = datetime.fromtimestamp(time_ms / 1000, UTC)
    said: dict[str, object] = {"SensorId": identity, "DateTime": f"{at:%Y/%m/%dT%H:%M:%S}z"}
    if "temperature" in air:
        said["current_temp_f"] = round(air["temperature"] * 9 / 5 + 32)
    said |= {name: air[key] for key, name in (("humidity", "current_humidity"), ("pressure", "pressure")) if key in air}
    said |= {name: air[key] for key, name in _PURPLEAIR.items() if key in air}
    said |= {f"{name}_b": second[key] for key, name in _PURPLEAIR.items() if key in second}
    return json.dumps(said).encode()


def senml(identity: str, time_ms: int | None, air: Mapping[str, float]) -> bytes:
    """Return a pack: base name and base time in the first record; without a time when the device knows none."""
    rows: list[dict[str, object]] = [
        {"n": key, "u": _SENML[key], "v": value} for key, value in air.items() if key in _SENML
    ]
    first: dict[str, object] = {"bn": f"{identity}:"} | ({} if time_ms is None else {"bt": time_ms / 1000})
    return json.dumps([first | rows[0], *rows[1:]]).encode()


def camera(sn: int, box: str, time_ms: int, seen: Sequence[Seen]) -> bytes:
    """Return what a camera box says it sees."""
    time = datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    observations = [
        {"type": one.what, "seen" if isinstance(one.seen, bool) else "count": one.seen, "confidence": one.confidence}
        for one in seen
    ]
    return json.dumps({"sn": sn, "box": box, "time": time, "observations": observations}).encode()
