"""Gateways and a hub with a network between them that does only what a test has it do."""

import tempfile
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from played.protocol import NOON_MS, Card, Hub

from wire.batch import Ack


class Field:
    """What stands in the field and what is on its way.

    Attributes:
        now_s: the gateways' steady clock.
        up: envelopes that the hub has not got yet.
        down: acknowledgements, each with the index of the card that has not got it yet.
        cards: one for each gateway; all have one identity.
    """

    hub: Hub

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="quietwatch-protocol-"))
        self.names = count()
        self.boots = count(1)
        self.now_s = 0.0
        self.up: list[bytes] = []
        self.down: list[tuple[int, Ack]] = []
        self.cards: list[Card] = []

    def place(self) -> Path:
        """Return a path that is not there yet."""
        return self.root / str(next(self.names))

    def boot(self) -> bytes:
        """Return the name of another boot."""
        return next(self.boots).to_bytes(16, "big")

    def start(self, index: int) -> None:
        """Start a gateway's process and let it connect."""
        self.cards[index].open(self.now_s, self.boot())
        self.connect(index)

    def connect(self, index: int) -> None:
        """A gateway says that it is online, and the hub says what it has of the gateway's epoch."""
        card = self.cards[index]
        assert card.sender is not None
        assert card.outbox is not None
        card.sender.on_connect(self.now_s)
        card.told = card.outbox.chain.epoch
        self.broadcast(self.hub.position(card.told, self.hub_ms()))

    def greet(self) -> None:
        """The hub starts: it speaks of what it has, and answers what the broker retains of the gateways."""
        self.broadcast(self.hub.greeting(self.hub_ms()))
        for card in self.cards:
            self.broadcast(self.hub.position(card.told, self.hub_ms()))

    def turn(self, card: Card) -> Sequence[bytes]:
        """Return what a gateway publishes now."""
        assert card.sender is not None
        return card.sender.turn(self.now_s)

    def broadcast(self, acks: Sequence[Ack]) -> None:
        """Gateways of one identity hear the same topic."""
        self.down.extend((index, ack) for ack in acks for index in range(len(self.cards)))

    def hub_ms(self) -> int:
        """Return the hub's time."""
        return NOON_MS + int(self.now_s * 1000)

    def hub_takes(self, envelopes: Sequence[bytes]) -> None:
        """Envelopes reach the hub together."""
        self.broadcast(self.hub.take(envelopes, self.hub_ms()))

    def answer_all(self) -> None:
        """All acknowledgements reach their gateways."""
        down, self.down = self.down, []
        for card, ack in down:
            self.acknowledge(card, ack)

    def acknowledge(self, index: int, ack: Ack) -> None:
        """An acknowledgement reaches a gateway."""
        sender = self.cards[index].sender
        assert sender is not None
        sender.on_ack(ack, self.now_s)
