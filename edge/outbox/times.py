"""When devices said what the outbox holds, for feeds that send again what nobody acknowledged to them."""

from collections.abc import Iterator

import msgspec

from edge.outbox.log import Log
from wire.batch import CatalogueBody, ReadingsBody, read_readings
from wire.properties import PROPERTIES

_decode_catalogue = msgspec.msgpack.Decoder(CatalogueBody).decode


def held_times(log: Log, devices: frozenset[str], newest_blocks: int) -> Iterator[tuple[str, int]]:
    """Yield (device, UTC milliseconds) of what some devices said in the newest blocks that can be dated."""
    held = log.held
    catalogue = _decode_catalogue(held.catalogue)
    streams = {
        stream.index: stream.device
        for stream in catalogue.datastreams
        if stream.device in devices and PROPERTIES[stream.property].subject != "gateway"
    }
    for block in held.blocks.last(newest_blocks):
        boot = held.boots.get(block.boot)
        body = log.read(block) if block.kind == "readings" else None
        if body is not None and boot is not None and boot.offset_ms is not None:
            yield from _times(read_readings(body), streams, boot.offset_ms)


def _times(block: ReadingsBody, streams: dict[int, str], offset_ms: int) -> Iterator[tuple[str, int]]:
    start_ms = block.origin_ms + offset_ms
    indices_ = memoryview(block.columns.stream).cast("H")
    offsets = memoryview(block.columns.offset_ms).cast("I")
    for index, offset in zip(indices_, offsets, strict=True):
        if index in streams:
            yield streams[index], start_ms + offset
