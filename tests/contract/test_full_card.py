"""The protocol between a hub and a gateway whose card is too small: every reading arrives once, or is counted."""

import errno
import os
import shutil
from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from played.field import Field
from played.protocol import Card, Hub

from edge.errors import OutboxFull
from edge.outbox import Limits
from wire.reading import Reading

pytestmark = pytest.mark.component

ROUNDS = 200
SMALL = Limits(bytes=24_000, segment_bytes=1_500, seal_bytes=4_000)


class FullCard(Field, RuleBasedStateMachine):
    """Any order of long absences, losses, kills and full disks."""

    def __init__(self) -> None:
        super().__init__()
        self.values = count(1)

    @initialize()
    def install(self) -> None:
        """One gateway, one hub, both empty."""
        self.hub = Hub(self.place())
        card = Card(self.place(), limits=SMALL)
        card.open(self.now_s, self.boot())
        self.cards.append(card)

    def teardown(self) -> None:
        """Over a good network everything that is left arrives, once, and the account is complete."""
        if self.cards:
            self.lose_all()
            self.settle()
            self.check()
            self.cards[0].close()
            self.hub.close()
        shutil.rmtree(self.root)

    def take(self, many: int) -> None:
        """An instrument answers with `many` readings, spread over minutes."""
        card = self.cards[0]
        assert card.outbox is not None
        values = [next(self.values) for _ in range(many)]
        card.outbox.append([Reading("device", "pm10", value * 7000, float(value)) for value in values])
        card.held.update(values)

    @rule(blocks=st.integers(1, 60), many=st.integers(1, 20))
    def long_absence(self, blocks: int, many: int) -> None:
        """Nobody takes anything for as long as it takes to fill so many blocks."""
        outbox = self.cards[0].outbox
        assert outbox is not None
        for _ in range(blocks):
            self.take(many)
            outbox.write_block()
        outbox.sync()

    @rule(rounds=st.integers(1, 6))
    def good_minute(self, rounds: int) -> None:
        """For a while the network does what it should."""
        for _ in range(rounds):
            self.now_s += 2
            self.take(2)
            self.hub_takes(self.turn(self.cards[0]))
            self.answer_all()

    @rule()
    def send(self) -> None:
        """The gateway's loop turns once; what it sends is on its way."""
        self.up.extend(self.turn(self.cards[0]))

    @precondition(lambda self: self.up)
    @rule(which=st.integers(0, 100), lost=st.booleans())
    def deliver(self, which: int, lost: bool) -> None:  # noqa: FBT001  # drawn by hypothesis
        """One of the envelopes reaches the hub, or does not; its acknowledgement is on its way."""
        envelope = self.up.pop(which % len(self.up))
        if not lost:
            self.hub_takes([envelope])

    @rule()
    def lose_all(self) -> None:
        """The broker dies with everything in it, and the gateway connects again."""
        self.up.clear()
        self.down.clear()
        self.connect(0)

    @rule()
    def kill_gateway(self) -> None:
        """The gateway's process dies and starts again."""
        self.cards[0].close()
        self.start(0)

    @rule(blocks=st.integers(1, 4))
    def full_disk(self, blocks: int) -> None:
        """Others fill the disk: no file grows. What is refused is said, and the gateway runs on."""
        card = self.cards[0]

        def refuse(_fd: int, _content: bytes) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "write", refuse)
            for _ in range(blocks):
                self.take(2)
                try:
                    self.up.extend(self.turn(card))
                except OutboxFull:
                    continue

    @invariant()
    def nothing_is_doubled(self) -> None:
        """No reading is in the journal twice, and none that was not taken."""
        if self.cards:
            arrived = self.hub.arrived()
            assert len(arrived) == len(set(arrived))
            assert set(arrived) <= self.cards[0].held

    def settle(self) -> None:
        """Run a good network until nothing waits."""
        card = self.cards[0]
        for _ in range(ROUNDS):
            self.now_s += 40
            self.answer_all()
            self.hub_takes(self.turn(card))
            if card.outbox is not None and not card.outbox.unacknowledged and not self.down:
                return

    def check(self) -> None:
        """Every reading that was taken has arrived, is in a mean that has, or is counted as dropped."""
        card = self.cards[0]
        assert card.outbox is not None
        arrived, merged, dropped = len(self.hub.arrived()), self.hub.merged(), card.outbox.dropped

        assert card.outbox.unacknowledged == 0
        assert len(card.held) == arrived + merged + dropped
        assert merged <= card.outbox.thinned


TestFullCard = FullCard.TestCase
TestFullCard.settings = settings(max_examples=10, stateful_step_count=20, suppress_health_check=list(HealthCheck))
