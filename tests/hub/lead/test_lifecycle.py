"""Which openings say anything new."""

from dataclasses import replace

from hub.lead.lifecycle import KEPT_MS, SAME_MS, Episodes
from hub.model import Cause, LeadOpening

OPENING = LeadOpening(
    "site", Cause("pm10", "local_excess"), 10**12, 10**12, late=False, evidence=(), explanation="", explanation_en=""
)


def test_an_opening_that_starts_nearly_as_a_known_one_is_the_same_episode() -> None:
    """The second pass may see its beginning better."""
    known = Episodes().joined([OPENING], 10**12)

    assert known.knows(replace(OPENING, episode_start_ms=10**12 - SAME_MS, late=True))
    assert not known.knows(replace(OPENING, episode_start_ms=10**12 - SAME_MS - 1))


def test_another_area_or_cause_is_another_episode() -> None:
    """Identity is area, cause and start."""
    known = Episodes().joined([OPENING], 10**12)

    assert not known.knows(replace(OPENING, area="works"))
    assert not known.knows(replace(OPENING, cause=Cause("pm2_5", "local_excess")))


def test_episodes_that_cannot_be_judged_again_are_forgotten() -> None:
    """The memory stays as small as a day."""
    assert Episodes().joined([OPENING], 10**12).joined([], 10**12 + KEPT_MS).opened == ()
