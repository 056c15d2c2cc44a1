"""What follows from a judged minute: how areas stand, which leads and tickets open."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.area.blame import Laid, evidence, first_ms
from hub.area.sight import Sight
from hub.area.status import AreaState
from hub.hour_pass import Found
from hub.lead.opening import lead_opening
from hub.model import Anomaly, AreaStatus, Freshness, LeadOpening, Level, TicketOpening


class Outcome(NamedTuple):
    """What a minute changes.

    Attributes:
        minute_ms: start of the minute.
        changes: the status of each area whose level or freshness has changed.
        leads, tickets: what opens.
        hour: what the hour brought that ends with it; None otherwise.
    """

    minute_ms: int
    changes: tuple[AreaStatus, ...]
    leads: tuple[LeadOpening, ...]
    tickets: tuple[TicketOpening, ...]
    hour: Found | None = None


def outcome(  # what was known, before and after
    sight: Sight,
    found: Laid,
    areas: tuple[AreaState, AreaState],
    reddened: NDArray[np.bool_],
    tickets: tuple[TicketOpening, ...],
    now_ms: int,
) -> Outcome:
    """Return what follows from a minute for people.

    Args:
        sight: what was known.
        found: what was laid to areas.
        areas: their state before and after.
        reddened: bool[A, slots], where a level has just become red.
        tickets: what the checks open.
        now_ms: the judge's time.
    """
    before, after = areas
    changed = np.flatnonzero((before.shown != after.shown) | (before.fresh != after.fresh)).tolist()
    leads = tuple(_lead(sight, found, after, area, slot, now_ms) for area, slot in np.argwhere(reddened).tolist())
    changes = tuple(_status(sight, found, after, area) for area in changed)
    return Outcome(sight.minute_ms, changes, leads, tickets)


def _lead(sight: Sight, found: Laid, after: AreaState, area: int, slot: int, now_ms: int) -> LeadOpening:
    known = sight.bindings.network.areas
    shown = evidence(sight, found, area, slot, int(after.property[area, slot]))
    start_ms = first_ms(sight, tuple(a for a in shown if a.level == Level.RED), int(after.start_ms[area, slot]))
    names = {one.id: one for one in known}
    return lead_opening(known[area], names, shown, (start_ms, now_ms, False))


def _status(sight: Sight, found: Laid, after: AreaState, area: int) -> AreaStatus:
    shown: list[Anomaly] = []
    for slot in np.flatnonzero(after.level[area]).tolist():
        shown += evidence(sight, found, area, slot, int(after.property[area, slot]))
    level, fresh = Level(int(after.shown[area])), Freshness(int(after.fresh[area]))
    strongest = sorted(shown, key=lambda anomaly: -anomaly.level)
    return AreaStatus(sight.bindings.network.areas[area].id, level, fresh, int(after.since_ms[area]), tuple(strongest))
