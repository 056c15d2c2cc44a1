"""What the edge's tests share: outboxes in temporary directories, readings told apart by number, a hub in memory."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from edge.catalogue import Inventory, Series
from edge.outbox import Identity, Limits, Outbox
from wire.batch import CatalogueDevice, CatalogueStation, Payload, read_readings
from wire.envelope import read_envelope
from wire.reading import Reading

KEY = SigningKey(bytes(range(32)))
BOOT = b"the first boot.."


@dataclass(frozen=True)
class Lives:
    """Opens the outbox of a directory as an agent's start does, and looks into it."""

    inventory: Inventory

    def open(self, directory: Path, boot: bytes = BOOT, limits: Limits | None = None, key: SigningKey = KEY) -> Outbox:
        """Begin a life of the agent."""
        return Outbox(directory, Identity("gw-1", key, boot), self.inventory, limits or Limits())

    def sealed(self, outbox: Outbox) -> list[Payload]:
        """Seal all that waits."""
        payloads = []
        while (envelope := outbox.chain.seal()) is not None:
            payloads.append(read_envelope(envelope))
        return payloads

    def numbers(self, payloads: Iterable[Payload]) -> list[int]:
        """Return the numbers of the readings of some batches, in order."""
        numbers: list[int] = []
        for payload in payloads:
            if payload.kind == "readings":
                numbers += map(int, memoryview(read_readings(payload.body).columns.value).cast("d"))
        return numbers

    def held(self, directory: Path) -> list[int]:
        """Return the numbers of all readings that a directory still holds, by sealing them in a life of its own."""
        with self.open(directory) as outbox:
            outbox.set_clock(1_700_000_000_000, "ntp")
            outbox.start_epoch()
            return self.numbers(self.sealed(outbox))


@pytest.fixture(autouse=True, scope="module")
def _quick_disk() -> Iterator[None]:
    """Have no call wait for the disk of this machine: what survives a power cut is played."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("fdatasync", "fsync"):
            patch.setattr(os, name, os.fstat)
        yield


@pytest.fixture(scope="session")
def inventory() -> Inventory:
    """One station with one device of two properties."""
    return Inventory(
        "quietwatch-edge test",
        (CatalogueStation("micro-1", "micro_station", "一号", 116.5, 39.8),),
        (CatalogueDevice("micro-1-pm", "micro-1", "pms"),),
        (Series("micro-1-pm", "pm2_5", "ug/m3", 60.0), Series("micro-1-pm", "pm10", "ug/m3", 60.0)),
    )


@pytest.fixture(scope="session")
def lives(inventory: Inventory) -> Lives:
    """Open outboxes."""
    return Lives(inventory)


@pytest.fixture(scope="session")
def reading() -> Callable[[int], Reading]:
    """Make a reading that is told from others by its number."""
    return lambda number: Reading("micro-1-pm", "pm2_5", 1000 + number, float(number))
