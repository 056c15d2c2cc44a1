"""What of a block is new: copies of one outbox share its blocks, and the beginning of the one that was being filled.

    the card is copied while its tail holds rows 1 and 2 of a block
    one life goes on and seals   boot, number: 1 2 3
    the other life seals         boot, number: 1 2

Rows come to every body in the order of their taking, so what two bodies of one block share is how they begin.

A gateway whose card is full thins a block that it never sealed to minute means, each of which says of how many readings
it is. Beside a body of whole readings, a thinned one is new only when it stands for more of them, and the other way
round whole readings are new from the one on for which the means no longer stand.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from hub.ingest.rows import read_rows
from wire.batch import Number, Payload

_ROW: Final = np.dtype(
    [("stream", "<u2"), ("time", "<u8"), ("value", "<u8"), ("flag", "u1"), ("longitude", "<u8"), ("latitude", "<u8")]
)
_NOWHERE: Final = np.array(np.nan).view(np.uint64)
_WRAP: Final = (1 << 64) - 1


class _Name(msgspec.Struct, frozen=True, array_like=True):
    """What `PackedReadings` and `CatalogueBody` both have."""

    boot: bytes
    number: Number


_read_name = msgspec.msgpack.Decoder(_Name).decode


class News(NamedTuple):
    """What a body brings.

    Attributes:
        fresh: whether there is anything in it that no body before it said.
        known_rows: how many of its first readings one of those said.
    """

    fresh: bool
    known_rows: int = 0


def block_of(payload: Payload) -> bytes:
    """Return by what the copies of one outbox call the block of a well-formed payload: boot and number."""
    name = _read_name(payload.body)
    return name.boot + name.number.to_bytes(8, "big")


def news(payload: Payload, takings: Sequence[Payload]) -> News:
    """Return what of a payload is new.

    Args:
        payload: readings or a catalogue.
        takings: all that brought something fresh of the same block.
    """
    if any(taken.body == payload.body for taken in takings):
        return News(fresh=False)
    readings = [taken for taken in takings if payload.kind == taken.kind == "readings"]
    if not readings:
        return News(fresh=True)
    said = _said(payload.body)
    known_rows = max(_known(said, _said(taken.body)) for taken in readings)
    return News(known_rows < said.stands_for, 0 if said.thinned else known_rows)


class _Said(NamedTuple):
    """What a body of readings says: its rows, and for how many readings of instruments they stand."""

    rows: NDArray[np.void]
    stands_for: int
    thinned: bool


def _known(said: _Said, before: _Said) -> int:
    """Return how many readings of a body another one has brought."""
    if said.thinned or before.thinned:
        return min(said.stands_for, before.stands_for)
    return _shared(said.rows, before.rows)


def _shared(rows: NDArray[np.void], others: NDArray[np.void]) -> int:
    """Return how many rows two bodies begin with alike."""
    count = min(len(rows), len(others))
    differing = np.flatnonzero(rows[:count] != others[:count])
    return int(differing[0]) if differing.size else count


def _said(body: bytes) -> _Said:
    """Return readings as records that are equal when all their bits are: whatever the other rows of their body are."""
    block, read = read_rows(body)
    rows = np.empty(block.count, _ROW)
    rows["stream"], rows["flag"] = read.stream, read.flag
    rows["time"] = read.offset_ms + np.uint64(block.origin_ms & _WRAP)
    rows["value"] = read.value.view(np.uint64)
    rows["longitude"] = _NOWHERE if read.longitude is None else read.longitude.view(np.uint64)
    rows["latitude"] = _NOWHERE if read.latitude is None else read.latitude.view(np.uint64)
    if read.merged is None:
        return _Said(rows, block.count, thinned=False)
    return _Said(rows, int(read.merged.sum(dtype=np.int64)), thinned=True)
