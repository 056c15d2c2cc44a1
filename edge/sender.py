"""The sender: which envelopes to publish when, and what an acknowledgement means. Pure: bytes out, acknowledgements in.

The chain's order is that of taking: a backlog goes oldest first, a window at a time, as fast as it is acknowledged;
what is taken meanwhile goes behind it.

It never wedges: whatever the hub says it has, there is a next envelope that it will take.

    the hub has                              the sender
    what was sent, with our hash             goes on behind it
    less than it had acknowledged            sends again from there (grace)
    more than we ever sealed, another hash   begins a new epoch: this outbox or its card was restored or cloned
    less than we still hold                  begins a new epoch
    a block whose bytes rotted since         gets a signed void in its place
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from edge.outbox import Outbox
from wire.batch import Ack

WINDOW_BATCHES: Final = 16
WINDOW_BYTES: Final = 256 << 10
SLOWEST: Final = 6
_STRANGERS: Final = 3


@dataclass(slots=True)
class _Flight:
    """One envelope on its way."""

    envelope: bytes
    published: bool = False


class Sender:
    """Sliding window over an outbox's chain; times are real seconds of any steady clock.

    Attributes:
        timeout_s: how long to wait for an acknowledgement before publishing again; doubles with every try.
    """

    def __init__(self, outbox: Outbox, random: Random, timeout_s: float = 5.0) -> None:
        self.timeout_s = timeout_s
        self._outbox = outbox
        self._chain = outbox.chain
        self._random = random
        self._flights: dict[int, _Flight] = {}
        self._tries = 0
        self._again_s = 0.0
        self._hold_until_s = 0.0
        self._answered = True
        self._claim: int | None = None
        self._claim_not_before_s = 0.0
        self._strangers = 0
        self._rounds = 0

    def on_connect(self, now_s: float) -> None:
        """Forget what was on its way, and give the hub one time-out to say first what it has."""
        self._flights.clear()
        self._tries = 0
        self._answered = False
        self._hold_until_s = now_s + self.timeout_s

    def on_ack(self, ack: Ack, now_s: float) -> None:
        """Take in what the hub says it has."""
        self._hold_until_s = 0.0
        self._answered = True
        self._tries = min(self._tries, 1)  # the hub lives: no reason to wait longer than one time-out
        self._again_s = min(self._again_s, now_s + self._patience_s())
        if ack.epoch != self._chain.epoch:
            self._strangers += 1
            return
        known = self._chain.hash_at(ack.seq)
        if ack.seq > self._chain.durable_seq or (ack.seq and known is not None and known != ack.hash):
            self._start_epoch()
        elif ack.seq < self._chain.acked:
            self._claim = ack.seq
        else:
            self._advance(ack.seq, now_s)

    def seal(self, now_s: float) -> bool:
        """Seal blocks while the window has room; return whether there is something to make durable before `due`."""
        if self._chain.lacks_catalogue:
            self._start_epoch()
        while now_s >= self._hold_until_s and self._room():
            envelope = self._chain.seal()
            if envelope is None:
                break
            self._flights[self._chain.last_seq] = _Flight(envelope)
        return not self._outbox.synced

    def due(self, now_s: float) -> Sequence[bytes]:
        """Return the envelopes to publish now, in order; only such whose seals survive a power cut."""
        if now_s < self._hold_until_s:
            return ()
        self._settle_claim(now_s)
        self._refill()
        again = bool(self._tries) and now_s >= self._again_s
        if again and min(self._strangers, self._rounds) >= _STRANGERS:
            self._start_epoch()  # the hub lives and answers, but never about this epoch
            return ()
        durable = self._chain.durable_seq
        flights = [flight for seq, flight in self._flights.items() if seq <= durable]
        chosen = [flight for flight in flights if again or not flight.published]
        if chosen and (again or not self._tries):
            self._tries += 1
            self._rounds += 1
            self._again_s = now_s + self._patience_s()
        for flight in chosen:
            flight.published = True
        return [flight.envelope for flight in chosen]

    def turn(self, now_s: float) -> Sequence[bytes]:
        """Do all at once: gather what was appended, seal, make durable, and return what to publish."""
        self._outbox.gather()
        self.seal(now_s)
        if not self._outbox.synced:
            self._outbox.sync()
        return self.due(now_s)

    def _patience_s(self) -> float:
        doubled = self.timeout_s * 2.0 ** min(max(0, self._tries - 1), SLOWEST)
        return doubled * (1 + self._random.random() / 4)

    def _room(self) -> bool:
        size = sum(len(flight.envelope) for flight in self._flights.values())
        ahead = self._chain.last_seq - self._chain.acked
        return max(len(self._flights), ahead) < WINDOW_BATCHES and size < WINDOW_BYTES

    def _advance(self, seq: int, now_s: float) -> None:
        self._claim = None
        self._flights = {each: flight for each, flight in self._flights.items() if each > seq}
        if seq == self._chain.acked:
            return
        self._chain.acknowledge(seq)
        self._strangers = self._rounds = 0
        self._tries = 1 if any(flight.published for flight in self._flights.values()) else 0
        self._again_s = now_s + self._patience_s()

    def _settle_claim(self, now_s: float) -> None:
        """Go back to where the hub says it is, unless an older acknowledgement was only late: once per time-out."""
        if self._claim is None or now_s < self._claim_not_before_s:
            return
        seq, self._claim = self._claim, None
        self._claim_not_before_s = now_s + self.timeout_s
        if seq + 1 < self._chain.oldest:
            self._start_epoch()
            return
        self._chain.acknowledge(seq)
        self._flights.clear()
        self._tries = 0

    def _refill(self) -> None:
        """Take sealed envelopes that are not on their way into the window, in order."""
        seq = self._chain.acked + 1
        size = 0
        count = 0
        while seq <= self._chain.last_seq and count < WINDOW_BATCHES and size < WINDOW_BYTES:
            if seq not in self._flights and not self._fetch(seq):
                return
            size += len(self._flights[seq].envelope)
            count += 1
            seq += 1
        self._flights = dict(sorted(self._flights.items()))
        if not self._flights and not self._answered:
            self._ask()

    def _ask(self) -> None:
        """Send the newest envelope again: whatever the hub has, it will say so."""
        envelope = self._chain.envelope(self._chain.acked)
        if envelope is not None:
            self._flights[self._chain.acked] = _Flight(envelope)

    def _fetch(self, seq: int) -> bool:
        envelope = self._chain.envelope(seq)
        if envelope is not None:
            self._flights[seq] = _Flight(envelope)
            return True
        if seq < self._chain.oldest or self._chain.hash_at(seq - 1) is None:
            self._start_epoch()  # there is nothing to go on from
        else:
            self._chain.cut(seq)
            self._flights = {each: flight for each, flight in self._flights.items() if each < seq}
        return False

    def _start_epoch(self) -> None:
        self._outbox.start_epoch()
        self._flights.clear()
        self._claim = None
        self._strangers = self._rounds = self._tries = 0
