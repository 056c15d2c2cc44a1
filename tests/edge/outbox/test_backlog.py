"""A long absence of the broker: what a gateway takes meanwhile fits, and goes in order as fast as it is taken."""

from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from nacl.signing import SigningKey

from edge.catalogue import Inventory, Series
from edge.outbox import Identity, Limits, Outbox
from edge.sender import Sender
from wire.batch import Ack, CatalogueDevice, CatalogueStation, Payload, read_readings
from wire.envelope import read_envelope
from wire.properties import PROPERTIES
from wire.reading import Reading

if TYPE_CHECKING:
    from tests.edge.conftest import Lives

WEEK_S = 7 * 86_400
PERIOD_S = 60
NOON_MS = 1_700_000_000_000
TYPICAL = 120  # readings of twenty datastreams each 10 s, for one of those here


def drain(outbox: Outbox, live: int) -> list[Payload]:
    """Hand everything over to a hub that takes it at once, readings being taken meanwhile."""
    sender, payloads = Sender(outbox, Random(1)), []
    for now in range(1000):
        if now < live:
            outbox.append([Reading("micro-1-pm", "pm2_5", WEEK_S * 1000 + now, float(WEEK_S // PERIOD_S + now))])
        payloads += [read_envelope(envelope) for envelope in sender.turn(float(now))]
        digest = outbox.chain.hash_at(outbox.chain.last_seq)
        assert digest is not None
        sender.on_ack(Ack(outbox.chain.epoch, outbox.chain.last_seq, digest, NOON_MS), float(now))
        if now >= live and not outbox.unacknowledged:
            break
    return payloads


def test_week_without_a_broker_is_held_and_handed_over(tmp_path: Path, lives: "Lives") -> None:
    """Every reading arrives once and in order, those behind them that are taken while it drains; a month would fit."""
    many, live = WEEK_S // PERIOD_S, 3
    with lives.open(tmp_path) as outbox:
        outbox.set_clock(NOON_MS, "ntp")
        for number in range(many):
            outbox.append([Reading("micro-1-pm", "pm2_5", number * PERIOD_S * 1000, float(number))])
            outbox.gather()
            outbox.sync()
        size, waiting = outbox.size_bytes, outbox.chain.waiting
        payloads = drain(outbox, live)

    numbers = [
        int(value)
        for payload in payloads
        if payload.kind == "readings"
        for value in memoryview(read_readings(payload.body).columns.value).cast("d")
    ]
    assert numbers == list(range(many + live))
    assert waiting < 20
    assert size * TYPICAL * 30 / 7 < Limits().bytes


def test_segment_is_much_more_than_its_head_however_long_the_catalogue(tmp_path: Path) -> None:
    """Each segment begins with all that the next ones rely on; thousands of datastreams must not fill it with that."""
    names = tuple(PROPERTIES)[:40]
    devices = tuple(CatalogueDevice(f"unit-{number}", "station", "modbus") for number in range(100))
    series = tuple(Series(each.id, name, PROPERTIES[name].unit, 1.0) for each in devices for name in names)
    many = Inventory("test", (CatalogueStation("station", "lab", "站", 116.5, 39.8),), devices, series)
    with Outbox(tmp_path, Identity("gw-1", SigningKey(bytes(32)), bytes(16)), many) as outbox:
        outbox.set_clock(NOON_MS, "ntp")
        before = outbox.size_bytes
        for now in range(30):
            outbox.append([Reading("unit-7", name, now, float(now)) for name in names])
            outbox.write_block()
        grown = outbox.size_bytes - before

    assert grown < before
