"""Gateway and hub over a hostile network and with copied disks: the protocol of batches and acknowledgements.

The real outbox, sender, intake and journal, on real files; only the network between them is played.
"""

import shutil
from collections import Counter
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from played.field import Field
from played.protocol import Card, Hub

from wire.reading import Reading

pytestmark = pytest.mark.component

ROUNDS = 60
QUIET = 3


class Protocol(Field, RuleBasedStateMachine):
    """Any order of sending, losing, repeating, reordering, killing, restoring, cloning and rotting."""

    def __init__(self) -> None:
        super().__init__()
        self.values = count(1)
        self.hub_image: Path | None = None
        self.card_images: list[Card] = []
        self.floor: set[int] = set()
        self.reconnects = True

    @initialize(reconnects=st.booleans())
    def install(self, reconnects: bool) -> None:  # noqa: FBT001  # drawn by hypothesis
        """One gateway, one hub, both empty."""
        self.reconnects = reconnects
        self.hub = Hub(self.place())
        card = Card(self.place())
        card.open(self.now_s, self.boot())
        self.cards.append(card)

    def teardown(self) -> None:
        """Whatever happened before: over a good network everything arrives, once."""
        if self.cards:
            self.settle()
            self.check()
            for card in self.cards:
                card.close()
            self.hub.close()
        shutil.rmtree(self.root)

    # What the field does

    @rule(many=st.integers(1, 5), card=st.integers(0, 3))
    def take_readings(self, many: int, card: int) -> None:
        """Instruments answer."""
        chosen = self.cards[card % len(self.cards)]
        assert chosen.outbox is not None
        for value in [next(self.values) for _ in range(many)]:
            chosen.outbox.append([Reading("device", "pm10", int(self.now_s * 1000) + value, float(value))])
            chosen.held.add(value)

    @rule(card=st.integers(0, 3))
    def send(self, card: int) -> None:
        """A gateway's loop turns once."""
        self.up.extend(self.turn(self.cards[card % len(self.cards)]))

    @rule(rounds=st.integers(1, 6))
    def good_minute(self, rounds: int) -> None:
        """For a while the network does what it should."""
        for _ in range(rounds):
            self.now_s += 2
            for card in self.cards:
                self.hub_takes(self.turn(card))
            self.answer_all()

    @rule(seconds=st.floats(0.1, 30))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.now_s += seconds

    # What the network does

    @precondition(lambda self: self.up)
    @rule(which=st.integers(0, 100), again=st.booleans(), many=st.integers(1, 4))
    def deliver(self, which: int, again: bool, many: int) -> None:  # noqa: FBT001  # drawn by hypothesis
        """Envelopes reach the hub: any of those on their way, some of them twice."""
        for _ in range(min(many, len(self.up))):
            index = which % len(self.up)
            envelope = self.up[index] if again else self.up.pop(index)
            self.hub_takes([envelope])

    @precondition(lambda self: self.up)
    @rule(which=st.integers(0, 100))
    def lose_batch(self, which: int) -> None:
        """An envelope is lost."""
        self.up.pop(which % len(self.up))

    @precondition(lambda self: self.down)
    @rule(which=st.integers(0, 100), again=st.booleans())
    def answer(self, which: int, again: bool) -> None:  # noqa: FBT001  # drawn by hypothesis
        """An acknowledgement reaches a gateway."""
        index = which % len(self.down)
        card, ack = self.down[index] if again else self.down.pop(index)
        self.acknowledge(card, ack)

    @rule()
    def lose_all(self) -> None:
        """The broker dies with everything in it, and gateways connect again."""
        self.up.clear()
        self.down.clear()
        for index in range(len(self.cards)):
            self.connect(index)

    # What happens to gateways

    @rule(card=st.integers(0, 3))
    def kill_gateway(self, card: int) -> None:
        """A gateway's process dies and starts again."""
        index = card % len(self.cards)
        self.cards[index].close()
        self.start(index)

    @rule(card=st.integers(0, 3))
    def image_card(self, card: int) -> None:
        """A copy of a card is put aside, readings that are in no block yet included; its gateway runs on."""
        self.card_images.append(self.cards[card % len(self.cards)].image(self.place()))

    @precondition(lambda self: self.card_images)
    @rule(image=st.integers(0, 10), card=st.integers(0, 3))
    def restore_card(self, image: int, card: int) -> None:
        """A card is replaced by an older copy: what it took since is nobody's promise any more."""
        index = card % len(self.cards)
        self.cards[index].close()
        self.cards[index] = self.card_images[image % len(self.card_images)].image(self.place())
        self.start(index)

    @precondition(lambda self: self.card_images and len(self.cards) < 3)
    @rule(image=st.integers(0, 10))
    def clone_card(self, image: int) -> None:
        """A second gateway runs from a copy of a card, with the same identity."""
        self.cards.append(self.card_images[image % len(self.card_images)].image(self.place()))
        self.start(len(self.cards) - 1)

    @rule(card=st.integers(0, 1), before=st.integers(0, 2), blocks=st.tuples(st.integers(0, 2), st.integers(0, 3)))
    def twin_card(self, card: int, before: int, blocks: tuple[int, int]) -> None:
        """A card is copied behind the back of its running gateway; from there on both fill the same blocks."""
        index = card % min(len(self.cards), 2)
        self.take_readings(before, index)
        twin = self.cards[index].image(self.place())
        for gone in self.cards[2:]:
            gone.close()
        self.cards[2:] = []
        self.cards.append(twin)
        self.start(len(self.cards) - 1)
        for each, many in zip((self.cards[index], twin), blocks, strict=True):
            for _ in range(many):
                self.take_readings(1, self.cards.index(each))
                assert each.outbox is not None
                each.outbox.write_block()

    @rule(card=st.integers(0, 3), which=st.integers(0, 100))
    def rot_body(self, card: int, which: int) -> None:
        """A byte of one block turns behind the back of the running gateway: only what that block says may be lost."""
        self.cards[card % len(self.cards)].rot(which)

    @precondition(lambda self: not self.card_images and len(self.cards) == 1)
    @rule(where=st.floats(0.2, 0.999))
    def rot_block(self, where: float) -> None:
        """A byte of a segment turns while the gateway is off: what is not yet at the hub may be lost, the rest not."""
        card = self.cards[0]
        card.close()
        segments = sorted(path for path in card.directory.iterdir() if path.stat().st_size > 1000)
        if segments:
            content = bytearray(segments[-1].read_bytes())
            content[int(len(content) * where)] ^= 0x40
            segments[-1].write_bytes(content)
            card.doubtful |= card.held
        self.start(0)

    # What happens to the hub

    @rule()
    def kill_hub(self) -> None:
        """The hub's process dies and starts again."""
        self.hub.close()
        self.hub.open()
        self.greet()

    @rule()
    def image_hub(self) -> None:
        """A backup of the hub."""
        self.hub.close()
        self.hub_image = self.hub.image(self.place())
        self.hub.open()

    @precondition(lambda self: self.hub_image)
    @rule()
    def restore_hub(self) -> None:
        """The hub is replaced by its backup; the gateways' grace must give back what it lacks."""
        self.hub.close()
        assert self.hub_image is not None
        self.hub = Hub(Path(shutil.copytree(self.hub_image, self.place())))
        self.floor = set(self.hub.arrived())
        self.greet()

    @rule()
    def wipe_hub(self) -> None:
        """The hub loses all that it had, and so does whoever had only the hub."""
        self.hub.close()
        self.hub = Hub(self.place())
        self.floor = set()
        self.greet()

    # What must hold

    @invariant()
    def nothing_is_doubled(self) -> None:
        """No reading is in the journal twice as fresh, and none disappears from it."""
        if self.cards:
            arrived = self.hub.arrived()
            assert [] == [value for value, times in Counter(arrived).items() if times > 1]
            assert set() == self.floor - set(arrived)
            self.floor = set(arrived)

    def settle(self) -> None:
        """Run a good network until nothing moves; what was on its way to the hub is lost, with or without sessions."""
        if self.reconnects:
            self.lose_all()
        else:
            for index, card in enumerate(self.cards):
                self.take_readings(1, index)
                self.turn(card)
            self.up.clear()
        quiet = 0
        for _ in range(ROUNDS):
            self.now_s += 40
            self.answer_all()
            sent = [envelope for card in self.cards for envelope in self.turn(card)]
            self.hub_takes(sent)
            waiting = [card for card in self.cards if card.outbox is None or card.outbox.unacknowledged]
            quiet = 0 if sent or self.down or waiting else quiet + 1
            if quiet == QUIET:
                return

    def check(self) -> None:
        """Everything that a living card took has arrived, and no gateway waits for anything."""
        arrived = set(self.hub.arrived())
        for card in self.cards:
            assert card.outbox is not None
            assert set() == card.held - card.doubtful - arrived
            assert 0 == card.outbox.unacknowledged


TestProtocol = Protocol.TestCase
TestProtocol.settings = settings(max_examples=40, stateful_step_count=40, suppress_health_check=list(HealthCheck))
