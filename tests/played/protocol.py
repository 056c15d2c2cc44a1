"""Both ends of the protocol, real code on real files, for a test that plays the network between them."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.catalogue import Inventory, Series
from edge.outbox import Identity, Limits, Outbox
from edge.sender import Sender
from hub.ingest.accept import Position
from hub.ingest.days import JournalReader
from hub.ingest.intake import Arrival, Intake
from hub.ingest.journal import Journal
from wire.batch import Ack, CatalogueDevice, CatalogueStation, read_envelope, read_readings

GATEWAY = "gw-test"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NOON_MS = 1_381_000_000_000
STATION = CatalogueStation("station", "micro_station", "站", 116.5, 39.8)
INVENTORY = Inventory(
    "test", (STATION,), (CatalogueDevice("device", "station", "pms"),), (Series("device", "pm10", "ug/m3", 60),)
)


@dataclass
class Card:
    """One gateway's storage and what the test knows is on it.

    Attributes:
        held: values of the readings that the outbox has taken and must deliver.
        doubtful: values whose block a test rotted: they may come or not.
    """

    directory: Path
    held: set[int] = field(default_factory=set)
    doubtful: set[int] = field(default_factory=set)
    outbox: Outbox | None = None
    sender: Sender | None = None

    def open(self, now_s: float, boot: bytes) -> None:
        """Start the gateway's process."""
        self.outbox = Outbox(self.directory, Identity(GATEWAY, KEY, boot), INVENTORY, Limits(segment_bytes=4096))
        self.outbox.set_clock(NOON_MS, "ntp")
        self.sender = Sender(self.outbox, Random(1), timeout_s=5.0)
        self.sender.on_connect(now_s)

    def close(self) -> None:
        """Kill the gateway's process: nothing is flushed."""
        if self.outbox is not None:
            self.outbox.close()
        self.outbox = self.sender = None

    def image(self, place: Path) -> "Card":
        """Return a copy of the card as it lies on the table: its process has ended."""
        assert self.outbox is None
        shutil.copytree(self.directory, place)
        return Card(place, set(self.held), set(self.doubtful))


class Hub:
    """The hub's intake and journal on a directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.open()

    def open(self) -> None:
        """Start the hub's process."""
        self.journal = Journal(self.directory)
        with JournalReader(self.directory) as reader:
            catalogues = list(reader.entries(0, ("catalogue",)))
        self.intake = Intake({GATEWAY: KEY.public_key()}, self.journal, catalogues)

    def close(self) -> None:
        """Kill the hub's process."""
        self.journal.close()

    def image(self, place: Path) -> Path:
        """Return a backup of the hub, whose process has ended."""
        shutil.copytree(self.directory, place)
        return place

    def take(self, envelopes: Sequence[bytes], now_ms: int) -> list[Ack]:
        """Commit a group and return its acknowledgements."""
        committed = self.intake.take([Arrival("batch", GATEWAY, envelope) for envelope in envelopes], now_ms)
        assert [] == list(committed.rejected)
        return [_ack(position, now_ms) for position in committed.positions.values()]

    def position(self, epoch: int, now_ms: int) -> list[Ack]:
        """Return what it says to a gateway that comes online with this epoch."""
        known = self.intake.known.get(GATEWAY)
        return [] if known is None else [_ack(known.at(epoch), now_ms)]

    def greeting(self, now_ms: int) -> list[Ack]:
        """Return what it says to all its gateways when it starts."""
        known = self.intake.known.get(GATEWAY)
        return [_ack(position, now_ms) for position in known.positions.values()] if known else []

    def arrived(self) -> list[int]:
        """Return the values that the journal holds as fresh: what the judge will store."""
        values: list[int] = []
        with JournalReader(self.directory) as reader:
            for entry in reader.entries(0, ("batch",)):
                if entry.fresh:
                    block = read_readings(read_envelope(entry.envelope).body)
                    values.extend(np.frombuffer(block.columns.value, "<f8").astype(int).tolist())
        return values


def _ack(position: Position, now_ms: int) -> Ack:
    return Ack(position.epoch, position.seq, position.hash, now_ms, position.refused)
