"""The device lies: checks that flag values, never change them."""

from typing import Final

from hub.quality.check import Check, Series
from hub.quality.flat_line import FlatLine
from hub.quality.gain import Gain
from hub.quality.range import Range

__all__ = ["CHECKS", "Check", "FlatLine", "Gain", "Range", "Series"]

CHECKS: Final[dict[str, type[Range] | type[FlatLine] | type[Gain]]] = {
    "range": Range,
    "flat_line": FlatLine,
    "gain": Gain,
}
