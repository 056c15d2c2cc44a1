"""What is held likely before anything is measured: which kinds of area make an excess, of dust or finer."""

import math
from typing import Final

from hub.model import AreaKind

# How often an excess is a kind's, an area each: judgement, not measurement.
OFTEN: Final[dict[AreaKind, float]] = {
    "construction_site": 1.0,
    "enterprise": 1.0,
    "road": 0.5,
    "lab_building": 0.2,
}
# Dust is coarse: with so many times more PM10 than PM2.5 in the excess it is dust.
COARSE: Final = 2.5
# Of a kind's excesses, how many are dust.
_DUSTY: Final[dict[AreaKind, float]] = {
    "construction_site": 0.9,
    "road": 0.6,
    "enterprise": 0.3,
    "lab_building": 0.1,
}
_DUSTY_ANYWHERE: Final = 0.5
# The share of excesses whose source no area is drawn around.
OUTSIDE: Final = 0.16


def weight_of(kind: AreaKind, coarse: float) -> float:
    """Return how likely an area of a kind is beforehand, relative to others.

    Args:
        kind: of the area.
        coarse: excess of PM10 over that of PM2.5, NaN when it is about neither.
    """
    return OFTEN[kind] * _agrees(_DUSTY[kind], coarse)


def _agrees(dusty: float, coarse: float) -> float:
    """Return how well a share of dust agrees with what was measured, 1 for what cannot be told."""
    if math.isnan(coarse):
        return 1.0
    return (dusty if coarse > COARSE else 1 - dusty) / 0.5


def anywhere(coarse: float) -> float:
    """Return the same for a source outside of all areas."""
    return _agrees(_DUSTY_ANYWHERE, coarse)
