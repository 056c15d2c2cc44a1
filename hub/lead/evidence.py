"""An anomaly as JSON values: how evidence is kept and shown. Pure."""

import math
from dataclasses import asdict
from typing import Any

from hub.model import Anomaly


def evidence(anomaly: Anomaly) -> dict[str, Any]:
    """Return plain JSON values; a background or position that is not a number becomes None."""
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
    }


def number(value: float) -> float | None:
    """Return the value as JSON knows it: None when it is not finite."""
    return float(value) if math.isfinite(value) else None
