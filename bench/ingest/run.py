"""What one hub can take in: envelopes verified, decoded, journalled and on disk, for several sizes of group.

Run: python bench ingest
"""

import tempfile
import time
from pathlib import Path

import numpy as np
from nacl.signing import SigningKey

from hub.ingest.intake import Arrival, Intake
from hub.ingest.journal import Draft, Journal
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

READINGS = 100
T0 = 1_380_844_800_000


def arrivals(count: int) -> list[Arrival]:
    """Return a catalogue and `count` batches of one gateway, each of READINGS readings."""
    key, previous, made = SigningKey(bytes(32)), NO_HASH, []
    station = CatalogueStation("s", "micro_station", "站", 116.5, 39.8)
    listed = (CatalogueDatastream(0, "d", "pm10", "ug/m3", 60.0),)
    bodies = [
        encode_body(CatalogueBody(bytes(16), 0, "bench", (station,), (CatalogueDevice("d", "s", "pms"),), listed))
    ]
    chance = np.random.default_rng(1)
    for number in range(1, count + 1):
        columns = Columns(
            bytes(2 * READINGS),
            (np.arange(READINGS, dtype="<u4") * 50).tobytes(),
            chance.integers(0, 500, READINGS).astype("<f8").tobytes(),
            bytes([2]) * READINGS,
        )
        bodies.append(encode_body(ReadingsBody(bytes(16), number, 0, columns)))
    for seq, body in enumerate(bodies, 1):
        kind = "readings" if seq > 1 else "catalogue"
        envelope = encode_envelope(Payload("gw", 1, seq, 1, previous, kind, T0, "ntp", body), key)
        previous = sha256(envelope)
        made.append(Arrival("batch", "gw", envelope))
    return made


def intake_rate(group: int, batches: list[Arrival]) -> float:
    """Return batches a second through the whole intake, committed `group` at a time."""
    with tempfile.TemporaryDirectory() as directory, Journal(Path(directory)) as journal:
        key = SigningKey(bytes(32)).verify_key
        intake = Intake({"gw": key}, journal, [])
        begun = time.perf_counter()
        for start in range(0, len(batches), group):
            intake.take(batches[start : start + group], T0)
        return len(batches) / (time.perf_counter() - begun)


def journal_rate(group: int, batches: list[Arrival]) -> float:
    """Return entries a second through the journal alone."""
    drafts = [Draft("batch", "gw", 1, i, batch.body, sha256(batch.body)) for i, batch in enumerate(batches)]
    with tempfile.TemporaryDirectory() as directory, Journal(Path(directory)) as journal:
        begun = time.perf_counter()
        for start in range(0, len(drafts), group):
            journal.append_many(drafts[start : start + group], T0)
        return len(drafts) / (time.perf_counter() - begun)


def main() -> None:
    """Print a line for each size of group."""
    for group, count in ((1, 1000), (16, 4000), (128, 4000), (512, 4000)):
        batches = arrivals(count)
        alone, whole = journal_rate(group, batches), intake_rate(group, batches)
        print(
            f"groups of {group:>3}: journal alone {alone:>8,.0f} batches/s; verified, decoded and journalled "
            f"{whole:>7,.0f} batches/s = {whole * READINGS:>9,.0f} readings/s, {whole / group:>6,.0f} commits/s"
        )


if __name__ == "__main__":
    main()
