"""How many bytes a reading costs: on the wire, at rest and written to the card; against one JSON text per reading.

Twenty datastreams of eight instruments at 1 Hz, values as instruments give them, a flush every 10 s. Bytes written are
the kernel's own count (/proc/self/io); like a kernel does, the benchmark writes back what stays dirty for 30 s.

Run: python bench edge/bytes
"""

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

from nacl.signing import SigningKey

from edge.catalogue import Inventory, Series
from edge.outbox import Identity, Outbox
from edge.sender import Sender
from wire.batch import Ack, CatalogueDevice, CatalogueStation
from wire.reading import Reading

FLUSH_S = 10
WRITEBACK_S = 30
SECONDS = 1800
DAY_S = 86_400
MQTT_HEAD = 6  # of a PUBLISH of QoS 1, beside its topic
TOPIC = "qw/1/17/gw-bench/batch"
START_MS = 1_763_700_000_000


class Instrument(NamedTuple):
    """What one device measures: property, unit, where it begins, its step from second to second, its decimals."""

    device: str
    series: tuple[tuple[str, str, float, float, int], ...]


INSTRUMENTS = (
    Instrument("pm-1", (("pm1", "ug/m3", 30, 0.4, 0), ("pm2_5", "ug/m3", 45, 0.6, 0), ("pm10", "ug/m3", 70, 1, 0))),
    Instrument("pm-2", (("pm1", "ug/m3", 28, 0.4, 0), ("pm2_5", "ug/m3", 41, 0.6, 0), ("pm10", "ug/m3", 77, 1, 0))),
    Instrument("gas-1", (("so2", "ppb", 4, 0.2, 1), ("no2", "ppb", 21, 0.3, 1))),
    Instrument("gas-2", (("o3", "ppb", 33, 0.3, 1), ("co", "ppm", 0.6, 0.02, 1))),
    Instrument(
        "air-1",
        (("temperature", "degC", 21, 0.05, 1), ("humidity", "%", 45, 0.1, 1), ("pressure", "hPa", 1013, 0.05, 1)),
    ),
    Instrument(
        "air-2",
        (("temperature", "degC", 23, 0.05, 1), ("humidity", "%", 41, 0.1, 1), ("pressure", "hPa", 1012, 0.05, 1)),
    ),
    Instrument("noise", (("noise", "dB(A)", 55, 1.5, 1), ("noise_c", "dB(C)", 62, 1.5, 1))),
    Instrument(
        "wind", (("wind_speed", "m/s", 3, 0.3, 1), ("wind_direction", "deg", 200, 5, 0), ("rain", "mm", 3, 0, 1))
    ),
)
STATION = CatalogueStation("station-1", "micro_station", "站", 116.5, 39.8)
INVENTORY = Inventory(
    "bench",
    (STATION,),
    tuple(CatalogueDevice(each.device, "station-1", "modbus") for each in INSTRUMENTS),
    tuple(Series(each.device, name, unit, 1.0) for each in INSTRUMENTS for name, unit, *_ in each.series),
)


class Cost(NamedTuple):
    """Bytes of one way to keep and send readings."""

    wire: float
    rest: float
    written: float


def answers(seconds: int, period_s: int = 1) -> Iterator[tuple[int, list[Reading]]]:
    """Yield (second, readings) of every answer of every instrument: each polled once a period, some ms late."""
    chance = Random(1)  # noqa: S311  # the same readings at each run
    levels = {(each.device, name): start for each in INSTRUMENTS for name, _, start, _, _ in each.series}
    for second in range(0, seconds, period_s):
        for position, instrument in enumerate(INSTRUMENTS):
            at_ms = second * 1000 + 20 + position * 90 + int(chance.expovariate(1 / 3))
            readings = []
            for name, _, start, step, digits in instrument.series:
                key = instrument.device, name
                levels[key] += chance.gauss(0, step) + (start - levels[key]) * 0.01
                value = round(abs(levels[key]), digits) + 0.0
                readings.append(Reading(instrument.device, name, at_ms, value))
            yield second, readings


def written() -> int:
    """Return the bytes that this process has caused to be written to storage."""
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["write_bytes"])


