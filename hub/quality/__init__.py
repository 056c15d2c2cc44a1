"""The device lies: checks that flag values, never change them."""

from typing import Any, Final

from hub.quality.attenuated import Attenuated
from hub.quality.bottom import Bottom
from hub.quality.check import Check, Series
from hub.quality.clipping import Clipping
from hub.quality.consistency import Consistency
from hub.quality.faults.calibration import calibrate
from hub.quality.faults.carried import Carried, begin, settled
from hub.quality.faults.cause import Cause, Verdict
from hub.quality.faults.episodes import KINDS
from hub.quality.faults.keeping import dumped, loaded
from hub.quality.faults.replay import advance, replay
from hub.quality.faults.thresholds import Thresholds
from hub.quality.flat_line import FlatLine
from hub.quality.gain import Gain
from hub.quality.oxidant import Oxidant
from hub.quality.range import Range
from hub.quality.rate_of_change import RateOfChange
from hub.quality.spike import Spike

__all__ = [
    "CHECKS",
    "KINDS",
    "Attenuated",
    "Bottom",
    "Carried",
    "Cause",
    "Check",
    "Clipping",
    "Consistency",
    "FlatLine",
    "Gain",
    "Oxidant",
    "Range",
    "RateOfChange",
    "Series",
    "Spike",
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

# Those that judge a stream, or a pair, by itself and what its neighbours have; silence and meetings are of all at once.
CHECKS: Final[dict[str, type[Any]]] = {
    "range": Range,
    "flat_line": FlatLine,
    "gain": Gain,
    "spike": Spike,
    "rate_of_change": RateOfChange,
    "attenuated": Attenuated,
    "bottom": Bottom,
    "clipping": Clipping,
    "consistency": Consistency,
    "oxidant": Oxidant,
}
