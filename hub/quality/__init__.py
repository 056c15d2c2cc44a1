"""The device lies: checks that flag values, never change them."""

from typing import Final

from hub.quality.check import Check, Series
from hub.quality.faults.cause import Cause, Verdict
from hub.quality.faults.replay import Thresholds, calibrate, replay
from hub.quality.flat_line import FlatLine
from hub.quality.gain import Gain
from hub.quality.range import Range

__all__ = [
    "CHECKS",
    "Cause",
    "Check",
    "FlatLine",
    "Gain",
    "Range",
    "Series",
    "Thresholds",
    "Verdict",
    "calibrate",
    "replay",
]

CHECKS: Final[dict[str, type[Range] | type[FlatLine] | type[Gain]]] = {
    "range": Range,
    "flat_line": FlatLine,
    "gain": Gain,
}
