"""The round that a patrol vehicle drives, for ever, by the clock."""

from dataclasses import dataclass, field
from typing import NamedTuple

from firmware_sim.plane import Point, along


class Stop(NamedTuple):
    """A corner of the round, where the vehicle stands `stand_s` seconds."""

    place: Point
    stand_s: int = 0


class _Leg(NamedTuple):
    start_s: float
    end_s: float
    path: tuple[Point, Point]


@dataclass(frozen=True)
class Route:
    """A closed round at a steady speed.

    Attributes:
        stops: its corners, at least two; the last leads back to the first.
        speed_m_s: on the move.
        lap_s: how long a round takes.
    """

    stops: tuple[Stop, ...]
    speed_m_s: float = 8.0
    lap_s: float = field(init=False)
    _legs: tuple[_Leg, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        legs, now_s = [], 0.0
        for here, there in zip(self.stops, (*self.stops[1:], self.stops[0]), strict=True):
            start_s = now_s + here.stand_s
            now_s = start_s + here.place.distance_m(there.place) / self.speed_m_s
            legs.append(_Leg(start_s, now_s, (here.place, there.place)))
        object.__setattr__(self, "lap_s", now_s)
        object.__setattr__(self, "_legs", tuple(legs))

    def position(self, time_ms: int) -> Point:
        """Return where the vehicle is."""
        leg, into_s = self._leg(time_ms)
        return along(leg.path, max(into_s, 0.0) * self.speed_m_s)

    def speed(self, time_ms: int) -> float:
        """Return its speed in m/s, zero while it stands."""
        return self.speed_m_s if self._leg(time_ms)[1] >= 0 else 0.0

    def course_deg(self, time_ms: int) -> float:
        """Return the direction of the road, degrees clockwise from north."""
        return self._leg(time_ms)[0].path[0].bearing_deg(self._leg(time_ms)[0].path[1])

    def _leg(self, time_ms: int) -> tuple[_Leg, float]:
        """Return the leg of this time and the seconds driven on it, below zero while the vehicle stands before it."""
        lap_s = time_ms / 1000 % self.lap_s
        for leg in self._legs:
            if lap_s < leg.end_s:
                return leg, lap_s - leg.start_s
        return self._legs[-1], self._legs[-1].end_s - self._legs[-1].start_s
