"""How a state goes on when rules or areas change: what both know stays as it was, what is new begins."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hub.area.status import AreaState
from hub.bindings import Bindings
from hub.model import Area
from hub.network import NOWHERE
from hub.pipeline import State, start

_UNKNOWN: Final = -1


def adopted(state: State, before: Bindings, after: Bindings) -> State:
    """Return the state by which other rules and areas go on judging the same streams.

    A group of rules that there was before keeps its runs, whatever its thresholds are now; an area keeps its levels by
    its id, wherever its border lies now.

    Args:
        state: as it is.
        before: its bindings.
        after: those by which it goes on, of the same streams.
    """
    fresh = start(after)
    known = {bound.group: runs for bound, runs in zip(before.detectors, state.runs, strict=True)}
    runs = tuple(known.get(bound.group, new) for bound, new in zip(after.detectors, fresh.runs, strict=True))
    old, new = before.network.areas, after.network.areas
    if [area.id for area in old] == [area.id for area in new]:
        return state._replace(runs=runs)
    now = np.append(_places(old, new), NOWHERE)  # the last answers for NOWHERE itself
    return state._replace(runs=runs, blame=now[state.blame], areas=_moved(state.areas, fresh.areas, _places(new, old)))


def _places(areas: Sequence[Area], among: Sequence[Area]) -> NDArray[np.int64]:
    """Return int64[len(areas)]: where each stands among others, _UNKNOWN where it does not."""
    place = {area.id: i for i, area in enumerate(among)}
    return np.array([place.get(area.id, _UNKNOWN) for area in areas], np.int64)


def _moved(old: AreaState, fresh: AreaState, was: NDArray[np.int64]) -> AreaState:
    known = was != _UNKNOWN

    def rows(before: Any, new: Any) -> NDArray[Any]:
        result: NDArray[Any] = new.copy()
        result[known] = before[was[known]]
        return result

    return AreaState(*(rows(*pair) for pair in zip(old, fresh, strict=True)))
