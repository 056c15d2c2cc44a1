"""What a source on a patch of ground adds downwind: Gaussian plumes of many possible sources at once."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# How many metres a plume widens and deepens (standard deviations) a metre on its way, near the source: Briggs (1973),
# open country in slightly unstable (C) and neutral (D) air, and town in neutral air.
SPREADS: Final = ((0.11, 0.08), (0.08, 0.06), (0.16, 0.14))
# How deep the air over a patch is mixed, metres.
DEPTH_M: Final = 20.0


class Sources(NamedTuple):
    """Possible sources, s of them.

    Attributes:
        east_m, north_m: float64[s], middles of the patches.
        turn_rad: float64[s], how far the wind's direction is off, counter-clockwise.
        radius_m: float64[s], of the patches: the plume's width where it starts.
        widens, deepens: float64[s], metres a metre.
    """

    east_m: Floats
    north_m: Floats
    turn_rad: Floats
    radius_m: Floats
    widens: Floats
    deepens: Floats

    def chosen(self, which: NDArray[np.intp]) -> "Sources":
        """Return some of them."""
        return Sources(*(column[which] for column in self))


class Points(NamedTuple):
    """Places at times, k of them.

    Attributes:
        east_m, north_m: float64[k].
        upwind_east, upwind_north: float64[k], unit vector to where the wind comes from then.
    """

    east_m: Floats
    north_m: Floats
    upwind_east: Floats
    upwind_north: Floats


def reached(sources: Sources, points: Points) -> Floats:
    """Return float64[s, k]: the share, 0 to 1, of the concentration over each source's patch that reaches each point.

    Downwind the plume widens and deepens; upwind and across, the patch's own edge is a bell.
    """
    cosine, sine = np.cos(sources.turn_rad)[:, None], np.sin(sources.turn_rad)[:, None]
    east = points.upwind_east * cosine - points.upwind_north * sine
    north = points.upwind_north * cosine + points.upwind_east * sine
    dx = points.east_m - sources.east_m[:, None]
    dy = points.north_m - sources.north_m[:, None]
    downwind, across = -(dx * east + dy * north), dx * north - dy * east
    reach, radius = np.maximum(downwind, 0.0), sources.radius_m[:, None]
    width = radius + sources.widens[:, None] * reach
    depth = DEPTH_M + sources.deepens[:, None] * reach
    bell = np.exp(-0.5 * ((across / width) ** 2 + (np.minimum(downwind, 0.0) / radius) ** 2))
    return np.asarray(bell * (radius * DEPTH_M) / (width * depth), np.float64)
