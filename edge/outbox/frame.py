"""Frames: how everything stands in the outbox's files, so that a torn end and a rotten middle are told from good bytes.

    magic u16 | kind u8 | detail u8 | number u64 | length u32 | CRC-32 of the body | CRC-32 of all before | body

Numbers are little-endian. The head has a checksum of its own: where only a body is rotten, the next frame is
still found.
"""

import struct
import zlib
from collections.abc import Iterator
from enum import IntEnum
from typing import Final, NamedTuple

MAGIC: Final = 0x5142
_HEAD = struct.Struct("<HBBQII")
_CRC = struct.Struct("<I")
_BOTH = struct.Struct("<HBBQIII")
HEAD_SIZE: Final = _BOTH.size
_MARK = MAGIC.to_bytes(2, "little")


class FrameKind(IntEnum):
    """What a frame's body is, and what its number counts."""

    SNAPSHOT = 1  # all that later frames build on; number of the segment
    BLOCK = 2  # number of the block
    SEAL = 3  # seq
    ACK = 4  # seq
    EPOCH = 5  # the epoch
    CUT = 6  # first seq whose seal no longer holds
    BOOT = 7  # zero
    CATALOGUE = 9  # number of the block of which this is a second copy: without it no column can be read
    DROPPED = 10  # number of the block that was given up for want of room, and stood here
    TALLY = 11  # zero
    COVERS = 12  # number of the segment of which nothing else is left than what stands before this frame


class Frame(NamedTuple):
    """One frame as it was found.

    Attributes:
        kind: what the body is.
        detail: small print of the kind.
        number: see `FrameKind`.
        start: offset of its head in the file.
        end: offset behind its body.
        body: None when it fails its checksum.
    """

    kind: int
    detail: int
    number: int
    start: int
    end: int
    body: bytes | None


class Scan(NamedTuple):
    """What a file holds.

    Attributes:
        frames: in order; those with a sound head and a rotten body have none.
        end: offset behind the last frame; what follows is torn.
        damaged: whether bytes between two frames are no frame.
    """

    frames: list[Frame]
    end: int
    damaged: bool


def encode_frame(kind: FrameKind, number: int, body: bytes = b"", detail: int = 0) -> bytes:
    """Return the frame's bytes."""
    head = _HEAD.pack(MAGIC, kind, detail, number, len(body), zlib.crc32(body))
    return head + _CRC.pack(zlib.crc32(head)) + body


def scan(content: bytes) -> Scan:
    """Return every frame of a file, past what is rotten between them."""
    frames: list[Frame] = []
    damaged = False
    end = 0
    for frame in _frames(content):
        damaged = damaged or frame.start != end
        end = frame.end
        frames.append(frame)
    return Scan(frames, end, damaged)


def _frames(content: bytes) -> Iterator[Frame]:
    at = 0
    while at >= 0:
        frame = _frame_at(content, at)
        if frame is None:
            at = content.find(_MARK, at + 1)
            continue
        yield frame
        at = frame.end


def _frame_at(content: bytes, at: int) -> Frame | None:
    begin = at + HEAD_SIZE
    if begin > len(content):
        return None
    magic, kind, detail, number, length, crc, head_crc = _BOTH.unpack_from(content, at)
    end = begin + length
    if magic != MAGIC or head_crc != zlib.crc32(content[at : begin - _CRC.size]) or end > len(content):
        return None
    body = content[begin:end]
    return Frame(kind, detail, number, at, end, body if zlib.crc32(body) == crc else None)
