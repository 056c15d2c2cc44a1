"""How areas stand, and how long."""

import numpy as np

from hub.area.status import EXCESS_SLOT, HOLD_MS, AreaState, Support, detector_of, stepped
from hub.model import MINUTE_MS, Level

FRESH = np.zeros(2, np.uint8)


def support(level: Level, start_ms: int = 0, about: int = 3) -> Support:
    """Return what asks for a level of the first of two areas by local excess."""
    asked = Support.none(2)
    asked.level[0, EXCESS_SLOT] = level
    asked.start_ms[0, EXCESS_SLOT] = start_ms
    asked.property[0] = about
    return asked


def test_an_area_turns_red_once_in_an_episode() -> None:
    """The first minute says so, the next ones do not; start and property are those of the first."""
    first, reddened = stepped(AreaState.start(2), support(Level.RED, 5, about=3), FRESH, MINUTE_MS)
    second, again = stepped(first, support(Level.RED, 1, about=4), FRESH, 2 * MINUTE_MS)

    assert np.argwhere(reddened).tolist() == [[0, EXCESS_SLOT]]
    assert not again.any()
    assert second.start_ms[0, EXCESS_SLOT] == 5
    assert second.property[0, EXCESS_SLOT] == 3
    assert (second.shown.tolist(), second.since_ms.tolist()) == ([Level.RED, Level.NORMAL], [MINUTE_MS, 0])


def test_a_level_is_held_for_a_while_after_its_last_support() -> None:
    """Then it falls to what is asked for; a red that comes back in between is the same episode."""
    hold = int(HOLD_MS[EXCESS_SLOT])
    state, _ = stepped(AreaState.start(2), support(Level.RED), FRESH, 0)
    state, _ = stepped(state, Support.none(2), FRESH, hold - MINUTE_MS)
    assert state.shown[0] == Level.RED
    back, reddened = stepped(state, support(Level.RED), FRESH, hold - MINUTE_MS)
    assert not reddened.any()
    state, _ = stepped(back, Support.none(2), FRESH, hold)
    assert state.shown[0] == Level.RED

    lower, _ = stepped(state, support(Level.ATTENTION), FRESH, 2 * hold)
    assert lower.shown[0] == Level.ATTENTION


def test_attention_that_becomes_red_is_a_new_start() -> None:
    """Of the red, not of the attention before it."""
    state, none = stepped(AreaState.start(2), support(Level.ATTENTION, 7), FRESH, 0)
    state, reddened = stepped(state, support(Level.RED, 9), FRESH, MINUTE_MS)

    assert not none.any()
    assert reddened[0, EXCESS_SLOT]
    assert state.start_ms[0, EXCESS_SLOT] == 9


def test_slots_name_their_detector() -> None:
    """One slot for the local excess, one for the exceedance of each property."""
    assert (detector_of(EXCESS_SLOT), detector_of(0)) == ("local_excess", "exceedance")
