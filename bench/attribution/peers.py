"""Two simple ways to name an area: the nearest one, and the nearest one upwind."""

import math
from typing import Final

import numpy as np
import shapely
from field import Case
from watch import Verdict

# So far to either side of where the wind is said to come from.
SIDE_DEG: Final = 45.0


def named(case: Case, verdict: Verdict) -> dict[str, str]:
    """Return whom each names, from the place and the wind of the lead."""
    network, first = verdict.bindings.network, verdict.lead.evidence[0]
    east, north = network.plane.metres(np.array([first.longitude]), np.array([first.latitude]))
    place = shapely.Point(east[0], north[0])
    away = shapely.distance(place, network.shapes)
    nearest = shapely.get_coordinates(shapely.shortest_line(place, network.shapes))[1::2] - (place.x, place.y)
    upwind = np.array([case.told.east, case.told.north]) / case.told.speed
    # An area that the station stands in lies everywhere.
    there = (away == 0) | (nearest @ upwind >= math.cos(math.radians(SIDE_DEG)) * away)
    return {
        "nearest area": network.areas[int(away.argmin())].id,
        "nearest area upwind": network.areas[int(np.where(there, away, away + away.max()).argmin())].id,
    }
