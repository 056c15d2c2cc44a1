"""A gateway as the hub sees it: envelopes with a right signature and a right chain, unless a test asks otherwise."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from nacl.signing import SigningKey

from hub.ingest.days import JournalReader
from hub.ingest.intake import Arrival, Intake
from hub.ingest.journal import Journal
from wire.batch import (
    NO_HASH,
    CatalogueBody,
    CatalogueDatastream,
    CatalogueDevice,
    CatalogueStation,
    Payload,
    ReadingsBody,
    encode_body,
    sha256,
)
from wire.columns import Columns
from wire.envelope import encode_envelope

NOW_MS = 1_380_844_800_000


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """Give a directory where a commit waits for no disk."""
    memory = Path("/dev/shm")  # noqa: S108  # a directory of its own within
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as directory:
        yield Path(directory)


@dataclass
class Gateway:
    """Seals one body after another."""

    id: str = "gw-east"
    epoch: int = 7
    seq: int = 0
    previous: bytes = NO_HASH
    number: int = 0
    key: SigningKey = field(default_factory=lambda: SigningKey(bytes(range(32))))
    sealed: list[Arrival] = field(default_factory=list)
    blocks: list[bytes] = field(default_factory=list)

    def catalogue(self, **changes: Any) -> Arrival:
        """Seal a catalogue of one micro-station with two datastreams."""
        self.number += 1
        body = CatalogueBody(
            boot=bytes(16),
            number=self.number,
            software="test",
            stations=(CatalogueStation("micro-001", "micro_station", "一号站", 116.5, 39.8),),
            devices=(CatalogueDevice("micro-001-pm", "micro-001", "pms"),),
            datastreams=(
                CatalogueDatastream(0, "micro-001-pm", "pm2_5", "ug/m3", 60),
                CatalogueDatastream(1, "micro-001-pm", "pm10", "ug/m3", 60),
            ),
        )
        return self.seal("catalogue", encode_body(body), **changes)

    def readings(self, values: tuple[float, ...] = (35.0, 80.0), **changes: Any) -> Arrival:
        """Seal a block of readings of both datastreams."""
        return self.seal("readings", self.block(values), **changes)

    def block(self, values: tuple[float, ...] = (35.0, 80.0), number: int = 0) -> bytes:
        """Return the body of the next block, or of one with another number."""
        self.number += 1
        n = len(values)
        columns = Columns(
            stream=(np.arange(n) % 2).astype("<u2").tobytes(),
            offset_ms=np.arange(n).astype("<u4").tobytes(),
            value=np.array(values, "<f8").tobytes(),
            flag=np.full(n, 2, "u1").tobytes(),
        )
        self.blocks.append(encode_body(ReadingsBody(bytes(16), number or self.number, 0, columns)))
        return self.blocks[-1]

    def seal(self, kind: Any, body: bytes, **changes: Any) -> Arrival:
        """Number, chain and sign a body."""
        self.seq += 1
        payload = Payload(self.id, self.epoch, self.seq, 1, self.previous, kind, NOW_MS, "ntp", body)
        envelope = encode_envelope(msgspec.structs.replace(payload, **changes), self.key)
        self.previous = sha256(envelope)
        self.sealed.append(Arrival("batch", self.id, envelope))
        return self.sealed[-1]

    def renewed(self, epoch: int) -> "Gateway":
        """Return the gateway at the start of another epoch, with all blocks that it holds."""
        return replace(self, epoch=epoch, seq=0, sealed=[], blocks=list(self.blocks))


@dataclass
class Hub:
    """A journal directory and what runs on it."""

    directory: Path
    gateway: Gateway
    journal: Journal = field(init=False)
    intake: Intake = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Open the journal as a hub that starts does."""
        self.journal = Journal(self.directory)
        with JournalReader(self.directory) as reader:
            keys = {self.gateway.id: self.gateway.key.verify_key}
            self.intake = Intake(keys, self.journal, list(reader.entries(0, ("catalogue",))))

    def restart(self) -> None:
        """Close the journal and open it again."""
        self.journal.close()
        self.start()


@pytest.fixture(scope="session")
def now_ms() -> int:
    """Field time at which everything arrives, unless said otherwise."""
    return NOW_MS


@pytest.fixture
def gateway() -> Gateway:
    """Return a gateway at the start of its first epoch."""
    return Gateway()


@pytest.fixture(scope="session")
def new_hub(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Hub]:
    """Return what makes a hub with an empty journal and a gateway of its own, for each example of a property."""
    return lambda: Hub(tmp_path_factory.mktemp("hub") / "journal", Gateway())


@pytest.fixture
def hub(tmp_path: Path, gateway: Gateway) -> Iterator[Hub]:
    """Yield a hub with an empty journal that knows the gateway."""
    hub = Hub(tmp_path / "journal", gateway)
    yield hub
    hub.journal.close()
