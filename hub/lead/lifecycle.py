"""Episodes: what was opened about each area and cause, so that late readings open only what never was."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from hub.model import Cause, LeadOpening

# Two openings of one area and cause that start this near are one: the second pass sees more of its beginning.
SAME_MS: Final = 60 * 60_000
# Episodes older than the panel cannot be judged again.
KEPT_MS: Final = 25 * 3_600_000


@dataclass(frozen=True)
class Episodes:
    """The episodes that were opened, as (area, cause, start) of the last day."""

    opened: tuple[tuple[str, Cause, int], ...] = ()

    def joined(self, openings: Iterable[LeadOpening], now_ms: int) -> "Episodes":
        """Return the episodes with more openings, without those that are older than a day."""
        more = [(opening.area, opening.cause, opening.episode_start_ms) for opening in openings]
        return Episodes(tuple(kept for kept in (*self.opened, *more) if now_ms - kept[2] < KEPT_MS))

    def knows(self, opening: LeadOpening) -> bool:
        """Return whether an opening is about an episode that was opened already."""
        return any(
            area == opening.area and cause == opening.cause and abs(start - opening.episode_start_ms) <= SAME_MS
            for area, cause, start in self.opened
        )
