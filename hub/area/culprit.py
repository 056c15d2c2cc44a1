"""Which area a group of streams above their region is laid to, and how sure that is."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.area.attribution import Measured, Posterior, near, posterior
from hub.area.measured import measured
from hub.area.sight import Sight
from hub.area.status import AreaState
from hub.model import MINUTE_MS, Area
from hub.network import NOWHERE
from hub.reasons import Candidate

Floats = NDArray[np.float64]

# An area that was red within this time is held so many times likelier beforehand: one event stays one lead.
STICKY_MS: Final = 3 * 60 * MINUTE_MS
STICKY: Final = 30.0
# What is listed: so many candidates, of those that have so much.
LISTED: Final = 6
LISTED_FROM: Final = 0.01


class Culprit(NamedTuple):
    """To what a group is laid.

    Attributes:
        area: index, NOWHERE for none.
        measured, posterior: why; None for both without an area nearby.
    """

    area: int
    measured: Measured | None = None
    posterior: Posterior | None = None


class Group(NamedTuple):
    """Streams above their region that one source can explain.

    Attributes:
        rows: int64[k].
        beyond: float64[k], the excess in units of what makes it red.
        since_ms: when the first of them began to stand out.
        scale: the excess that makes the strongest of them red.
    """

    rows: NDArray[np.intp]
    beyond: Floats
    since_ms: int
    scale: float


def culprit(sight: Sight, group: Group, areas: AreaState | None = None) -> Culprit:
    """Return the likeliest area of a group.

    Args:
        sight: what is known.
        group: what stands out.
        areas: how the areas stood before; None for what is seen now alone.
    """
    network = sight.bindings.network
    seen = measured(sight, *group)
    if not near(seen, network.shapes).size:
        return Culprit(NOWHERE)
    favour = None if areas is None else np.where(sight.minute_ms - areas.red_ms <= STICKY_MS, STICKY, 1.0)
    found = posterior(seen, network.areas, network.shapes, favour)
    best = int(np.argmax(found.probability[:-1]))
    return Culprit(found.area[best], seen, found)


def candidates(found: Posterior, areas: tuple[Area, ...]) -> tuple[Candidate, ...]:
    """Return the candidates by name, the likeliest first; the ground outside of all areas is always among them."""
    order = np.argsort(-found.probability, kind="stable").tolist()
    listed = [at for at in order if found.probability[at] >= LISTED_FROM][:LISTED]
    outside = len(found.area) - 1
    return tuple(
        Candidate(None if at == outside else areas[found.area[at]].id, round(float(found.probability[at]), 3))
        for at in (listed if outside in listed else [*listed, outside])
    )
