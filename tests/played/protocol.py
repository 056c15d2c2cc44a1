"""Both ends of the protocol, real code on real files, for a test that plays the network between them."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import numpy as np
from nacl.signing import SigningKey
from numpy.typing import NDArray

from edge.catalogue import Inventory, Series
from edge.outbox import Identity, Limits, Outbox
from edge.outbox.frame import FrameKind, scan
from edge.sender import Sender
from hub.ingest.accept import Known, Position
from hub.ingest.days import JournalReader
from hub.ingest.intake import Arrival, Intake
from hub.ingest.journal import Journal
from wire.batch import Ack, CatalogueDevice, CatalogueStation, read_readings
from wire.envelope import read_envelope

GATEWAY = "gw-test"
KEY = SigningKey(bytes(range(32)))
NOON_MS = 1_381_000_000_000
USUAL = Limits(segment_bytes=4096)
BLOCK_HEAD = 32  # bytes before a block's body in its frame
STATION = CatalogueStation("station", "micro_station", "站", 116.5, 39.8)
INVENTORY = Inventory(
    "test", (STATION,), (CatalogueDevice("device", "station", "pms"),), (Series("device", "pm10", "ug/m3", 60),)
)


@dataclass(eq=False)
class Card:
    """One gateway's storage and what the test knows is on it.

    Attributes:
        held: values of the readings that the outbox has taken and must deliver.
        doubtful: values whose block a test rotted: they may come or not.
        limits: how much its outbox keeps.
        told: the epoch that it named when it last connected, which the broker retains.
    """

    directory: Path
    held: set[int] = field(default_factory=set)
    doubtful: set[int] = field(default_factory=set)
    outbox: Outbox | None = None
    sender: Sender | None = None
    told: int = 0
    limits: Limits = USUAL

    def open(self, now_s: float, boot: bytes) -> None:
        """Start the gateway's process."""
        self.outbox = Outbox(self.directory, Identity(GATEWAY, KEY, boot), INVENTORY, self.limits)
        self.outbox.set_clock(NOON_MS, "ntp")
        self.sender = Sender(self.outbox, Random(1), timeout_s=5.0)
        self.sender.on_connect(now_s)

    def close(self) -> None:
        """Kill the gateway's process: nothing is flushed."""
        if self.outbox is not None:
            self.outbox.close()
        self.outbox = self.sender = None

    def image(self, place: Path) -> "Card":
        """Return a copy of the card as it lies on the table, or behind the back of its running process."""
        shutil.copytree(self.directory, place)
        return Card(place, set(self.held), set(self.doubtful), limits=self.limits)

    def rot(self, which: int) -> None:
        """Turn the last byte of one block of readings, and note whose fault it is when they never come."""
        assert self.outbox is not None
        self.outbox.flush()
        places = [
            (path, frame.end, frame.body[BLOCK_HEAD:])
            for path in sorted(self.directory.glob("*.log"))
            for frame in scan(path.read_bytes()).frames
            if frame.kind == FrameKind.BLOCK and not frame.detail and frame.body
        ]
        if places:
            path, end, body = places[which % len(places)]
            content = bytearray(path.read_bytes())
            content[end - 1] ^= 0xFF
            path.write_bytes(content)
            self.doubtful |= set(_values(body).tolist())


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
        self.intake = Intake({GATEWAY: KEY.verify_key}, self.journal, catalogues)

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
        """Return what it says to a gateway that says, or whose retained status says, that it is in this epoch."""
        return [_ack(self.intake.known.get(GATEWAY, Known()).at(epoch), now_ms)]

    def greeting(self, now_ms: int) -> list[Ack]:
        """Return what it says to all its gateways when it starts."""
        known = self.intake.known.get(GATEWAY)
        return [_ack(position, now_ms) for position in known.positions.values()] if known else []

    def arrived(self) -> list[int]:
        """Return the values that the journal holds as new, one by one: what the judge will store."""
        values: list[int] = []
        for body, known_rows in self._fresh():
            merged = read_readings(body).columns.merged
            singles = np.frombuffer(merged, "<u2") == 1 if merged else slice(None)
            values.extend(_values(body)[singles][known_rows:].tolist())
        return values

    def merged(self) -> int:
        """Return how many readings the journal holds in minute means only."""
        merged = (np.frombuffer(read_readings(body).columns.merged, "<u2") for body, _ in self._fresh())
        return sum(int(each[each > 1].sum()) for each in merged)

    def _fresh(self) -> Iterator[tuple[bytes, int]]:
        with JournalReader(self.directory) as reader:
            for entry in reader.entries(0, ("batch",)):
                if entry.fresh:
                    yield read_envelope(entry.envelope).body, entry.known_rows


def _values(body: bytes) -> NDArray[np.int64]:
    return np.frombuffer(read_readings(body).columns.value, "<f8").astype(np.int64)


def _ack(position: Position, now_ms: int) -> Ack:
    return Ack(position.epoch, position.seq, position.hash, now_ms, position.refused)
