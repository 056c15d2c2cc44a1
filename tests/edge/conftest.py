"""What the edge's tests share: an outbox in a temporary directory, a clock that is turned by hand, a hub in memory."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.catalogue import Inventory, Series
from edge.outbox import Identity, Limits, Outbox
from wire.batch import CatalogueDevice, CatalogueStation
from wire.reading import Reading

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
BOOT = b"first boot......"


@pytest.fixture
def inventory() -> Inventory:
    """One station with one device of two properties."""
    return Inventory(
        "quietwatch-edge test",
        (CatalogueStation("micro-1", "micro_station", "一号", 116.5, 39.8),),
        (CatalogueDevice("micro-1-pm", "micro-1", "pms"),),
        (Series("micro-1-pm", "pm2_5", "ug/m3", 60.0), Series("micro-1-pm", "pm10", "ug/m3", 60.0)),
    )


@dataclass
class Opener:
    """Opens outboxes; each call is a new life of the agent."""

    inventory: Inventory
    limits: Limits = Limits()  # noqa: RUF009  # immutable

    def __call__(self, directory: Path, boot: bytes = BOOT, limits: Limits | None = None) -> Outbox:
        return Outbox(directory, Identity("gw-1", KEY, boot), self.inventory, limits or self.limits)


@pytest.fixture
def open_outbox(inventory: Inventory) -> Opener:
    """Opens the outbox of a directory, as an agent's start does."""
    return Opener(inventory)


@pytest.fixture
def reading() -> Callable[[int], Reading]:
    """Make a reading that is told from others by its number."""

    def make(number: int) -> Reading:
        return Reading("micro-1-pm", "pm2_5", 1000 + number, float(number))

    return make
