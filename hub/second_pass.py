"""Late readings, judged at their own time: from the checkpoint before them, on the panel as it is now."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.adoption import adopted
from hub.anomaly.background import medians
from hub.bindings import Bindings
from hub.lead.lifecycle import Episodes
from hub.model import EXCESSES, LeadOpening, Level
from hub.panel import Floats, Minutes, Panel, Rows
from hub.pipeline import State, Tick, judge_minute
from hub.state import grown

# Checkpoints: one at the end of each hour, as many as the panel has.
HOUR_MIN: Final = 60
KEPT: Final = 24
# Late readings are waited for this long after the first, so that a backlog is judged once.
GATHER_MIN: Final = 3
# Judging the past again may cost at most so many times as much as judging the present: the longer the stretch of the
# past, the longer late readings are gathered first.
SHARE: Final = 20
# After the last late reading so many minutes are judged, for runs that it began.
AFTER_MIN: Final = 10


class Checkpoint(NamedTuple):
    """The state after a minute since 1970."""

    minute: int
    state: State


class Late(NamedTuple):
    """Late cells that could matter.

    Attributes:
        row: int32[k].
        minute: int64[k], since 1970.
    """

    row: Rows
    minute: Minutes

    @classmethod
    def none(cls) -> "Late":
        """Return no cell."""
        return cls(np.zeros(0, np.int32), np.zeros(0, np.int64))

    @classmethod
    def joined(cls, parts: Iterable["Late"]) -> "Late":
        """Return the cells of several."""
        row, minute = zip(cls.none(), *parts, strict=True)
        return cls(np.concatenate(row), np.concatenate(minute))


class SecondPass:
    """Remembers hourly checkpoints and late cells, and judges the past again when enough have come."""

    def __init__(self) -> None:
        self.checkpoints: deque[Checkpoint] = deque(maxlen=KEPT)
        self._late: list[Late] = []
        self._waiting_since = 0
        self._earliest = 0

    def note(self, late: Late, minute: int) -> None:
        """Remember late cells that came while `minute` was the newest closed one."""
        if len(late.row):
            earliest = int(late.minute.min())
            self._earliest = min(self._earliest, earliest) if self._late else earliest
            self._waiting_since = self._waiting_since if self._late else minute
            self._late.append(late)

    def keep(self, minute: int, state: State) -> None:
        """Remember the state after a minute if it ends an hour."""
        if minute % HOUR_MIN == HOUR_MIN - 1:
            self.checkpoints.append(Checkpoint(minute, state))

    def grow(self, fresh: State) -> None:
        """Make room for more streams in every checkpoint; they had said nothing then."""
        grown_ones = [Checkpoint(kept.minute, grown(kept.state, fresh)) for kept in self.checkpoints]
        self.checkpoints = deque(grown_ones, maxlen=KEPT)

    def adopt(self, before: Bindings, after: Bindings) -> None:
        """Have every checkpoint go on with other rules and areas: late readings are judged by those in force."""
        others = [Checkpoint(kept.minute, adopted(kept.state, before, after)) for kept in self.checkpoints]
        self.checkpoints = deque(others, maxlen=KEPT)

    def forget(self) -> None:
        """Forget the late cells that wait."""
        self._late = []

    def arrays(self) -> dict[str, NDArray[np.int64]]:
        """Return the late cells that wait, for a checkpoint on disk."""
        row, minute = (np.concatenate([np.zeros(0, np.int64), *parts]) for parts in _columns(self._late))
        return {"row": row, "minute": minute, "since": np.array(self._waiting_since)}

    def restore(self, arrays: Mapping[str, NDArray[np.int64]], checkpoints: Iterable[Checkpoint]) -> None:
        """Take back what was kept."""
        self.checkpoints = deque(checkpoints, maxlen=KEPT)
        self._late = [Late(arrays["row"].astype(np.int32), arrays["minute"])] if len(arrays["row"]) else []
        self._waiting_since = int(arrays["since"])
        self._earliest = int(arrays["minute"].min(initial=self._waiting_since))

    def due(self, minute: int) -> bool:
        """Return whether it is time to judge what came late."""
        stretch = minute - self._earliest
        return bool(self._late) and minute - self._waiting_since >= max(GATHER_MIN, stretch // SHARE)

    def judged(
        self, bindings: Bindings, panel: Panel, minute: int, now_ms: int, episodes: Episodes
    ) -> tuple[LeadOpening, ...]:
        """Return the leads that the late readings should have opened and nobody has."""
        rows, minutes = _columns(self._late)
        late = Late(np.concatenate(rows), np.concatenate(minutes))
        self._late = []
        useful = _could_matter(bindings, panel, late)
        if not useful.any():
            return ()
        first, last = int(late.minute[useful].min()), int(late.minute[useful].max())
        begin = self._before(first)
        if begin is None:
            return ()
        end = min(last + AFTER_MIN, minute)
        standing = {kept.minute: kept.state.quality.standing for kept in self.checkpoints}
        stations = {bindings.network.datastreams[row].station for row in np.unique(late.row[useful]).tolist()}
        return _replayed(bindings, panel, (begin, end), standing, (now_ms, stations, episodes))

    def _before(self, minute: int) -> Checkpoint | None:
        return next((kept for kept in reversed(self.checkpoints) if kept.minute < minute), None)


def _columns(late: list[Late]) -> tuple[list[Rows], list[Minutes]]:
    return [cells.row for cells in late], [cells.minute for cells in late]


def _could_matter(bindings: Bindings, panel: Panel, late: Late) -> NDArray[np.bool_]:
    """Return bool[k]: cells beyond what makes an area red, against the network's median of their own minute."""
    value, region = panel.cells(late.row, late.minute), _region(bindings, panel, late)
    useful = np.zeros(len(late.row), np.bool_)
    everywhere = np.zeros(len(bindings.network))
    for bound in bindings.detectors:
        if bound.group.level != Level.RED:
            continue
        limit = bound.detector.threshold(everywhere)[late.row]
        if bound.group.detector in EXCESSES:
            useful |= value - region > limit
        else:
            useful |= value < limit if bound.group.below else value > limit
    return useful


