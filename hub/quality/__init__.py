"""The device lies: checks that flag values, never change them."""

from typing import Final

from hub.quality.check import Check, Series
from hub.quality.faults.calibration import calibrate
from hub.quality.faults.carried import Carried, begin, settled
from hub.quality.faults.cause import Cause, Verdict
from hub.quality.faults.episodes import KINDS
from hub.quality.faults.keeping import dumped, loaded
from hub.quality.faults.replay import advance, replay
from hub.quality.faults.thresholds import Thresholds
from hub.quality.flat_line import FlatLine
from hub.quality.gain import Gain
from hub.quality.range import Range

__all__ = [
    "CHECKS",
    "KINDS",
    "Carried",
    "Cause",
    "Check",
    "FlatLine",
    "Gain",
    "Range",
    "Series",
    "Thresholds",
    "Verdict",
    "advance",
    "begin",
    "calibrate",
    "dumped",
    "loaded",
    "replay",
    "settled",
]

CHECKS: Final[dict[str, type[Range] | type[FlatLine] | type[Gain]]] = {
    "range": Range,
    "flat_line": FlatLine,
    "gain": Gain,
}