def write_back(directory: Path) -> None:
    """Do what the kernel does with what has been dirty for 30 s."""
    for path in directory.iterdir():
        fd = os.open(path, os.O_RDONLY)
        os.fdatasync(fd)
        os.close(fd)


def outbox_cost(seconds: int, *, connected: bool) -> Cost:
    """Return what the outbox costs a reading; without a line nothing is on the wire."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        directory = Path(name)
        identity = Identity("gw-bench", SigningKey(bytes(range(32))), bytes(16))
        count = wire = 0
        with Outbox(directory, identity, INVENTORY) as outbox:
            outbox.set_clock(START_MS, "ntp")
            sender = Sender(outbox, Random(1))  # noqa: S311  # jitter
            write_back(directory)
            begun, size = written(), outbox.size_bytes
            for second, readings in answers(seconds):
                if readings[0].device == INSTRUMENTS[0].device and second:
                    if second % FLUSH_S == 0:
                        wire += turn(outbox, sender, second, connected=connected)
                    if second % WRITEBACK_S == 0:
                        write_back(directory)
                outbox.append(readings)
                count += len(readings)
            in_blocks = count - outbox.pending
            return Cost(wire / count, (outbox.size_bytes - size) / in_blocks, (written() - begun) / count)


def turn(outbox: Outbox, sender: Sender, second: int, *, connected: bool) -> int:
    """Do what the agent does at a flush, and play a hub that takes all; return the bytes that went on the wire."""
    if not connected:
        outbox.gather()
        outbox.sync()
        return 0
    envelopes = sender.turn(float(second))
    digest = outbox.chain.hash_at(outbox.chain.last_seq)
    assert digest is not None
    sender.on_ack(Ack(outbox.chain.epoch, outbox.chain.last_seq, digest, START_MS), float(second))
    return sum(MQTT_HEAD + len(TOPIC) + len(envelope) for envelope in envelopes)


def month_mb() -> float:
    """Return the megabytes of thirty days without a line, every datastream each 10 s: a day's, times thirty."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        identity = Identity("gw-bench", SigningKey(bytes(range(32))), bytes(16))
        with Outbox(Path(name), identity, INVENTORY) as outbox:
            begun = outbox.size_bytes
            for second, readings in answers(DAY_S, 10):
                outbox.append(readings)
                if second % FLUSH_S == 0 and readings[0].device == INSTRUMENTS[0].device:
                    outbox.gather()
            return (outbox.size_bytes - begun) * 30 / 1e6


def json_cost(seconds: int) -> Cost:
    """Return what it costs to publish each reading as a JSON text and to keep it in a file."""
    with tempfile.NamedTemporaryFile("wb", buffering=0, dir=Path.cwd()) as kept:
        count = wire = rest = 0
        begun = written()
        for second, readings in answers(seconds):
            if readings[0].device == INSTRUMENTS[0].device and second and second % FLUSH_S == 0:
                os.fdatasync(kept.fileno())
            for reading in readings:
                text = json_text(reading)
                topic = f"v1/gateway/{reading.device}/telemetry"
                wire += MQTT_HEAD + len(topic) + len(text)
                rest += kept.write(text + b"\n")
                count += 1
        return Cost(wire / count, rest / count, (written() - begun) / count)


def json_text(reading: Reading) -> bytes:
    """Return a reading as a text that tells all that a batch tells."""
    said = {
        "device": reading.device,
        "property": reading.property,
        "time": START_MS + reading.monotonic_ms,
        "value": reading.value,
        "flag": int(reading.flag),
    }
    return json.dumps(said, separators=(",", ":")).encode()


def main() -> None:
    """Print a line for each way."""
    print(f"{'bytes per reading':<42}{'on the wire':>12}{'at rest':>10}{'written':>10}")
    for name, cost in (
        ("outbox, line up", outbox_cost(SECONDS, connected=True)),
        ("outbox, line down", outbox_cost(SECONDS, connected=False)),
        ("one JSON text per reading", json_cost(SECONDS)),
    ):
        print(f"{name:<42}{cost.wire:>12.2f}{cost.rest:>10.2f}{cost.written:>10.1f}")
    print(f"thirty days without a line, twenty datastreams each 10 s: {month_mb():.1f} MB of 256")


if __name__ == "__main__":
    main()
