"""What one more observation tells: at the place that the hub names, at the obvious place, and at any place."""

from typing import Final

import numpy as np
from field import Case
from watch import Verdict

from firmware_sim.plane import Point, on_plane
from firmware_sim.scenes import MINUTE_MS
from hub.anomaly.background import background
from hub.area.attribution import Measured, Posterior, posterior
from hub.area.measured import measured
from hub.area.plume import Points
from hub.area.sight import Sight
from hub.model import Anomaly
from hub.network import Network

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

# Minutes until somebody is there, how far off the instrument is, and how far from a border the obvious place lies.
DRIVE_MIN: Final = 5
NOISE: Final = 0.05
BESIDE_M: Final = 200.0
ANYWHERE_M: Final = 1_500.0


def told(case: Case, verdict: Verdict) -> dict[str, dict[str | None, float]] | None:
    """Return the probabilities by area before and after one more observation, None where the hub asks for none."""
    first = verdict.lead.evidence[0]
    if first.settle is None:
        return None
    network, seen = verdict.bindings.network, _seen(verdict, first)
    chance = np.random.default_rng(verdict.minute)
    before = posterior(seen, network.areas, network.shapes)
    east, north = network.plane.metres(np.array([first.settle.longitude]), np.array([first.settle.latitude]))
    places = {
        "the place that is named": np.array([east[0], north[0]]),
        "downwind of the likeliest area": _obvious(network, seen, before),
        "anywhere within 1.5 km": _peak(seen) + chance.uniform(-ANYWHERE_M, ANYWHERE_M, 2),
    }
    found = {"before": _shares(before, network)}
    for name, place in places.items():
        more = _with(case, verdict, first, (seen, place), chance)
        found[name] = _shares(posterior(more, network.areas, network.shapes), network)
    return found


def _seen(verdict: Verdict, first: Anomaly) -> Measured:
    bindings, panel, newest, minute = verdict.bindings, verdict.panel, verdict.state.newest, verdict.minute
    lying = np.zeros(len(bindings.network), np.bool_)
    air = background(bindings.network, panel, newest, minute, lying)
    sight = Sight(bindings, panel, newest, air.highest, lying, ~lying, (), minute)
    row = next(s.row for s in bindings.network.datastreams if s.id == first.datastream)
    return measured(sight, np.array([row]), np.ones(1), verdict.lead.episode_start_ms, first.threshold)


def _with(
    case: Case, verdict: Verdict, first: Anomaly, where: tuple[Measured, Floats], chance: np.random.Generator
) -> Measured:
    """Return what is measured with a reading at a place some minutes later."""
    seen, place = where
    plane, points = verdict.bindings.network.plane, seen.points
    spot: Point = on_plane(*plane.degrees(*place))
    time_ms = (verdict.minute + DRIVE_MIN) * MINUTE_MS
    true = first.background + case.world.excess(first.cause.property, spot, time_ms)
    value = true * (1 + NOISE * chance.standard_normal())
    wind = points.upwind_east[seen.peak], points.upwind_north[seen.peak]
    more = Points(*(np.append(column, one) for column, one in zip(points, (*place, *wind), strict=True)))
    return seen._replace(
        points=more,
        excess=np.append(seen.excess, max(value - first.background, 0.0)),
        error=np.append(seen.error, np.hypot(np.median(seen.error), NOISE * value)),
        trust=np.append(seen.trust, 1.0),
    )


def _peak(seen: Measured) -> Floats:
    return np.array([seen.points.east_m[seen.peak], seen.points.north_m[seen.peak]])


def _obvious(network: Network, seen: Measured, before: Posterior) -> Floats:
    """Return the place downwind of the likeliest area's middle, a little beyond its border."""
    shape = network.shapes[before.area[int(np.argmax(before.probability[:-1]))]]
    wind = np.array([seen.points.upwind_east[seen.peak], seen.points.upwind_north[seen.peak]])
    size = min(float(np.sqrt(shape.area)) / 2, 400.0) + BESIDE_M
    return np.array([shape.centroid.x, shape.centroid.y]) - wind * size


def _shares(found: Posterior, network: Network) -> dict[str | None, float]:
    names = [None if area < 0 else network.areas[area].id for area in found.area]
    return dict(zip(names, found.probability.tolist(), strict=True))
