"""What the judge shows to the map, across threads."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hub.bell import Bell
from hub.model import Snapshot
from wire.batch import Status

_NONE = np.zeros(0)
EMPTY = Snapshot(0, {}, (), (), _NONE, _NONE.astype(np.int64), _NONE.astype(np.uint8), _NONE, _NONE)


@dataclass(frozen=True, slots=True)
class GatewayStatus:
    """A gateway as it last said, and when the hub heard it (UTC milliseconds)."""

    id: str
    status: Status
    seen_ms: int


class LiveView:
    """The latest snapshot and the gateways' status; every method may be called from any thread and returns at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._snapshot = EMPTY
        self._version = 0
        self._gateways: dict[str, GatewayStatus] = {}
        self._bells: set[Bell] = set()
        self._closed = False
        self._backlog: Callable[[], int] = lambda: 0

    def publish(self, snapshot: Snapshot) -> None:
        """Show a snapshot; whoever watches is woken."""
        with self._lock:
            self._snapshot = snapshot
            self._version += 1
        self._ring()

    def touch(self) -> None:
        """Wake whoever watches: a lead or ticket has changed."""
        self._ring()

    def note_status(self, gateway: str, status: Status, seen_ms: int) -> None:
        """Show what a gateway says of itself."""
        with self._lock:
            self._gateways[gateway] = GatewayStatus(gateway, status, seen_ms)

    def latest(self) -> Snapshot:
        """Return the latest snapshot; before the first, one of minute 0 without stations."""
        return self._snapshot

    def count_backlog(self, backlog: Callable[[], int]) -> None:
        """Have `backlog` count the journal's entries that are not judged yet."""
        self._backlog = backlog

    def backlog(self) -> int:
        """Return how many of the journal's entries are not judged yet: what is shown is as old as they are."""
        return self._backlog()

    def version(self) -> int:
        """Return a number that grows with each snapshot."""
        return self._version

    def gateways(self) -> dict[str, GatewayStatus]:
        """Return by id the gateways that were heard since the start."""
        with self._lock:
            return dict(self._gateways)

    def close(self) -> None:
        """End all live streams, so that the web server can stop."""
        self._closed = True
        self._ring()

    @property
    def closed(self) -> bool:
        """Whether the streams shall end."""
        return self._closed

    def watch(self, bell: Bell) -> None:
        """Ring `bell` at each change from now on."""
        with self._lock:
            self._bells.add(bell)

    def unwatch(self, bell: Bell) -> None:
        """Ring it no more."""
        with self._lock:
            self._bells.discard(bell)

    def _ring(self) -> None:
        with self._lock:
            bells = tuple(self._bells)
        for bell in bells:
            bell.ring()
