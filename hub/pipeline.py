"""The hub's half of the line, a step a line: newest values, flags, background, anomalies, areas, leads and tickets."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.anomaly import detection, patrol
from hub.anomaly.background import background
from hub.anomaly.detector import Series
from hub.anomaly.front import held_back
from hub.area import blame, status
from hub.area.sight import Sight, places
from hub.bindings import Bindings
from hub.lead.outcome import Outcome, outcome
from hub.model import MINUTE_MS
from hub.network import NOWHERE
from hub.panel import NEVER, Newest, Panel
from hub.quality import check, complaint, verdict
from hub.quality.rounds import Seen

Ints = NDArray[np.int64]


class State(NamedTuple):
    """All that the judgement remembers between two minutes.

    Attributes:
        newest: the newest value of every stream.
        seen: int64[n], the minute of the newest value that was judged.
        background: float64[n], what an excess had to stand above.
        quality: of the checks.
        runs: of the detectors.
        peaks: that vehicles met.
        blame: int64[n], the area that a stream's excess is laid to.
        areas: of the areas' levels.
    """

    newest: Newest
    seen: Ints
    background: NDArray[np.float64]
    quality: verdict.Quality
    runs: tuple[detection.Remembered, ...]
    peaks: patrol.Peaks
    blame: Ints
    areas: status.AreaState


def start(bindings: Bindings) -> State:
    """Return the state before the first minute."""
    n, areas = len(bindings.network), len(bindings.network.areas)
    runs, quality = detection.start(bindings), verdict.start(bindings)
    blame, levels = np.full(n, NOWHERE), status.AreaState.start(areas)
    nothing = np.full(n, np.nan)
    return State(Newest.never(n), np.full(n, NEVER), nothing, quality, runs, patrol.Peaks.start(), blame, levels)


def noticed(bindings: Bindings, state: State) -> NDArray[np.float64]:
    """Return float64[n]: the smallest excess of each stream that would be found now, infinite for none."""
    return detection.noticed(bindings, state.background, state.runs)


class Tick(NamedTuple):
    """When is judged.

    Attributes:
        minute: since 1970; all of its readings that will come in time are in the panel.
        touched: int64[m], closed minutes, ascending, whose readings were not looked at yet.
        now_ms: the judge's time: the end of the minute, or when late readings are judged the present.
        listening: False for a minute that was closed with later ones: what the hub did not hear is no silence.
        closed_ms: when the minute was closed, 0 for at its end.
    """

    minute: int
    touched: Ints
    now_ms: int
    listening: bool = True
    closed_ms: int = 0

    @property
    def lag_min(self) -> int:
        """Minutes for which the minute stayed open: who reports so late is not silent."""
        return max(self.closed_ms // MINUTE_MS - self.minute - 1, 0)


def judge_minute(bindings: Bindings, panel: Panel, state: State, tick: Tick) -> tuple[State, Outcome]:
    """Return the state after a minute, and what follows from it for areas, leads and tickets."""
    newest = panel.advanced(state.newest, tick.touched)
    air = background(bindings.network, panel, newest, tick.minute, verdict.liars(bindings, state.quality))
    fresh = _fresh(newest, state.seen)
    seen = _seen(bindings, panel, state, (newest, check.Series(*fresh, air.near[:, None])), tick)
    quality = verdict.checked(bindings, seen, state.quality)
    lying = verdict.liars(bindings, quality)
    honest = Series(fresh[0], np.where(lying[:, None], np.nan, fresh[1]), air.highest[:, None])
    findings, runs = detection.detect(bindings, panel, honest, tick.minute, state.runs)
    findings = held_back(bindings.network, panel, newest, (~lying, air.highest), findings, tick.minute)
    passes, peaks = patrol.passed(bindings, panel, newest, honest.background[:, 0], state.peaks, tick.minute)
    findings = patrol.merged(findings, passes)
    speaking = status.speaking(bindings.network, newest.minute, tick.minute)
    sight = Sight(bindings, panel, newest, air.highest, lying, speaking & ~lying, findings, tick.minute)
    found = blame.laid(sight, state.areas, state.blame)
    freshness = status.freshness(bindings.network, newest.minute, state.areas, sight.minute_ms)
    areas, reddened = status.stepped(state.areas, found.support, freshness, sight.minute_ms)
    quality, tickets = complaint.raised(bindings, quality, seen, tick.now_ms)
    after = State(newest, newest.minute, air.highest, quality, runs, peaks, found.blame, areas)
    return after, outcome(sight, found, (state.areas, areas), reddened, tickets, tick.now_ms)


def _fresh(newest: Newest, seen: Ints) -> tuple[Ints, NDArray[np.float64]]:
    value = np.where(newest.minute > seen, newest.value, np.nan)
    return newest.minute[:, None] * MINUTE_MS, value[:, None]


def _seen(bindings: Bindings, panel: Panel, state: State, now: tuple[Newest, check.Series], tick: Tick) -> Seen:
    newest, fresh = now
    hot = np.flatnonzero(state.blame != NOWHERE)
    plumes = np.zeros(len(newest.minute), np.bool_)
    if hot.size:
        plumes = verdict.near_plumes(bindings, hot, *places(bindings, newest))
    return Seen(panel, newest, fresh, plumes, tick.minute, tick.listening, tick.lag_min)
