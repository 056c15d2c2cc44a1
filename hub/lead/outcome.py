"""What follows from a judged minute: how areas stand, which leads and tickets open."""

from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.area.blame import Laid
from hub.area.showing import evidence, first_ms
from hub.area.sight import Sight
from hub.area.status import AreaState
from hub.hour_pass import Found
from hub.lead.opening import lead_opening
from hub.lead.words import with_words
from hub.model import Anomaly, Area, AreaStatus, Freshness, LeadOpening, Level, TicketOpening


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
    changed = (before.shown != after.shown) | (before.fresh != after.fresh)
    of = _Evidence(sight, found, after)
    red = np.argwhere(reddened).tolist() if reddened.any() else []
    leads = tuple(_lead(of, area, slot, now_ms) for area, slot in red)
    changes = tuple(_status(of, area) for area in np.flatnonzero(changed).tolist())
    return Outcome(sight.minute_ms, changes, leads, tickets)


class _Evidence:
    """What holds the areas' levels, looked at once."""

    def __init__(self, sight: Sight, found: Laid, after: AreaState) -> None:
        self.sight = sight
        self.after = after
        self._found = found
        self._known: dict[tuple[int, int], tuple[Anomaly, ...]] = {}

    @cached_property
    def names(self) -> dict[str, Area]:
        """All areas by their ids."""
        return {area.id: area for area in self.sight.bindings.network.areas}

    def __call__(self, area: int, slot: int) -> tuple[Anomaly, ...]:
        """Return what holds an area's level in a slot, the strongest first."""
        if (area, slot) not in self._known:
            shown = evidence(self.sight, self._found, self.after, area, slot)
            self._known[area, slot] = tuple(with_words(anomaly, self.names) for anomaly in shown)
        return self._known[area, slot]


def _lead(of: _Evidence, area: int, slot: int, now_ms: int) -> LeadOpening:
    shown, red = of(area, slot), [a for a in of(area, slot) if a.level == Level.RED]
    start_ms = first_ms(of.sight, tuple(red), int(of.after.start_ms[area, slot]))
    return lead_opening(of.sight.bindings.network.areas[area], of.names, shown, (start_ms, now_ms, False))


def _status(of: _Evidence, area: int) -> AreaStatus:
    after = of.after
    shown = [anomaly for slot in np.flatnonzero(after.level[area]).tolist() for anomaly in of(area, slot)]
    level, fresh = Level(int(after.shown[area])), Freshness(int(after.fresh[area]))
    strongest = sorted(shown, key=lambda anomaly: -anomaly.level)
    return AreaStatus(
        of.sight.bindings.network.areas[area].id, level, fresh, int(after.since_ms[area]), tuple(strongest)
    )
