"""Winsen's modules as a table: what each measures, and where and in which unit its frames hold it. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple

from wire.reading import Flag


class Place(NamedTuple):
    """Where an answer holds a value.

    Attributes:
        at: the byte where its word begins.
        scale: the unit per count.
    """

    at: int
    scale: float


@dataclass(frozen=True, slots=True)
class Model:
    """A module.

    Attributes:
        gases: the properties that it may measure; a series that is sold for several gases does not tell which.
        warm_up_s: field seconds after power-on in which its values are none.
        sent: unit per count of its uploads, by unit, the usual one first; empty when it sends nothing by itself.
        asked: where its answers hold the value, by unit, the usual one first; empty when documents disagree.
        bits: those of the word that are counts.
        fault: the bit by which it says that it is broken, 0 when it has none.
        zero: whether 0 can be a value.
        switched: whether it must be told not to send by itself before it is asked.
    """

    gases: tuple[str, ...]
    warm_up_s: float
    sent: Mapping[str, float]
    asked: Mapping[str, Place]
    bits: int = 0xFFFF
    fault: int = 0
    zero: bool = True
    switched: bool = True

    def value(self, word: int, scale: float, full: int = 0) -> tuple[float, Flag]:
        """Return the value and its flag.

        Args:
            word: as in the frame.
            scale: the unit per count.
            full: the full scale in counts, 0 when the frame states none: what is above is suspect.
        """
        counts = word & self.bits
        if counts == 0 and not self.zero:
            return math.nan, Flag.MISSING
        if word & self.fault:
            return counts * scale, Flag.FAIL
        return counts * scale, Flag.SUSPECT if 0 < full < counts else Flag.UNKNOWN


# ppb comes first where a module has both: it does not say at which temperature its ug/m3 were reckoned (2.143 ug/m3 per
# ppb of ozone, as in one public program, is 0 degC), and the hub's own conversion is at 298.15 K.
_BOTH: Final = {"ppb": Place(6, 1.0), "ug/m3": Place(2, 1.0)}

MODELS: Final[Mapping[str, Model]] = MappingProxyType(
    {
        # The manual's table of answers contradicts its own formula: it is not asked.
        "ze07-co": Model(("co",), 180, {"ppm": 0.1}, {}),
        "ze15-co": Model(("co",), 30, {"ppm": 0.1}, {"ppm": Place(2, 0.1)}, bits=0x1FFF, fault=0x8000),
        "ze07-ch2o": Model(("formaldehyde",), 180, {"ppb": 1.0}, _BOTH),
        # Programs in use disagree on the place of ppb in its answers.
        "ze08-ch2o": Model(("formaldehyde",), 180, {"ppb": 1.0}, {}),
        "ze25-o3": Model(("o3",), 180, {"ppb": 1.0}, _BOTH),
        "ze12": Model(("no2", "no", "so2", "o3", "co", "h2s"), 180, {"ppb": 1.0, "ug/m3": 1.0, "ppm": 1.0}, _BOTH),
        "mh-z19b": Model(("co2",), 180, {}, {"ppm": Place(2, 1.0)}, zero=False, switched=False),
    }
)