def _region(bindings: Bindings, panel: Panel, late: Late) -> Floats:
    """Return float64[k]: the fixed stations' median at each late cell's property and minute, 0 where few speak."""
    network, region = bindings.network, np.zeros(len(late.row))
    properties = network.property[late.row]
    for prop, minute in np.unique(np.column_stack([properties, late.minute]), axis=0).tolist():
        rows = np.flatnonzero(network.ambient & (network.property == prop)).astype(np.int32)
        if rows.size:
            middle = medians(panel.cells(rows, np.full(len(rows), minute))[None, :])[0]
            region[(properties == prop) & (late.minute == minute)] = np.nan_to_num(middle)
    return region


def _replayed(
    bindings: Bindings,
    panel: Panel,
    span: tuple[Checkpoint, int],
    standing: Mapping[int, NDArray[np.uint8]],
    why: tuple[int, set[str], Episodes],
) -> tuple[LeadOpening, ...]:
    """Return the leads of the minutes after a checkpoint; which faults last is as each hour said it live."""
    (begin, end), (now_ms, stations, episodes) = span, why
    state, found = begin.state, []
    for minute in range(begin.minute + 1, end + 1):
        tick = Tick(minute, np.array([minute]), now_ms)
        state, outcome = judge_minute(bindings.at(minute), panel, state, tick)
        for opened in outcome.leads:
            lead = replace(opened, late=True)
            if not episodes.knows(lead) and any(anomaly.station in stations for anomaly in lead.evidence):
                found.append(lead)
                episodes = episodes.joined([lead], now_ms)
        if minute in standing:
            state = state._replace(quality=state.quality._replace(standing=standing[minute]))
    return tuple(found)
