"""The world is unusual: detectors, the rules that they apply and the region's background that they compare with."""

from typing import Final

from hub.anomaly.detector import Detector, Series
from hub.anomaly.exceedance import Exceedance
from hub.anomaly.local_excess import LocalExcess
from hub.anomaly.onset import Onset
from hub.model import DetectorKind

__all__ = ["DETECTORS", "Detector", "Exceedance", "LocalExcess", "Onset", "Series"]

DETECTORS: Final[dict[DetectorKind, type[Exceedance] | type[LocalExcess] | type[Onset]]] = {
    "exceedance": Exceedance,
    "local_excess": LocalExcess,
    "onset": Onset,
}
