"""Sources of pollution and what the wind makes of them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from firmware_sim.plane import Point


@dataclass(frozen=True)
class Wind:
    """Where the wind comes from: components in m/s east and north, as a vector that points upwind."""

    east: float
    north: float

    @property
    def speed(self) -> float:
        """Length in m/s."""
        return math.hypot(self.east, self.north)

    @property
    def direction_deg(self) -> float:
        """Degrees clockwise from north in [0, 360), where it comes from."""
        return math.degrees(math.atan2(self.east, self.north)) % 360


@dataclass(frozen=True)
class Source:
    """An area that emits: a Gaussian plume from a patch of ground.

    Attributes:
        centre: its middle.
        radius_m: the patch's size: the plume's width where it starts.
        depth_m: how deep the air over the patch is mixed: the plume's height where it starts.
        strength: concentration over the patch at 2 m/s by property, ug/m3.
        onset_ms, end_ms: it emits from the first to before the second, both whole minutes.
    """

    centre: Point
    radius_m: float
    depth_m: float
    strength: Mapping[str, float]
    onset_ms: int
    end_ms: int

    def excess(self, property_name: str, point: Point, wind: Wind, time_ms: int) -> float:
        """Return what it adds at a point, ug/m3."""
        strength = self.strength.get(property_name)
        if strength is None or not self.onset_ms <= time_ms < self.end_ms:
            return 0.0
        return strength * dilution(wind.speed) * self.spread(point, wind)

    def spread(self, point: Point, wind: Wind) -> float:
        """Return the share, 0 to 1, of the concentration over the patch that reaches a point.

        Downwind the plume widens by 0.11 m and deepens by 0.10 m a metre (open country, neutral air); upwind and
        across, the patch's own edge is a bell.
        """
        speed = max(wind.speed, 1e-6)
        east, north = point.east_m - self.centre.east_m, point.north_m - self.centre.north_m
        downwind_m = -(east * wind.east + north * wind.north) / speed
        across_m = (east * wind.north - north * wind.east) / speed
        reach_m = max(downwind_m, 0.0)
        width_m, depth_m = self.radius_m + 0.11 * reach_m, self.depth_m + 0.10 * reach_m
        upwind_m = min(downwind_m, 0.0)
        bell = math.exp(-0.5 * ((across_m / width_m) ** 2 + (upwind_m / self.radius_m) ** 2))
        return bell * self.radius_m * self.depth_m / (width_m * depth_m)


def dilution(speed_m_s: float) -> float:
    """Return how a wind thins a plume compared with 2 m/s, kept within 0.7 and 1.25.

    The air near the ground is never quite still, and gusts bring back what a strong wind takes.
    """
    return min(max(2.0 / max(speed_m_s, 0.1), 0.7), 1.25)
