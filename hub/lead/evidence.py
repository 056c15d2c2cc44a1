"""An anomaly as JSON values: how evidence is kept and shown. Pure."""

import math
from dataclasses import asdict
from typing import Any

from hub.model import Anomaly
from hub.reasons import Explanation


def evidence(anomaly: Anomaly) -> dict[str, Any]:
    """Return plain JSON values; what is not a number becomes None."""
    return {
        "minute_ms": anomaly.minute_ms,
        "station": anomaly.station,
        "datastream": anomaly.datastream,
        "property": anomaly.cause.property,
        "detector": anomaly.cause.detector,
        "level": anomaly.level.name.lower(),
        "value": number(anomaly.value),
        "background": number(anomaly.background),
        "threshold": number(anomaly.threshold),
        "rule": anomaly.rule,
        "longitude": number(anomaly.longitude),
        "latitude": number(anomaly.latitude),
        "alternatives": list(anomaly.alternatives),
        "basis": asdict(anomaly.basis),
        "candidates": [_plain(one._asdict()) for one in anomaly.candidates],
        "settle": None if anomaly.settle is None else _plain(asdict(anomaly.settle)),
        "explanation": None if anomaly.explanation is None else _explanation(anomaly.explanation),
    }


def _explanation(said: Explanation) -> dict[str, Any]:
    plain = _plain(asdict(said))
    for name in ("parts", "neighbours", "history"):
        plain[name] = [_plain(one._asdict()) for one in getattr(said, name)]
    return plain


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: _finite(value) for name, value in values.items()}


def _finite(value: Any) -> Any:
    """Return a value as JSON knows it, numbers to four decimals: more than any instrument gives."""
    if not isinstance(value, float):
        return value
    # NumPy's numbers are floats that stay NumPy's when rounded, and JSON knows none of them.
    return round(float(value), 4) if math.isfinite(value) else None


def number(value: float) -> float | None:
    """Return the value as JSON knows it: None when it is not finite."""
    return float(value) if math.isfinite(value) else None
