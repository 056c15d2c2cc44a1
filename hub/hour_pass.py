"""The hourly checks: each closed hour against what neighbours let expect, by thresholds that were learnt on history.

The same functions judge offline: fed with the same matrices, `hub.quality.replay` gives the same verdicts.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.anomaly.means import HOUR_MIN
from hub.checks import UNCHECKED, Alarm, Calibration, Checks, FaultKind, StandingFault
from hub.hourly import HOUR_MS, Hour, Judged, hour_of, judged_streams, matrices, posts_of
from hub.network import Network
from hub.panel import Panel
from hub.past import Learnt, begun, numbers, settled_past, skipped, step
from hub.quality import Cause
from hub.state import leaves, rebuilt

Array = NDArray[Any]
Causes = NDArray[np.uint8]
# By property in the order of `Carried.names`, each (posts,).
CausesOf = Sequence[Causes]
Margins = Sequence[NDArray[np.float32]]

KINDS: Final[dict[Cause, FaultKind]] = {
    Cause.DRIFT: "drift",
    Cause.STUCK: "stuck",
    Cause.SPIKE: "spike",
    Cause.NOISE: "noise",
    Cause.DROPOUT: "dropout",
}


class Found(NamedTuple):
    """What an hour brought.

    Attributes:
        hour: its means.
        streams: that neighbours judge.
        alarms: what was announced.
        taken_over: what lasted already when the thresholds came into force.
    """

    hour: Hour
    streams: tuple[Judged, ...]
    alarms: tuple[Alarm, ...] = ()
    taken_over: tuple[Alarm, ...] = ()


class _Place(NamedTuple):
    """Where a judged datastream is: its row, the index of its property in `carried.names`, its post."""

    row: int
    place: int
    post: int


class HourPass:
    """Judges hours as they end, and remembers what the next one needs.

    Attributes:
        checks: how things stand, for people.
    """

    def __init__(self) -> None:
        self.checks: Checks = UNCHECKED
        self._learnt: Learnt | None = None
        self._network: Network | None = None
        self._streams: tuple[Judged, ...] = ()
        self._posts = posts_of(())
        self._fresh = False

    def take(self, calibration: Calibration | None, learnt: Learnt | None) -> None:
        """Judge by these thresholds from the next hour on, going on from the end of their history; None: by none."""
        self._learnt, self._fresh = learnt, learnt is not None
        self.checks = Checks(calibration if learnt else None)

    @staticmethod
    def due(minute: int) -> bool:
        """Return whether a minute since 1970 ends an hour."""
        return minute % HOUR_MIN == HOUR_MIN - 1

    def judged(self, network: Network, panel: Panel, minute: int) -> Found:
        """Return what the hour brought that a minute ends.

        Args:
            network: of n datastreams.
            panel: of the same.
            minute: since 1970.
        """
        self._follow(network)
        hour = hour_of(panel, np.array([stream.row for stream in self._streams], np.intp), minute)
        if self._learnt is None or not self._streams:
            return Found(hour, self._streams)
        thresholds, past = self._learnt
        past = skipped(settled_past(past, thresholds, self._posts.positions), thresholds, hour.hour - 1)
        verdicts, past = step(past, matrices(self._posts, hour.means[None], hour.counts[None]), thresholds)
        self._learnt = Learnt(thresholds, past)
        by_place = [verdicts[name] for name in past.carried.names.tolist()]
        cause = [np.where(verdict.alarm, verdict.cause, Cause.NONE)[:, 0] for verdict in by_place]
        margin = [verdict.score[:, 0] for verdict in by_place]
        alarms = tuple(self._alarm(at, cause, margin, hour.hour) for at in self._where(cause))
        taken_over = tuple(self._taken_over(margin)) if self._fresh else ()
        self._fresh = False
        self.checks = self._shown()
        return Found(hour, self._streams, alarms, taken_over)

    def standing(self, n: int) -> Causes:
        """Return uint8[n] of `Cause` by datastream, the fault that lasts."""
        causes = np.zeros(n, np.uint8)
        if self._learnt is not None:
            for at in self._where(self._learnt.past.standing):
                causes[at.row] = self._learnt.past.standing[at.place][at.post]
        return causes

    def arrays(self) -> dict[str, Array]:
        """Return what it remembers between hours, for a checkpoint."""
        past = dict(leaves(self._learnt.past)) if self._learnt else {}
        return {"fresh": np.array(self._fresh), **past}

    def restore(self, network: Network, arrays: Mapping[str, Array]) -> None:
        """Take back what `arrays` gave; the thresholds must have been taken before."""
        self._follow(network)
        if self._learnt is None or len(arrays) == 1:
            return
        thresholds = self._learnt.thresholds
        past = rebuilt(begun(thresholds, np.zeros((0, 2)), 0), arrays)
        self._learnt = Learnt(thresholds, settled_past(past, thresholds, self._posts.positions))
        self._fresh = bool(arrays["fresh"])
        self.checks = self._shown()

    def _follow(self, network: Network) -> None:
        if network is not self._network:
            self._network, self._streams = network, judged_streams(network)
            self._posts = posts_of(self._streams)

    def _where(self, causes: CausesOf) -> Iterator[_Place]:
        """Yield where datastreams are whose post has a cause."""
        assert self._learnt is not None
        for place, name in enumerate(self._learnt.past.carried.names.tolist()):
            rows, posts = self._posts.streams.get(name, (np.zeros(0, np.int64),) * 2)
            for at in np.flatnonzero(causes[place][posts] != Cause.NONE).tolist():
                yield _Place(int(rows[at]), place, int(posts[at]))

    def _taken_over(self, margin: Margins) -> Iterator[Alarm]:
        """Yield what lasts that began before the newest hour."""
        assert self._learnt is not None
        past = self._learnt.past
        for at in self._where(past.standing):
            since = past.since(at.place, at.post)
            if since < past.hour:
                yield self._alarm(at, past.standing, margin, since)

    def _alarm(self, at: _Place, causes: CausesOf, margin: Margins, hour: int) -> Alarm:
        assert self._learnt is not None
        thresholds, past = self._learnt
        cause = Cause(causes[at.place][at.post])
        limit = thresholds.limits[str(past.carried.names[at.place])].limit
        score = limit + float(margin[at.place][at.post])
        seen = numbers(past, at.place, at.post)
        return Alarm(hour, at.row, KINDS[cause], *seen, score, limit)

    def _shown(self) -> Checks:
        assert self._learnt is not None
        assert self._network is not None
        past, streams, standing = self._learnt.past, self._network.datastreams, []
        for row, place, post in self._where(past.standing):
            stream, kind = streams[row], KINDS[Cause(past.standing[place][post])]
            since_ms = past.since(place, post) * HOUR_MS
            standing.append(StandingFault(stream.station, stream.device, stream.property, kind, since_ms))
        return Checks(self.checks.calibration, tuple(standing))
