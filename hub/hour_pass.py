"""The hourly checks: each closed hour against what neighbours let expect, by thresholds that were learnt on history.

The same functions judge offline: fed with the same matrices, `hub.quality.replay` gives the same verdicts.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.anomaly.means import HOUR_MIN
from hub.checks import UNCHECKED, Alarm, Calibration, Checks, FaultKind, StandingFault
from hub.hourly import HOUR_MS, Hour, Judged, Posts, hour_of, judged_streams, matrices, posts_of
from hub.network import Network
from hub.panel import Panel
from hub.past import Kit, Learnt, begun, numbers, settled_past, skipped, step
from hub.quality import Cause
from hub.state import leaves, rebuilt

Array = NDArray[Any]
Causes = NDArray[np.uint8]
# By property in the order of `Kit.names`, each (posts,).
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
    """Where a judged datastream is: its row, the index of its property in `Kit.names`, its post."""

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
        self._kits: tuple[Kit, ...] = ()
        self._network: Network | None = None
        self._streams: tuple[Judged, ...] = ()
        self._posts: tuple[Posts, ...] = ()
        self._fresh = False

    def take(self, calibration: Calibration | None, learnt: Learnt | None) -> None:
        """Judge by these thresholds from the next hour on, going on from the end of their history; None: by none."""
        self._kits, self._fresh = learnt.kits if learnt else (), learnt is not None
        self._posts = tuple(_posts(kit, self._streams) for kit in self._kits)
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
        kits, alarms, taken_over = [], [], []
        for kit, posts in zip(self._kits, self._posts, strict=True):
            after, causes, margins = _judged(kit, posts, hour)
            kits.append(after)
            alarms += [_alarm(after, at, causes, margins, hour.hour) for at in _where(after, posts, causes)]
            taken_over += list(_taken_over(after, posts, margins)) if self._fresh else []
        self._kits, self._fresh = tuple(kits), self._fresh and not self._streams
        self.checks = Checks(self.checks.calibration, tuple(self._standing(network)))
        return Found(hour, self._streams, tuple(alarms), tuple(taken_over))

    def standing(self, n: int) -> Causes:
        """Return uint8[n] of `Cause` by datastream, the fault that lasts."""
        causes = np.zeros(n, np.uint8)
        for kit, posts in zip(self._kits, self._posts, strict=True):
            for at in _where(kit, posts, kit.past.standing):
                causes[at.row] = kit.past.standing[at.place][at.post]
        return causes

    def arrays(self) -> dict[str, Array]:
        """Return what it remembers between hours, for a checkpoint."""
        return {"fresh": np.array(self._fresh), **dict(leaves(tuple(kit.past for kit in self._kits)))}

    def restore(self, network: Network, arrays: Mapping[str, Array]) -> None:
        """Take back what `arrays` gave; the thresholds must have been taken before."""
        self._follow(network)
        if len(arrays) == 1:
            return
        nothing = tuple(begun(kit.thresholds, np.zeros((0, 2)), 0) for kit in self._kits)
        kept = zip(self._kits, rebuilt(nothing, arrays), self._posts, strict=True)
        self._kits = tuple(
            Kit(kit.thresholds, settled_past(past, kit.thresholds, posts.positions)) for kit, past, posts in kept
        )
        self._fresh = bool(arrays["fresh"])
        self.checks = Checks(self.checks.calibration, tuple(self._standing(network)))

    def _follow(self, network: Network) -> None:
        if network is not self._network:
            self._network, self._streams = network, judged_streams(network)
            self._posts = tuple(_posts(kit, self._streams) for kit in self._kits)

    def _standing(self, network: Network) -> Iterator[StandingFault]:
        for kit, posts in zip(self._kits, self._posts, strict=True):
            for row, place, post in _where(kit, posts, kit.past.standing):
                stream, kind = network.datastreams[row], KINDS[Cause(kit.past.standing[place][post])]
                since_ms = kit.past.since(place, post) * HOUR_MS
                yield StandingFault(stream.station, stream.device, stream.property, kind, since_ms)


def _posts(kit: Kit, streams: Sequence[Judged]) -> Posts:
    names = set(kit.names)
    return posts_of([stream for stream in streams if stream.property in names])


def _judged(kit: Kit, posts: Posts, hour: Hour) -> tuple[Kit, CausesOf, Margins]:
    """Return the kit after an hour, and by property the cause that is announced and the score less its limit."""
    if not len(posts):
        return kit, [], []
    thresholds, past = kit
    past = skipped(settled_past(past, thresholds, posts.positions), thresholds, hour.hour - 1)
    verdicts, past = step(past, matrices(posts, hour.means[None], hour.counts[None]), thresholds)
    by_place = [verdicts[name] for name in kit.names]
    causes = [np.where(verdict.alarm, verdict.cause, np.uint8(Cause.NONE))[:, 0] for verdict in by_place]
    return Kit(thresholds, past), causes, [verdict.score[:, 0] for verdict in by_place]


def _where(kit: Kit, posts: Posts, causes: CausesOf) -> Iterator[_Place]:
    """Yield where datastreams are whose post has a cause."""
    for place, name in enumerate(kit.names):
        rows, at = posts.streams.get(name, (np.zeros(0, np.int64),) * 2)
        for found in np.flatnonzero(causes[place][at] != Cause.NONE).tolist() if len(at) else ():
            yield _Place(int(rows[found]), place, int(at[found]))


def _taken_over(kit: Kit, posts: Posts, margins: Margins) -> Iterator[Alarm]:
    """Yield what lasts that began before the newest hour."""
    for at in _where(kit, posts, kit.past.standing):
        since = kit.past.since(at.place, at.post)
        if since < kit.past.hour:
            yield _alarm(kit, at, kit.past.standing, margins, since)


def _alarm(kit: Kit, at: _Place, causes: CausesOf, margins: Margins, hour: int) -> Alarm:
    cause = Cause(causes[at.place][at.post])
    limit = kit.thresholds.limits[kit.names[at.place]].limit
    score = limit + float(margins[at.place][at.post])
    return Alarm(hour, at.row, KINDS[cause], *numbers(kit.past, at.place, at.post), score, limit)
