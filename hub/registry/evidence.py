"""An anomaly as JSON: what a lead's evidence is kept and shown as."""

import math
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
        "value": _number(anomaly.value),
        "background": _number(anomaly.background),
        "threshold": _number(anomaly.threshold),
        "rule": anomaly.rule,
        "longitude": _number(anomaly.longitude),
        "latitude": _number(anomaly.latitude),
        "alternatives": list(anomaly.alternatives),
    }


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
